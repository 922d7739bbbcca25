"""Whether the embedders behind what is live still are those that made its indexes; asked at start and on schedule.

A server may put another model behind a name at any moment, and then questions no longer fit to the vectors of an index.
Nothing is stopped by that here: who operates the installation is told, and a build stops by itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, cast

from msgspec import MsgspecError, json

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import PlimsollError
from plimsoll.models import Embedder
from plimsoll.models.embedders import Canary, CanaryReport, take_canary
from plimsoll.registry import Registry
from plimsoll.releases import Releases
from plimsoll.releases.environments import Environments

from ..build.canary import Canaries, EmbedderCheck, judged, report_on

_STAGE: Final = "embedder checks"
"""Under which the cache of this machine has what was found last: it is for showing, and may be lost."""
_FROM_WORST: Final = ("changed", "not checked", "same")
_NOT_YET: Final = "neither a server nor a worker of this machine asked it since it went live"
_OTHER: Final = "put the old model back, or build the index again with the new one and ship it"


@dataclass(frozen=True, slots=True)
class LiveIndex:
    """An index that answers, or shares traffic."""

    knowledge: str
    index: Digest
    settings: Digest
    """The version of the knowledge base's settings."""


@dataclass(frozen=True, slots=True)
class EmbedderChecks:
    """What was found of every index that was live then."""

    live: tuple[Digest, ...]
    """Those indexes, sorted."""
    checks: tuple[EmbedderCheck, ...]
    checked_at: datetime = field(default_factory=utc_now)

    @property
    def findings(self) -> tuple[EmbedderCheck, ...]:
        """Those that changed."""
        return tuple(check for check in self.checks if check.verdict == "changed")

    @property
    def is_complete(self) -> bool:
        """Whether every one of them could be checked."""
        return all(check.verdict != "not checked" for check in self.checks)


@dataclass(frozen=True, slots=True)
class EmbedderWatch:
    """What asking the embedders of an application needs."""

    app: str
    registry: Registry
    releases: Releases
    environments: Environments
    canaries: Canaries
    make_embedder: Callable[[Mapping[str, Any]], Embedder]

    def live(self) -> tuple[LiveIndex, ...]:
        """Every index that is live or shares traffic in any environment. Raises what reading records raises."""
        places = self.environments.environments(self.app)
        digests = {digest for place in places for digest in (place.live, place.candidate) if digest}
        found = {index for digest in digests for index in _indexes(self.releases.manifest(digest).artifacts)}
        return tuple(sorted(found, key=lambda one: (one.knowledge, one.index)))

    def last(self) -> EmbedderChecks | None:
        """What was found last on this machine, by whichever process."""
        kept = self.canaries.cache.get(_STAGE, [self.app]).get(self.app)
        with suppress(MsgspecError):  # of another version of Plimsoll
            return None if kept is None else json.decode(kept, type=EmbedderChecks)
        return None

    def current(self) -> tuple[EmbedderCheck, ...]:
        """What is known of every index that is live now. Raises what reading records raises."""
        last = self.last()
        known = {check.index: check for check in last.checks} if last else {}
        return tuple(
            known.get(one.index) or EmbedderCheck(one.knowledge, "", "not checked", why=_NOT_YET, index=one.index)
            for one in self.live()
        )

    def check(self) -> EmbedderChecks:
        """Ask every embedder once, write down what is news, and remember what was found.

        What goes wrong with an embedder is in its check. Raises what reading and writing records raises.
        """
        live = self.live()
        asked = _Asked()
        checks = tuple(self._check(index, asked) for index in live)
        found = EmbedderChecks(tuple(sorted({index.index for index in live})), checks)
        self.canaries.cache.put(_STAGE, {self.app: json.encode(found)})
        for check in _worst(checks):
            self.canaries.tell(self.app, check)
        return found

    def _check(self, index: LiveIndex, asked: "_Asked") -> EmbedderCheck:
        check = EmbedderCheck(index.knowledge, "", "not checked", index=index.index)
        try:
            settings = cast("dict[str, Any]", self.registry.content(index.settings))["embed"]
            content = cast("dict[str, Any]", self.registry.content(index.index))
            check = replace(check, embedder=settings["model"], fingerprint=content["embedder"])
            embedder = self.make_embedder(settings)
            if embedder.fingerprint != check.fingerprint:
                why = f"the index was built with {check.fingerprint}, and {embedder.name} is {embedder.fingerprint} now"
                return replace(check, verdict="changed", why=why, hint=_OTHER)
            if not content.get("canary"):
                return replace(check, why="its index has no probe vectors", hint="build and ship it once more")
            before = Canary.from_bytes(self.canaries.read_blob(content["canary"]))
        except PlimsollError as error:
            return replace(check, why=error.message, hint=error.hint)
        said = judged(check.knowledge, check.embedder, check.fingerprint, lambda: asked.compare(embedder, before))
        return replace(said, index=index.index)


def _worst(checks: Iterable[EmbedderCheck]) -> Iterable[EmbedderCheck]:
    """One check for each embedder of a knowledge base: of several indexes that have it, that which is worst off."""
    worst: dict[tuple[str, str], EmbedderCheck] = {}
    for check in sorted(checks, key=lambda one: _FROM_WORST.index(one.verdict)):
        worst.setdefault((check.knowledge, check.fingerprint), check)
    return worst.values()


class _Asked:
    """Embeds the probes once for all the indexes of an embedder."""

    def __init__(self) -> None:
        self._said: list[tuple[Embedder, Canary | PlimsollError]] = []

    def compare(self, embedder: Embedder, before: Canary) -> CanaryReport:
        """Raises what embedding raises."""
        # Not by fingerprint: the address of its server is no part of that, and two servers may have other models.
        now = next((said for one, said in self._said if one is embedder), None) or self._ask(embedder)
        if isinstance(now, PlimsollError):
            raise now
        return report_on(embedder, [before], now)

    def _ask(self, embedder: Embedder) -> Canary | PlimsollError:
        now: Canary | PlimsollError
        try:
            now = take_canary(embedder)
        except PlimsollError as error:
            now = error
        self._said.append((embedder, now))
        return now


def _indexes(artifacts: Mapping[str, Digest]) -> Iterator[LiveIndex]:
    for key, digest in artifacts.items():
        kind, _, name = key.partition(":")
        settings = artifacts.get(f"knowledge:{name}")
        if kind == "index" and settings:
            yield LiveIndex(name, digest, settings)
