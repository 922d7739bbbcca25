"""What a release is made of and where it comes from, in the words of standards that other tools read.

A bill of materials (CycloneDX 1.6) and a provenance statement (in-toto Statement v1 with SLSA Provenance v1). Both say
only what the records say; what is not known is left out.
"""

from ._attestation import PAYLOAD_TYPE, Statement, StatementInvalidError, provenance_statement, read_statement
from ._bom import ml_bom
from ._types import Built, ReleaseFacts

__all__ = [
    "PAYLOAD_TYPE",
    "Built",
    "ReleaseFacts",
    "Statement",
    "StatementInvalidError",
    "ml_bom",
    "provenance_statement",
    "read_statement",
]
