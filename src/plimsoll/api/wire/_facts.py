"""The object `plimsoll` in a body: what Plimsoll knows and what the companies' APIs have no place for."""

from msgspec import Struct

from plimsoll.flows.serve import AnswerDone, AnswerStarted, GuardrailNote
from plimsoll.models import Attempt, Passage, Quote


class CitationOut(Struct):
    """One exact quotation: characters `start` to `end` of `document`, on `page`."""

    marker: int
    document: str
    page: int
    start: int
    end: int
    quote: str


class PassageOut(Struct):
    """One retrieved passage, without its text."""

    id: str
    document: str
    page: int
    score: float


class GuardrailOut(Struct):
    """What a guardrail found and did."""

    stage: str
    check: str
    kind: str
    action: str
    count: int
    score: float
    """The highest of them, from 0 to 1; 0 where the check gave no answer."""
    version: str
    """Of the check."""


class AttemptOut(Struct):
    """One decision of the route."""

    target: str
    outcome: str
    why: str
    began_ms: float
    took_ms: float


class FactsOut(Struct):
    """How an answer came about. The official SDKs keep it as the extra field `plimsoll`."""

    release: str
    """Digest of the release that answered."""
    release_name: str
    trace: str
    model: str
    """The model that answered, as the route names it."""
    answered: bool | None
    """False when the documents do not say; null where nobody can tell."""
    span: str | None
    probability: float | None
    """That the passages answer, from 0 to 1; null where the model was not calibrated to say it."""
    citations: list[CitationOut]
    passages: list[PassageOut]
    cost_usd: float | None
    """Null where no price is known, which is not the same as free."""
    latency_ms: float
    cached: str
    """`exact` or `semantic` where the answer was given before; else empty."""
    guardrails: list[GuardrailOut]
    attempts: list[AttemptOut]


def facts(started: AnswerStarted, done: AnswerDone) -> FactsOut:
    """The object for one answer."""
    return FactsOut(
        release=started.release,
        release_name=started.release_name,
        trace=started.trace_id,
        model=done.target or started.model,
        answered=done.answered,
        span=done.span,
        probability=done.probability,
        citations=list(map(_citation, done.citations)),
        passages=list(map(_passage, started.passages)),
        cost_usd=done.usage.cost_usd,
        latency_ms=done.latency_ms,
        cached=done.cached,
        guardrails=list(map(_guardrail, done.guardrails)),
        attempts=list(map(_attempt, done.attempts)),
    )


def _citation(quote: Quote) -> CitationOut:
    return CitationOut(quote.marker, quote.document, quote.page, quote.start, quote.end, quote.text)


def _passage(found: Passage) -> PassageOut:
    return PassageOut(found.id, found.document, found.page, found.score)


def _guardrail(note: GuardrailNote) -> GuardrailOut:
    return GuardrailOut(note.stage, note.check, note.kind, note.action, note.count, note.score, note.version)


def _attempt(tried: Attempt) -> AttemptOut:
    return AttemptOut(tried.target, tried.outcome, tried.why, tried.began_ms, tried.took_ms)
