"""Where heavy stages run: local processes now."""

from ._local import Done, Failed, Outcome, map_isolated

__all__ = ["Done", "Failed", "Outcome", "map_isolated"]
