"""Whether everything that is kept is what was written down.

Every row is held against its ledger entry, every blob against its digest, every seal against its commitment. The tree
and its checkpoints are checked by `plimsoll.ledger.verifier`; this is about what hangs on the tree.
"""

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from msgspec import MsgspecError, convert

from plimsoll.kernel.digest import Digest, Json
from plimsoll.kernel.errors import IntegrityError
from plimsoll.ledger import Claim, Entry, Ledger, Sealed

from .retention import erased_blobs

ROWED = frozenset(
    {
        "version.publish",
        "lineage.add",
        "label.move",
        "gate.judge",
        "release.freeze",
        "release.import",
        "review.approve",
        "review.refuse",
        "review.withdraw",
        "environment.ship",
        "environment.rollback",
        "environment.split",
        "environment.unsplit",
    }
)
"""Acts of which each has a row, for as long as nobody collected it."""

_PER_BATCH = 500
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written down."""

    place: str
    what: str


@dataclass(frozen=True, slots=True)
class CheckParts:
    """Where everything is kept."""

    ledger: Ledger
    claims: Sequence[Callable[[], Iterator[Claim]]]
    """The rows of each table, in the order of the ledger."""
    strays: Sequence[Callable[[], Iterator[str]]]
    """Pointers that are not where their last move put them, as sentences."""
    blobs_named: Callable[[], Iterable[tuple[str, Digest]]]
    """Every blob that a record refers to, and by what."""
    check_blob: Callable[[Digest], None]
    """Raises IntegrityError."""
    on_progress: Callable[[str, int, int], None]


@dataclass(slots=True)
class Checked:
    """What a check found."""

    entries: int = 0
    rows: int = 0
    blobs: int = 0
    erased_blobs: int = 0
    sealed: int = 0
    erased_payloads: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def check_records(parts: CheckParts) -> Checked:
    """Hold everything against the ledger. Memory does not grow with the records, but for the list of what is wrong."""
    checked = Checked()
    _go_on(checked, "records", lambda: _check_rows(parts, checked))
    _go_on(checked, "contents", lambda: _check_blobs(parts, checked))
    for strays in parts.strays:
        _go_on(checked, "pointers", lambda: _check_strays(strays, checked))  # noqa: B023  # called at once
    return checked


def _go_on(checked: Checked, place: str, check: Callable[[], None]) -> None:
    """Make one check. What is damaged may break whatever reads it: that is a finding too, and the others go on."""
    try:
        check()
    except (IntegrityError, MsgspecError, ValueError, LookupError, TypeError) as error:
        checked.findings.append(Finding(place, f"something is damaged so that this check had to end: {error}"))


def _check_strays(strays: Callable[[], Iterator[str]], checked: Checked) -> None:
    for sentence in strays():
        checked.findings.append(Finding("pointers", sentence))


def _check_rows(parts: CheckParts, checked: Checked) -> None:
    missing: list[Entry] = []
    claims = heapq.merge(*(source() for source in parts.claims), key=lambda claim: claim.sequence)
    total = parts.ledger.size()
    erased = {str(entry.facts.get("subject")) for entry in parts.ledger.entries(act="subject.erase")}
    claim = next(claims, None)
    batch: list[Entry] = []
    for entry in parts.ledger.entries(0, total):
        while claim is not None and claim.sequence < entry.sequence:
            checked.findings.append(_without_entry(claim))
            claim = next(claims, None)
        found = False
        while claim is not None and claim.sequence == entry.sequence:
            found = True
            checked.rows += 1
            checked.findings += _differences(claim, entry)
            claim = next(claims, None)
        if not found and entry.act in ROWED:
            missing.append(entry)
        checked.entries += 1
        batch.append(entry)
        if len(batch) == _PER_BATCH:
            _check_seals(parts.ledger, batch, erased, checked)
            parts.on_progress("records", checked.entries, total)
            batch = []
    _check_seals(parts.ledger, batch, erased, checked)
    rest = chain([] if claim is None else [claim], claims)
    checked.findings += _beyond(rest, parts.ledger)
    # Read after the rows, so that nothing that is collected meanwhile looks lost.
    checked.findings += _lost(missing, parts.ledger)
    parts.on_progress("records", checked.entries, total)


def _beyond(claims: Iterable[Claim], ledger: Ledger) -> Iterator[Finding]:
    """Rows whose entry would come after the last one; those that were written during the check have theirs by now."""
    for claim in claims:
        if claim.sequence >= ledger.size():
            yield _without_entry(claim)


def _lost(missing: Sequence[Entry], ledger: Ledger) -> Iterator[Finding]:
    collected = _collected(ledger) if missing else {}
    for entry in missing:
        if not _was_collected(entry, collected):
            yield Finding(f"entry {entry.sequence}", f"the row of its {entry.act} is missing")


def _without_entry(claim: Claim) -> Finding:
    return Finding(claim.place, f"there is no entry {claim.sequence} for it in the ledger")


def _differences(claim: Claim, entry: Entry) -> list[Finding]:
    return [
        Finding(claim.place, f"its {name} is {_shown(row)}, and entry {entry.sequence} says {_shown(said)}")
        for name, row, said in claim.differences(entry)
    ]


def _check_seals(ledger: Ledger, entries: Sequence[Entry], erased: Collection[str], checked: Checked) -> None:
    """Hold what is sealed against the commitments of the entries."""
    if not entries:
        return
    sealed = {seal.sequence: seal for seal in ledger.seals(entries[0].sequence, entries[-1].sequence + 1)}
    for entry in entries:
        seal = sealed.pop(entry.sequence, None)
        problem = _seal_problem(entry, seal, erased)
        if problem:
            checked.findings.append(Finding(f"entry {entry.sequence}", problem))
        if entry.sealed is not None:
            checked.sealed += 1
            checked.erased_payloads += not problem and (seal is None or seal.opening is None)
    checked.findings += [
        Finding(f"entry {sequence}", "it is not there, but sealed content for it is") for sequence in sealed
    ]


def _seal_problem(entry: Entry, seal: Sealed | None, erased: Collection[str]) -> str:
    """What is wrong with the sealed content of an entry; nothing where it is as it was committed to, or was erased."""
    if entry.sealed is None:
        return "" if seal is None else "it committed to no sealed content, and there is some"
    if seal is None:
        return "its sealed content is gone, and with it the row that an erasure leaves"
    # An entry is sealed for the actor, or for the one whom it makes an actor.
    if seal.subject not in {entry.actor, entry.facts.get("actor")}:
        return f"its sealed content stands under another subject, {seal.subject}"
    if seal.opening is not None and not seal.opening.fits(entry):
        return "its sealed content is not what it committed to"
    return seal.problem or _loss(seal, erased)


def _loss(seal: Sealed, erased: Collection[str]) -> str:
    """What is gone of a seal without an erasure."""
    if seal.opening is not None or seal.subject in erased:
        return ""
    lost = "its sealed content is gone" if seal.empty else "the key that opens its sealed content is gone"
    return f"{lost}, and {seal.subject} was not erased"


def _check_blobs(parts: CheckParts, checked: Checked) -> None:
    erased = erased_blobs(parts.ledger.entries(act="subject.erase"))
    seen: set[Digest] = set()
    for place, digest in parts.blobs_named():
        if digest in seen:
            continue
        seen.add(digest)
        try:
            parts.check_blob(digest)
            checked.blobs += 1
        except IntegrityError as error:
            if digest in erased:
                checked.erased_blobs += 1
            else:
                checked.findings.append(Finding(place, error.message))
        if len(seen) % _PER_BATCH == 0:
            parts.on_progress("contents", len(seen), len(seen))
    parts.on_progress("contents", len(seen), len(seen))


def _collected(ledger: Ledger) -> dict[tuple[str, ...], int]:
    """When each version and release was collected last, as the entry that says so."""
    gone: dict[tuple[str, ...], int] = {}
    for entry in ledger.entries(act="version.collect"):
        for kind, name, _, digest in convert(entry.facts["versions"], list[tuple[str, str, int, str]]):
            gone[entry.app, kind, name, digest] = entry.sequence
    for entry in ledger.entries(act="release.collect"):
        for digest in convert(entry.facts["releases"], list[str]):
            gone[entry.app, digest] = entry.sequence
    return gone


def _was_collected(entry: Entry, collected: dict[tuple[str, ...], int]) -> bool:
    facts = entry.facts
    names = ["release"] if "release" in facts else ["kind", "name", "digest"]
    return collected.get((entry.app, *(str(facts.get(name)) for name in names)), -1) > entry.sequence


def _shown(value: Json) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
