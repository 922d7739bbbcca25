"""What all wire formats share: reading JSON from strangers, server-sent events, and the facts that Plimsoll adds.

How one API looks is in the rooms beside this one (`openai`, `anthropic`, `own`); nothing here knows them.
"""

from ._events import event, json_bytes
from ._facts import FactsOut, facts
from ._fields import as_type
from ._json import read_object
from ._operation import CALL, ENVIRONMENT, Operation, Parameter

__all__ = [
    "CALL",
    "ENVIRONMENT",
    "FactsOut",
    "Operation",
    "Parameter",
    "as_type",
    "event",
    "facts",
    "json_bytes",
    "read_object",
]
