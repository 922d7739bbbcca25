"""The composition root: the only place where concrete parts are chosen and joined."""

from ._platform import AppTakenError, Platform, open_platform
from ._stores import Stores

__all__ = ["AppTakenError", "Platform", "Stores", "open_platform"]
