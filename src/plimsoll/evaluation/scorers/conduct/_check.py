"""Does a check of the guardrails find something in the answer? Any of them, by its name."""

from typing import Any, Final

from .._entries import ScorerEntry
from .._errors import ScorerOptionsError
from .._types import SlowScorer
from ..options import Options, group, text, texts
from ._checked import check_maker, check_scorer


def _make(name: str, options: Options) -> SlowScorer:
    _refuse_outside(name, options["check"])
    rule: dict[str, Any] = {key: options[key] for key in ("pattern", "options") if options[key]}
    rule |= {key: list(options[key]) for key in ("kinds", "words") if options[key]}
    return check_scorer(
        name,
        check_maker(options["check"], name, {"name": name, **rule}),
        instructions=options["instructions"],
    )


def _refuse_outside(name: str, check: str) -> None:
    """Checks that ask somebody else have nobody to ask here. Raises ScorerOptionsError."""
    from plimsoll.checks.outside import FACTORIES

    if check in FACTORIES:
        what = f"the check `{check}` asks somebody else, and scorers ask nobody"
        raise ScorerOptionsError(name, what, "name a check that runs here, or use a judge")


CHECK: Final = ScorerEntry(
    "check",
    "1 when a check of the guardrails finds something in the answer, and less is better; applies to every row.",
    _make,
    (
        text("check", "links", required=True),
        texts("kinds", "[exfiltration]"),
        group("options", "{hosts: [example.org]}"),
        texts("words", "[zeus]"),
        text("pattern", "'(?i)project\\s+atlas'"),
        text("instructions", "You are a guide of the port."),
    ),
)
