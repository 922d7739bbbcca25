"""Yes, no or maybe: what the findings of a study say to a question that can be answered so."""

from ._verdict import VERDICTS, Decided, Verdict, decide, verdict_features

__all__ = ["VERDICTS", "Decided", "Verdict", "decide", "verdict_features"]
