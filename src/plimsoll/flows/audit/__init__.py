"""The audit log for those who check it: everything held against everything here, and a file for outsiders."""

from ._export import export
from ._types import Audited, AuditParts
from ._verify import kept_checkpoints, prove, verify, verify_export

__all__ = ["AuditParts", "Audited", "export", "kept_checkpoints", "prove", "verify", "verify_export"]
