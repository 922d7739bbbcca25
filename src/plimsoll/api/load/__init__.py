"""How much one process takes on at a time, and who goes first when that is not enough.

The rules are about this process and its event loop; what a caller may spend is in `plimsoll.access.limits`.
"""

from ._bodies import Bodies, Held
from ._errors import OverloadedError
from ._gate import LoadGate, LoadSettings, Permit

__all__ = ["Bodies", "Held", "LoadGate", "LoadSettings", "OverloadedError", "Permit"]
