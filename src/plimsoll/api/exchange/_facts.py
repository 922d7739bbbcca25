"""What the headers of an answer tell beyond its body."""

import re
from functools import lru_cache

from plimsoll.flows.serve import AnswerDone, AnswerStarted, GuardrailNote, LimitState

Header = tuple[bytes, bytes]

_MS_PER_S = 1000
_S_PER_MINUTE = 60
_NO_TOKEN = re.compile(r"[^\w.+-]", re.ASCII)


def started_headers(started: AnswerStarted) -> list[Header]:
    """What is known as soon as the answer begins."""
    trace = started.trace_id.encode()
    headers = [
        (b"x-request-id", trace),
        (b"x-plimsoll-trace", trace),
        *_release_headers(started.release, started.release_name),
    ]
    for what, state in ((b"requests", started.requests), (b"tokens", started.tokens)):
        if state is not None:
            headers += limit_headers(what, state)
    return headers


@lru_cache(maxsize=64)
def _release_headers(release: str, name: str) -> tuple[Header, Header]:
    return (b"x-plimsoll-release", release.encode()), (b"x-plimsoll-release-name", name.encode())


def done_headers(done: AnswerDone, elapsed_ms: float) -> list[Header]:
    """What is known when the answer is complete. The cost only if it is known: an unknown price is not zero."""
    headers = [
        (b"openai-processing-ms", b"%.0f" % elapsed_ms),
        (b"x-plimsoll-overhead-ms", b"%.2f" % max(0.0, elapsed_ms - done.model_ms)),
        (b"x-plimsoll-model", done.target.encode("ascii", "replace")),
    ]
    if done.usage.cost_usd is not None:
        headers.append((b"x-plimsoll-cost-usd", f"{done.usage.cost_usd:.12f}".rstrip("0").rstrip(".").encode()))
    if done.cached:
        headers.append((b"x-plimsoll-cached", done.cached.encode()))
    if done.guardrails:
        headers.append((b"x-plimsoll-guardrails", ", ".join(map(_note, done.guardrails)).encode("ascii", "replace")))
    return headers


def limit_headers(what: bytes, state: LimitState) -> list[Header]:
    """OpenAI's three headers for one kind of limit."""
    return [
        (b"x-ratelimit-limit-" + what, b"%d" % state.limit),
        (b"x-ratelimit-remaining-" + what, b"%d" % state.remaining),
        (b"x-ratelimit-reset-" + what, duration(state.reset_s).encode()),
    ]


def duration(seconds: float) -> str:
    """A time as OpenAI writes it in headers: `12ms`, `1s`, `6m0s`."""
    if seconds < 1:
        return f"{max(0, round(seconds * _MS_PER_S))}ms"
    whole = round(seconds)
    return f"{whole}s" if whole < _S_PER_MINUTE else f"{whole // _S_PER_MINUTE}m{whole % _S_PER_MINUTE}s"


def _note(note: GuardrailNote) -> str:
    count = f"*{note.count}" if note.count > 1 else ""
    version = _NO_TOKEN.sub("_", note.version)
    return f"{note.stage}:{note.check}/{note.kind}={note.action}{count};score={note.score:.2g};version={version}"
