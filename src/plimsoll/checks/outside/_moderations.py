"""The check `openai_moderation`: a server's `/v1/moderations`, as OpenAI has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec

from plimsoll.kernel.digest import Json

from .._types import Context, Found
from ._errors import NoVerdictError
from ._options import Options
from ._service import decoded
from ._texts import checked_length, pieces_of
from ._types import Deadline, Outside, OutsideCheck, Post

_VERSION: Final = "moderations-1"
_KNOWN: Final = (
    *("route", "base_url", "model", "api_key", "allow_http", "private_addresses"),
    *("most_characters", "by_sentence"),
)
_NAME: Final = "openai_moderation"
_USUAL_URL: Final = "https://api.openai.com/v1"
_USUAL_KEY: Final = "${env:OPENAI_API_KEY}"
_USUAL_MODEL: Final = "omni-moderation-latest"
OTHER: Final = "other"
"""Of a text that the server flags for a category that was not known when this was written."""
CATEGORIES: Final = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent"),
    *("self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors"),
    *("violence", "violence/graphic"),
)
KINDS: Final = (*CATEGORIES, OTHER)
_PIECE: Final = 2000
"""Characters. The provider's guide recommends shorter texts than that, because long ones are judged less well."""
_PIECES: Final = 32
"""In one call."""
_MOST_CHARACTERS: Final = 100_000
_MOST_BYTES: Final = 1_000_000
_LEAST_SCORE: Final = 1e-6

_Score = Annotated[float, msgspec.Meta(ge=0, le=1)]


class _Result(msgspec.Struct, frozen=True):
    flagged: bool
    categories: dict[str, bool | None]
    category_scores: dict[str, _Score | None]


class _Results(msgspec.Struct, frozen=True):
    results: list[_Result]


@dataclass(frozen=True, slots=True)
class _Service:
    """Which server is asked, and what counts."""

    route: str | None
    url: str
    api_key: str
    model: str
    private_addresses: bool
    kinds: tuple[str, ...]
    asked_for: tuple[str, ...]
    """The kinds that the policy names itself: a server that knows nothing of them gives no verdict."""
    by_score: bool
    most_characters: int
    timeout_s: float


def openai_moderation(rule: Mapping[str, Json], outside: Outside | None) -> OutsideCheck:
    """Asks a server's moderation; options: docs/reference/checks-outside.md. Raises CheckOptionsError."""
    options = Options(_NAME, rule, _KNOWN)
    unknown = [kind for kind in options.kinds if kind not in KINDS]
    if unknown:
        raise options.wrong(f"it finds no {unknown[0]!r}", f"kinds: {', '.join(KINDS)}")
    service = _Service(
        route=options.optional_text("route", "write `route: NAME`, a route of the project"),
        url=options.address("base_url", _USUAL_URL).rstrip("/"),
        api_key=_key(options),
        model=options.text("model", "write `model: omni-moderation-latest`", _USUAL_MODEL),
        private_addresses=options.flag("private_addresses"),
        kinds=options.kinds or KINDS,
        asked_for=options.kinds,
        by_score=options.has_threshold,
        most_characters=options.whole("most_characters", _MOST_CHARACTERS, least=100, most=1_000_000),
        timeout_s=options.timeout_s,
    )
    if service.route is not None and {"base_url", "api_key"} & set(options.given):
        raise options.wrong("a route says the address and the key itself", "take `base_url` and `api_key` away")
    facts: list[Json] = [_VERSION, service.route, service.url, service.model]
    if outside is not None and service.route is not None:
        facts.append(outside.route_version(service.route))
    look = None if outside is None else _Asker(service, outside).look
    version = options.version(facts)
    return OutsideCheck(_NAME, service.kinds, look, version=version, by_sentence=options.flag("by_sentence"))


class _Asker:
    def __init__(self, service: _Service, outside: Outside) -> None:
        self._service = service
        self._outside = outside

    def look(self, text: str, context: Context) -> Sequence[Found]:  # noqa: ARG002  # the server takes nothing but text
        """What is flagged, piece by piece. Raises NoVerdictError, TextTooLongError and what asking raises."""
        service = self._service
        pieces = list(pieces_of(checked_length(_NAME, text, service.most_characters), _PIECE))
        deadline = Deadline(_NAME, service.timeout_s)
        found: list[Found] = []
        for first in range(0, len(pieces), _PIECES):
            batch = pieces[first : first + _PIECES]
            results = self._results([piece for _, piece in batch], deadline.left_s())
            for (start, piece), result in zip(batch, results, strict=True):
                found += self._found(result, start, start + len(piece))
        return found

    def _results(self, texts: Sequence[str], timeout_s: float) -> Sequence[_Result]:
        service = self._service
        url, key = self._address()
        body: dict[str, Any] = {"model": service.model, "input": texts}
        reply = self._outside.post(
            Post(
                _NAME,
                f"{url}/moderations",
                msgspec.json.encode(body),
                headers=(("authorization", f"Bearer {key}"),) if key else (),
                timeout_s=timeout_s,
                most_bytes=_MOST_BYTES,
                # A route may lead anywhere: whoever wrote it said so.
                private_addresses=service.private_addresses or service.route is not None,
            )
        )
        results: Sequence[_Result] = decoded(_NAME, reply, _Results).results
        if len(results) != len(texts):
            raise NoVerdictError(_NAME, f"the server gave {len(results)} results for {len(texts)} texts")
        return results

    def _address(self) -> tuple[str, str]:
        service = self._service
        if service.route is None:
            return service.url, self._outside.secret(service.api_key, where=f"the check {_NAME}")
        server = self._outside.server(service.route)
        return (server.base_url or _USUAL_URL).rstrip("/"), server.api_key or ""

    def _found(self, result: _Result, start: int, end: int) -> Sequence[Found]:
        """What counts of one piece: what the server flags, or, where the policy has a threshold, every score."""
        service = self._service
        judged = set(CATEGORIES) & set(result.categories) & set(result.category_scores)
        missing = sorted((set(service.asked_for) - {OTHER}) - judged)
        if missing or not judged:
            raise NoVerdictError(_NAME, f"the server says nothing of {missing[0] if missing else 'any known category'}")
        flagged = {name for name, is_so in result.categories.items() if is_so}
        found = {}
        for kind in service.kinds:
            score = result.category_scores.get(kind) or 0.0
            if kind in flagged or (service.by_score and score > 0):
                found[kind] = max(score, _LEAST_SCORE)
        if OTHER in service.kinds and (flagged - set(CATEGORIES) or (result.flagged and not flagged)):
            found[OTHER] = 1.0
        return [Found(start, end, kind, score) for kind, score in found.items()]


def _key(options: Options) -> str:
    if "api_key" in options.given and options.given["api_key"] is None:
        return ""
    key = options.text("api_key", f'write `api_key: "{_USUAL_KEY}"`', _USUAL_KEY)
    if not key.startswith("${env:"):
        raise options.wrong("`api_key` must not stand in a file", f'write `api_key: "{_USUAL_KEY}"`')
    return key
