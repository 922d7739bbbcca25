"""Documents that are nearly the same: another draft, another scan, a page with another date.

Here: a short signature of a text, and which of many texts are near-duplicates of an earlier one. Not here: what is done
about them (the flows).
"""

from ._find import NEAR, Twin, near_duplicates
from ._signature import signature

__all__ = ["NEAR", "Twin", "near_duplicates", "signature"]
