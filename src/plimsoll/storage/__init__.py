"""Where things are kept: databases with their migrations, and content-addressed blobs.

Only stores (`_store.py` of a room) and the composition root come here; what the records mean is known by their rooms.
The schemas are in `plimsoll.storage.migrations`.
"""

from ._blobs import BlobFolder, Blobs
from ._database import Database, conflict_insert
from ._errors import StorageFullError

__all__ = ["BlobFolder", "Blobs", "Database", "StorageFullError", "conflict_insert"]
