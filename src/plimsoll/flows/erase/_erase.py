"""The rules of an erasure, in the order in which they must be kept."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from msgspec import DecodeError, json

from plimsoll.governance.retention import Pointer, Stores, pointers_in_use, reachable, read_references
from plimsoll.kernel.digest import Digest, Json
from plimsoll.kernel.errors import IntegrityError
from plimsoll.kernel.mention import Mention
from plimsoll.ledger import log_mentions

from ._errors import BasisUnusableError, IdentifierUnusableError
from ._types import DEFAULT_BASIS, EraseParts, Erasure, ErasurePlan

_VECTOR_STAGES = ("embed",)
"""Stages whose outputs nobody can read a mention out of."""
_UNNAMED = "something in use whose name mentions the person: plan the erasure again to see it"
_MANIFEST = {"format", "app", "artifacts", "evidence"}


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
        elsewhere={what: keeper.count_subject(identifier) for what, keeper in parts.elsewhere.items()},
        blobs=destroyed,
        residuals=residuals,
        judged=tuple(dict.fromkeys(parts.judged(identifier))),
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
        # Of contents that were collected, or of an erasure that ended here, files of an engine may still hold texts.
        parts.prune_indexes(_indexes_in_use(parts.stores))
        return Erasure(found=False, subject="", sequence=None, purged={}, blobs=(), residuals=())
    ledger = parts.stores.ledger
    if plan.subject is not None:
        parts.retire(plan.subject)
    purged = {
        "traces": parts.stores.traces.purge_subject(identifier),
        "outputs": parts.cache.purge(mention.in_bytes, unreadable=_VECTOR_STAGES),
        **{what: keeper.purge_subject(identifier) for what, keeper in parts.elsewhere.items()},
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
