"""Models that are asked for a request beside its own: what it retrieves by, and what its checks ask, at its cost.

How money is reserved and settled stands in the room above.
"""

from ._checks import CheckPayer, payer_for
from ._model import PaidModel

__all__ = ["CheckPayer", "PaidModel", "payer_for"]
