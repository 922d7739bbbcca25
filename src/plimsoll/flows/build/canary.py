"""The canary of knowledge bases: whether an embedder still is the one that made the vectors, and who is told if not.

Probe vectors are kept twice. They are a blob that the content of each index version names, so that they stay, travel
and are restored with it; and they stand beside the vectors that the cache remembers, for a build that broke off before
its first version. Neither is ever replaced by newer ones of the same fingerprint: many small steps are no way round.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal, cast

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import Digest, Json
from plimsoll.kernel.errors import IntegrityError, NotFoundError, PlimsollError
from plimsoll.ledger import Act, By, Entry, Ledger
from plimsoll.models import Embedder
from plimsoll.models.embedders import (
    Canary,
    CanaryReport,
    EmbedderChangedError,
    VectorsWrongError,
    canary_key,
    compare,
    require_unchanged,
    steadiness_of,
)
from plimsoll.pipelines import StageCache
from plimsoll.registry import Registry

STAGE: Final = "canary"
"""Under which the cache has probe vectors."""
RAISED: Final = "finding.raise"
SETTLED: Final = "finding.settle"
_NEWEST: Final = 20
"""Index versions that are looked through for probe vectors of an embedder."""
_FINDINGS: Final = 200

Verdict = Literal["same", "changed", "not checked"]


@dataclass(frozen=True, slots=True)
class EmbedderCheck:
    """Whether the embedder of a knowledge base is what it was. `changed` is a finding; `not checked` is not `same`."""

    knowledge: str
    embedder: str
    verdict: Verdict
    fingerprint: str = ""
    why: str = ""
    """One sentence; empty for `same`."""
    hint: str = ""
    probes: int = 0
    changed: int = 0
    """How many of the probes have another vector."""
    worst_cosine: float | None = None
    """None where nothing could be compared."""
    index: Digest = ""
    """The index version that was asked about; empty where a build asked."""
    checked_at: datetime = field(default_factory=utc_now)


def judged(knowledge: str, embedder: str, fingerprint: str, report: Callable[[], CanaryReport]) -> EmbedderCheck:
    """What a comparison says, its errors included: vectors that are none are a change, a server that is gone is not."""
    check = EmbedderCheck(knowledge, embedder, "not checked", fingerprint)
    try:
        found = report()
        check = replace(
            check, probes=found.probes, changed=len(found.changed), worst_cosine=round(found.worst_cosine, 6)
        )
        require_unchanged(found)
    except (EmbedderChangedError, VectorsWrongError) as error:
        return replace(check, verdict="changed", why=error.message, hint=error.hint)
    except PlimsollError as error:
        return replace(check, why=error.message, hint=error.hint)
    return replace(check, verdict="same")


def report_on(embedder: Embedder, before: Sequence[Canary], now: Canary) -> CanaryReport:
    """How far an embedder is from what it was; of several earlier canaries the furthest counts."""
    tolerance = steadiness_of(embedder)
    reports = [compare(embedder.name, one, now, tolerance=tolerance) for one in before]
    return min(reports, key=lambda one: one.worst_cosine, default=compare(embedder.name, now, now))


@dataclass(frozen=True, slots=True)
class FindingLog:
    """Writes into the audit log when an embedder is not what it was, and when it is again; each once."""

    ledger: Ledger
    by: By

    def tell(self, app: str, check: EmbedderCheck) -> None:
        """Write down what is news. Raises what writing raises."""
        stands = self._stands(app, check)
        if check.verdict == "changed" and not stands:
            facts: dict[str, Json] = {"changed": check.changed, "probes": check.probes}
            self._record(RAISED, app, check, {**facts, "worst_cosine": check.worst_cosine})
        elif check.verdict == "same" and stands:
            self._record(SETTLED, app, check, {"worst_cosine": check.worst_cosine})

    def _record(self, act: str, app: str, check: EmbedderCheck, facts: dict[str, Json]) -> None:
        said: dict[str, Json] = {"finding": "embedder changed", "knowledge": check.knowledge, **facts}
        named: dict[str, Json] = {"embedder": check.embedder, "fingerprint": check.fingerprint}
        self.ledger.record([Act(act, app, self.by, {**said, **named})])

    def _stands(self, app: str, check: EmbedderCheck) -> bool:
        """Whether the finding was raised and not settled."""
        raised, settled = (self._newest(act, app, check) for act in (RAISED, SETTLED))
        return raised > settled

    def _newest(self, act: str, app: str, check: EmbedderCheck) -> int:
        """The number of the newest such entry; -1 for none."""
        entries = self.ledger.latest(_FINDINGS, act=act, app=app)
        return max((entry.sequence for entry in entries if _is_of(entry, check)), default=-1)


def _is_of(entry: Entry, check: EmbedderCheck) -> bool:
    facts = entry.facts
    return (facts.get("knowledge"), facts.get("fingerprint")) == (check.knowledge, check.fingerprint)


@dataclass(frozen=True, slots=True)
class Canaries:
    """Where probe vectors are kept, of one knowledge base once it is named."""

    registry: Registry
    cache: StageCache
    read_blob: Callable[[Digest], bytes]
    write_blob: Callable[[bytes], Digest]
    tell: Callable[[str, EmbedderCheck], None]
    """Told the application and every check that found a change, or found none."""
    app: str = ""
    knowledge: str = ""

    def of(self, app: str, knowledge: str) -> "Canaries":
        """Those of a knowledge base."""
        return replace(self, app=app, knowledge=knowledge)

    def before(self, embedder: Embedder) -> list[Canary]:
        """What an embedder gave before, as far as it is kept: first what the cache has, then what its newest index has.

        Raises CanaryFormatError.
        """
        key = canary_key(embedder)
        kept = self.cache.get(STAGE, [key]).get(key)
        published = self._published(embedder.fingerprint)
        return [Canary.from_bytes(raw) for raw in (kept, published) if raw is not None]

    def keep(self, embedder: Embedder, canary: Canary) -> None:
        """Keep probe vectors beside those that the cache remembers, if there are none."""
        key = canary_key(embedder)
        if not self.cache.get(STAGE, [key]):
            self.cache.put(STAGE, {key: canary.to_bytes()})

    def _published(self, fingerprint: str) -> bytes | None:
        """Those of the newest index version of this embedder."""
        for version in self.registry.versions(self.app, kind="index", name=self.knowledge, limit=_NEWEST):
            # A version whose content is damaged or gone is told of by `plimsoll audit verify`.
            with suppress(IntegrityError, NotFoundError):
                content = cast("dict[str, Any]", self.registry.content(version.digest))
                if content.get("embedder") == fingerprint and content.get("canary"):
                    return self.read_blob(content["canary"])
        return None
