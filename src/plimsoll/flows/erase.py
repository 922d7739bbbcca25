"""Forget a person: their key, and everything that mentions them and that nothing in use needs.

First what can be made again or is nobody's evidence goes: traces, cached outputs of stages, prepared indexes. Then the
tombstone is written into the ledger, which names every blob that goes next and destroys the key of what was sealed. So
a blob that is missing was named by a tombstone before, whatever crash came in between, and the same call goes on from
there. What is in use stays, is named in the tombstone, and is for a person to take out of the project.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from msgspec import DecodeError, json

from plimsoll.governance.retention import Pointer, Stores, pointers_in_use, reachable, read_references
from plimsoll.kernel.digest import Digest, Json
from plimsoll.kernel.errors import IntegrityError, InvalidError
from plimsoll.kernel.mention import SHORTEST, Mention
from plimsoll.ledger import By, log_mentions
from plimsoll.pipelines import StageCache

DEFAULT_BASIS = "GDPR Art. 17(1)"
_VECTOR_STAGES = ("embed",)
"""Stages whose outputs nobody can read a mention out of."""
_UNNAMED = "something in use whose name mentions the person: plan the erasure again to see it"
_MANIFEST = {"format", "app", "artifacts", "evidence"}


class IdentifierUnusableError(InvalidError):
    """An identifier that stands in every text."""

    code = "identifier_unusable"

    def __init__(self) -> None:
        super().__init__(
            f"an identifier of less than {SHORTEST} characters cannot be looked for: too much would be forgotten",
            hint="name the person as the records do: an e-mail address, a full name, a customer number",
        )


class BasisUnusableError(InvalidError):
    """A legal basis that says who the person is."""

    code = "basis_unusable"

    def __init__(self) -> None:
        super().__init__(
            "the legal basis mentions the person who is to be forgotten, and it stays in the ledger for good",
            hint=f"name the rule alone, such as `{DEFAULT_BASIS}`",
        )


@dataclass(frozen=True, slots=True)
class EraseParts:
    """Everything that an erasure needs from outside."""

    stores: Stores
    cache: StageCache
    prune_indexes: Callable[[Collection[Digest]], None]
    """Forgets what was prepared for any other index versions than these."""
    retire: Callable[[str], None]
    """Takes away what a pseudonym may do, if it is an actor; raises when nobody could administer then."""
    by: By


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """What an erasure would do. Holds no personal data but the identifier that was asked for."""

    subject: str | None
    """Pseudonym of the person in the ledger; None when it knows none, or the key was destroyed before."""
    traces: int
    outputs: int
    """Cached outputs of stages."""
    blobs: tuple[Digest, ...]
    """Contents, runs and segments that will be destroyed."""
    residuals: tuple[str, ...]
    """What stays: in use, in plain in the log, or written by others; and what to do about it, each as a sentence."""

    def __bool__(self) -> bool:
        """Whether anything of the person was found."""
        return bool(self.subject or self.traces or self.outputs or self.blobs or self.residuals)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did."""

    found: bool
    """False when nothing of the person was there (any more); then nothing was done and nothing written down."""
    subject: str
    sequence: int | None
    """The tombstone in the ledger."""
    purged: Mapping[str, int]
    blobs: tuple[Digest, ...]
    residuals: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing of the person is left."""
        return not self.residuals


def plan_erasure(identifier: str, parts: EraseParts) -> ErasurePlan:
    """What is kept of a person, by the name, address or number by which they are known.

    Raises IdentifierUnusableError, and IntegrityError when something in use is damaged.
    """
    mention = Mention(identifier)
    if not mention.is_searchable:
        raise IdentifierUnusableError
    subject = parts.stores.ledger.find_subject(identifier)
    destroyed, residuals = _search(parts.stores, mention, subject)
    return ErasurePlan(
        subject=subject,
        traces=parts.stores.traces.count_subject(identifier),
        outputs=parts.cache.count(mention.in_bytes),
        blobs=destroyed,
        residuals=residuals,
    )


def erase(identifier: str, parts: EraseParts, *, basis: str = DEFAULT_BASIS) -> Erasure:
    """Forget a person, and say so in the ledger without saying who it was. May be repeated.

    `basis` is the legal ground, which stays readable. Whoever still writes about the person while this runs may bring
    them back: repeat it then. Raises IdentifierUnusableError, BasisUnusableError, IntegrityError when something in use
    is damaged, and UnavailableError when a database is held by somebody else.
    """
    mention = Mention(identifier)
    if mention.in_text(basis):
        raise BasisUnusableError
    plan = plan_erasure(identifier, parts)
    if not plan:
        return Erasure(found=False, subject="", sequence=None, purged={}, blobs=(), residuals=())
    ledger = parts.stores.ledger
    if plan.subject is not None:
        parts.retire(plan.subject)
    purged = {
        "traces": parts.stores.traces.purge_subject(identifier),
        "outputs": parts.cache.purge(mention.in_bytes, unreadable=_VECTOR_STAGES),
    }
    # A person who never acted gets a pseudonym for the tombstone alone, and it is destroyed with it.
    subject = plan.subject or ledger.subject(identifier)
    blobs, residuals = _search(parts.stores, mention, subject)
    facts: dict[str, Json] = {
        "basis": basis,
        "purged": {**purged, "blobs": len(blobs)},
        "blobs": list(blobs),
        # What an artifact is called may be the very name, and the ledger is for good.
        "residuals": [_UNNAMED if mention.in_text(residual) else residual for residual in residuals],
    }
    recorded = ledger.erase(subject, facts, by=parts.by)
    for digest in blobs:
        parts.stores.blobs.remove(digest)
    # Derived folders hold the texts of their segments; those of destroyed segments are never in use.
    parts.prune_indexes(_indexes_in_use(parts.stores))
    return Erasure(
        found=True,
        subject=subject,
        sequence=recorded.sequence,
        purged={**purged, "blobs": len(blobs)},
        blobs=blobs,
        residuals=residuals,
    )


def _search(stores: Stores, mention: Mention, subject: str | None) -> tuple[tuple[Digest, ...], tuple[str, ...]]:
    """The blobs that can be destroyed, and a sentence for each place where the person stays."""
    destroyed, residuals = _search_blobs(stores, mention)
    folders = [
        f"the project folder of {app} has a path that names it: move it elsewhere, and build there"
        for app, root in sorted(stores.releases.roots().items())
        if mention.in_text(root)
    ]
    return destroyed, (*residuals, *log_mentions(stores.ledger, mention.in_text, subject), *folders)


def _search_blobs(stores: Stores, mention: Mention) -> tuple[tuple[Digest, ...], tuple[str, ...]]:
    """The blobs that mention somebody and can be destroyed, and a sentence for each place where some cannot."""
    there = frozenset(stores.blobs.addresses())
    used = _in_use(stores, there)
    destroyed, residuals = [], []
    for digest in there:
        content = _read(stores, digest)
        if content is None:
            if stores.blobs.has(digest):
                residuals.append(f"{digest} is damaged and was not searched: restore it or remove its file")
        elif not mention.in_bytes(content):
            continue
        elif _is_manifest(content):
            residuals.append(f"the manifest {digest} names it; manifests name things, so rename the thing and build")
        elif digest in used:
            residuals += [_residual(why, digest) for why in used[digest]]
        else:
            destroyed.append(digest)
    return tuple(sorted(destroyed)), tuple(sorted(set(residuals)))


def _in_use(stores: Stores, there: frozenset[Digest]) -> dict[Digest, list[str]]:
    """Every address that something in use leads to, with all the parts of manifests that do."""
    used: dict[Digest, list[str]] = {}
    references = read_references(stores.blobs, there)
    for pointer in pointers_in_use(stores):
        used.setdefault(pointer.digest, []).append(pointer.why)
        for part in _parts(stores, pointer):
            for digest, why in reachable([part], references).items():
                used.setdefault(digest, []).append(why)
    return used


def _parts(stores: Stores, pointer: Pointer) -> Iterator[Pointer]:
    manifest = stores.releases.manifest(pointer.digest)
    for key, digest in manifest.artifacts.items():
        yield Pointer(digest, f"{key} in {pointer.why}")
    for evidence in manifest.evidence:
        for digest in (evidence.suite_version, evidence.run):
            yield Pointer(digest, f"the evidence of suite:{evidence.suite} in {pointer.why}")


def _residual(why: str, digest: Digest) -> str:
    return (
        f"{why} needs {digest}: take the document, row or text out of the project, then build, release, ship, "
        "and erase again"
    )


def _indexes_in_use(stores: Stores) -> set[Digest]:
    manifests = [stores.releases.manifest(pointer.digest) for pointer in pointers_in_use(stores)]
    return {digest for manifest in manifests for key, digest in manifest.artifacts.items() if key.startswith("index:")}


def _read(stores: Stores, digest: Digest) -> bytes | None:
    """None for what somebody removed meanwhile, and for what is damaged."""
    with suppress(IntegrityError):
        return stores.blobs.get(digest)
    return None


def _is_manifest(content: bytes) -> bool:
    if not content.startswith(b"{"):
        return False
    try:
        value: Mapping[str, object] | Sequence[object] = json.decode(content)
    except DecodeError:
        return False
    return isinstance(value, dict) and set(value) == _MANIFEST
