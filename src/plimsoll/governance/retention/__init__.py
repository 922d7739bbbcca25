"""What may be forgotten: what is kept, the plan of a collection, and what erasures destroyed.

Nothing is removed here: `plimsoll.flows` does that.
"""

from ._inventory import KeptBlobs, Stores, pointers_in_use, read_references, take_inventory
from ._plan import (
    Collection,
    HeldVersion,
    Inventory,
    Pointer,
    Retention,
    addresses_in,
    erased_blobs,
    plan_collection,
    reachable,
)

__all__ = [
    "Collection",
    "HeldVersion",
    "Inventory",
    "KeptBlobs",
    "Pointer",
    "Retention",
    "Stores",
    "addresses_in",
    "erased_blobs",
    "plan_collection",
    "pointers_in_use",
    "reachable",
    "read_references",
    "take_inventory",
]
