"""Which entries of the ledger tell the story of a release, and the documents in which they are handed over."""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from plimsoll.governance.provenance import ReleaseFacts
from plimsoll.kernel.digest import Digest, Json, canonical_json
from plimsoll.ledger import Entry, Ledger, open_checkpoint
from plimsoll.releases import Manifest

_REVIEWS = ("review.approve", "review.refuse", "review.withdraw")
_MOVES = (
    "environment.ship",
    "environment.rollback",
    "environment.split",
    "environment.unsplit",
    "environment.override",
)


@dataclass(frozen=True, slots=True)
class Story:
    """Entries that were proven, and what is needed to prove them."""

    checkpoint: str
    """The signed note under which every entry stands."""
    entries: tuple[Entry, ...]
    lines: bytes
    """`ledger/entries.jsonl`."""
    openings: bytes
    """`ledger/openings.jsonl`: the private content that was not erased."""


def tell(facts: ReleaseFacts, ledger: Ledger) -> Story:
    """The entries that concern a release, in their order, under the newest checkpoint.

    These are: that its versions were published and from what, what gates said of it, that it was frozen or imported,
    its reviews, the moves that touch it, the policies of the environments where it was, and who its actors are.
    Raises IntegrityError when the ledger cannot prove them.
    """
    note = ledger.checkpoint()
    size = open_checkpoint(note, [ledger.key.verifier]).size
    found = {entry.sequence: entry for entry in _concerning(facts, ledger, size)}
    found |= {entry.sequence: entry for entry in _policies(facts.release.manifest.app, found.values(), ledger, size)}
    found |= {entry.sequence: entry for entry in _actors(found.values(), ledger, size)}
    return Story(
        checkpoint=note,
        entries=tuple(found[sequence] for sequence in sorted(found)),
        lines=b"".join(_proven(sequence, ledger, size) for sequence in sorted(found)),
        openings=b"".join(
            _line({"sequence": opening.sequence, "nonce": opening.nonce, "content": dict(opening.content)})
            for opening in ledger.openings(sorted(found))
        ),
    )


def _concerning(facts: ReleaseFacts, ledger: Ledger, size: int) -> Iterator[Entry]:
    manifest = facts.release.manifest
    for sequence in [facts.release.sequence, *(version.sequence for version in facts.versions)]:
        yield from ledger.entries(sequence, min(sequence + 1, size))
    versions = {(version.kind, version.name, version.digest) for version in facts.versions}
    subjects = {manifest.digest, *(version.digest for version in facts.versions)}
    draft = Manifest(manifest.app, manifest.artifacts).digest
    for entry in _acts(ledger, size, manifest.app, "lineage.add", "gate.judge", *_REVIEWS, *_MOVES):
        said = entry.facts
        if (
            (entry.act == "lineage.add" and (said["kind"], said["name"], said["digest"]) in versions)
            or (entry.act == "gate.judge" and said["draft"] == draft)
            or (entry.act in _REVIEWS and said["subject"] in subjects)
            or (entry.act in _MOVES and manifest.digest in said.values())
        ):
            yield entry


def _policies(app: str, entries: Iterable[Entry], ledger: Ledger, size: int) -> Iterator[Entry]:
    environments = {entry.facts["environment"] for entry in entries if entry.act in _MOVES}
    for entry in _acts(ledger, size, app, "policy.adopt"):
        if entry.facts["environment"] in environments:
            yield entry


def _actors(entries: Iterable[Entry], ledger: Ledger, size: int) -> Iterator[Entry]:
    """Who the actors are; of one who was erased, that it was so."""
    actors = {entry.actor for entry in entries}
    for entry in _acts(ledger, size, None, "actor.create", "subject.erase"):
        if entry.facts["actor" if entry.act == "actor.create" else "subject"] in actors:
            yield entry


def _acts(ledger: Ledger, size: int, app: str | None, *acts: str) -> Iterator[Entry]:
    for act in acts:
        yield from ledger.entries(0, size, act=act, app=app)


def _proven(sequence: int, ledger: Ledger, size: int) -> bytes:
    (text,) = ledger.lines(sequence, sequence + 1)
    proof: list[Json] = [base64.b64encode(node).decode("ascii") for node in ledger.inclusion(sequence, size)]
    return _line({"index": sequence, "entry": text, "proof": proof})


def _line(value: Json) -> bytes:
    return canonical_json(value) + b"\n"


def made_by(story: Story, release: Digest) -> Entry | None:
    """The entry by which a release was frozen or imported."""
    acts = {"release.freeze", "release.import"}
    return next((each for each in story.entries if each.act in acts and each.facts["release"] == release), None)
