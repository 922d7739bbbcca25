"""The ledger, what a verification found, what was collected, erased, backed up and handed over."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from plimsoll.kernel.clock import to_text
from plimsoll.kernel.digest import Json, short_name

from ._text import Column, heading, line, short, table, when

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.flows.audit import Audited
    from plimsoll.flows.collect import Collected
    from plimsoll.flows.erase import Erasure, ErasurePlan
    from plimsoll.flows.exchange import ExportReport, ImportReport
    from plimsoll.governance.record_check import Checked
    from plimsoll.ledger import Entry
    from plimsoll.ledger.verifier import Report

Facts = Mapping[str, Json]

_LISTED = 40
_FACT_LENGTH = 40
_MOST_FACTS = 5


def entries(screen: "Console", found: "Sequence[Entry]", private: "dict[int, dict[str, str]]") -> None:
    """Entries of the ledger, newest first."""
    rows = [
        (
            str(entry.sequence),
            when(entry.at),
            entry.actor,
            entry.act,
            entry.app,
            _facts(entry),
            _private(entry, private),
        )
        for entry in found
    ]
    columns: list[Column] = [("entry", "right"), "at (UTC)", "actor", "act", "application", "what", "why"]
    table(screen, "ledger", columns, rows)


def entry(screen: "Console", found: "Entry", private: "dict[str, str] | None", proof: str) -> None:
    """One entry, whole, with the proof that it is in the log."""
    import msgspec

    line(screen, f"entry {found.sequence}: {found.act}", style="bold")
    line(screen, f"{when(found.at)} UTC  ·  by {found.actor} via {found.via}  ·  {found.app or 'the installation'}")
    line(screen, msgspec.json.format(msgspec.json.encode(found.facts), indent=2).decode())
    if found.sealed is not None:
        line(screen, f"sealed content: {found.sealed}")
        for name, text in (private or {}).items():
            line(screen, f"  {name}: {text}")
        if private is None:
            line(screen, "  erased, or its key is not here", style="yellow")
    heading(screen, "proof of inclusion (c2sp.org/tlog-proof)")
    line(screen, proof)


def entry_json(found: "Entry", private: "dict[str, str] | None") -> dict[str, Any]:
    """For programs."""
    return {
        "sequence": found.sequence,
        "at": to_text(found.at),
        "act": found.act,
        "app": found.app,
        "actor": found.actor,
        "via": found.via,
        "facts": found.facts,
        "sealed": found.sealed,
        "private": private,
    }


def checked(screen: "Console", found: "Checked") -> None:
    """Whether records and contents are what was written down."""
    line(
        screen,
        f"{found.entries:,} entries, {found.rows:,} rows and {found.blobs:,} contents compared; "
        f"{found.sealed:,} sealed, {found.erased_payloads:,} of them and {found.erased_blobs:,} contents erased",
    )
    for finding in found.findings[:_LISTED]:
        line(screen, f"  {finding.place}: {finding.what}", style="red")
    if len(found.findings) > _LISTED:
        line(screen, f"  … and {len(found.findings) - _LISTED} more; --json lists all", style="red")
    if found.sound:
        line(screen, "every record and every content is what was written down", style="bold green")
    else:
        line(screen, f"{len(found.findings)} things are not what was written down", style="bold red")


def checked_json(found: "Checked") -> dict[str, Any]:
    """For programs."""
    return {
        "sound": found.sound,
        "entries": found.entries,
        "rows": found.rows,
        "contents": found.blobs,
        "sealed": found.sealed,
        "erased_payloads": found.erased_payloads,
        "erased_contents": found.erased_blobs,
        "findings": found.findings,
    }


def audited(screen: "Console", found: "Audited") -> None:
    """What came of a verification of everything."""
    report(screen, found.log)
    if found.anchor_problem:
        line(screen, f"the anchor was not asked: {found.anchor_problem}", style="yellow")
    else:
        line(screen, f"{found.anchored} checkpoints at the anchor were held against it")
    checked(screen, found.records)
    if found.sound:
        line(screen, "verified", style="bold green")


def audited_json(found: "Audited") -> dict[str, Any]:
    """For programs."""
    return {
        "sound": found.sound,
        "log": found.log.to_json(),
        "anchored": found.anchored,
        "anchor_problem": found.anchor_problem,
        "records": checked_json(found.records),
    }


def report(screen: "Console", found: "Report") -> None:
    """What the verifier says of a log or a file."""
    trust = found.trust
    line(screen, f"{found.kind}: {trust.get('size', 0):,} entries, signed by {trust.get('key', '(nobody)')}")
    for where, what in found.findings[:_LISTED]:
        line(screen, f"  {where}: {what}", style="red")
    if found.ok:
        line(screen, "the tree, its signatures and all checkpoints agree", style="green")
    else:
        line(screen, f"{found.found} things do not verify", style="bold red")


def collected(screen: "Console", done: "Collected", *, dry_run: bool) -> None:
    """What was forgotten, or would be."""
    plan = done.plan
    if dry_run:
        what = f"{len(plan.releases)} releases, {len(plan.versions)} versions and {len(plan.blobs)} contents"
        line(screen, f"would forget {what}, and traces that are older than the retention")
        for version in plan.versions[:_LISTED]:
            line(screen, f"  {version.ref.key} {short(version.ref.digest)}")
        return
    line(
        screen,
        f"forgot {done.traces} traces, {len(done.releases)} releases, {len(done.versions)} versions and "
        f"{len(done.blobs)} contents",
        style="bold green",
    )


def collected_json(done: "Collected", *, dry_run: bool) -> dict[str, Any]:
    """For programs."""
    plan = done.plan
    return {
        "dry_run": dry_run,
        "planned": {
            "releases": [release.digest for release in plan.releases],
            "versions": [[version.ref.key, version.ref.digest] for version in plan.versions],
            "contents": len(plan.blobs),
        },
        "traces": done.traces,
        "releases": done.releases,
        "versions": [[app, ref.key, ref.digest] for app, ref in done.versions],
        "contents": len(done.blobs),
    }


def erasure_plan(screen: "Console", plan: "ErasurePlan") -> None:
    """What an erasure would do."""
    if not plan:
        line(screen, "nothing is kept of that person")
        return
    key = "a key and a name" if plan.subject else "no key"
    line(
        screen, f"would destroy {key}, {plan.traces} traces, {plan.outputs} cached outputs, {len(plan.blobs)} contents"
    )
    for digest in plan.blobs[:_LISTED]:
        line(screen, f"  {digest}")
    _residuals(screen, plan.residuals)


def erasure(screen: "Console", done: "Erasure") -> None:
    """What was erased."""
    if not done.found:
        line(screen, "nothing is kept of that person")
        return
    purged = ", ".join(f"{count} {name}" for name, count in done.purged.items())
    line(screen, f"erased {done.subject}: {purged}; the tombstone is entry {done.sequence}", style="bold green")
    _residuals(screen, done.residuals)


def _residuals(screen: "Console", residuals: Sequence[str]) -> None:
    if residuals:
        line(screen, "not complete: this is in use", style="bold yellow")
    for sentence in residuals:
        line(screen, f"  {sentence}", style="yellow")


def exported(screen: "Console", done: "ExportReport") -> None:
    """A release that was written to a file."""
    line(screen, f"{done.release.manifest.name} → {done.path} ({done.size_bytes:,} bytes)", style="bold green")
    line(screen, f"{done.versions} versions, {done.blobs} contents, {done.entries} entries of the ledger with proofs")
    line(screen, "signed by this key; whoever imports the file must trust it:")
    line(screen, f"  {done.vkey}")


def exported_json(done: "ExportReport") -> dict[str, Any]:
    """For programs."""
    return {
        "release": done.release.manifest.digest,
        "name": done.release.manifest.name,
        "path": done.path,
        "size_bytes": done.size_bytes,
        "vkey": done.vkey,
        "versions": done.versions,
        "contents": done.blobs,
        "entries": done.entries,
    }


def imported(screen: "Console", done: "ImportReport") -> None:
    """A release that was taken in."""
    name = done.release.manifest.name
    if done.existed:
        line(screen, f"{name} was here already")
    line(
        screen,
        f"{name} from {done.origin}: {done.versions_new} of {done.versions} versions are new",
        style="bold green",
    )
    for item in done.story:
        line(screen, "  " + ", ".join(f"{key} {value}" for key, value in item.items() if isinstance(value, str)))


def imported_json(done: "ImportReport") -> dict[str, Any]:
    """For programs."""
    return {
        "release": done.release.manifest.digest,
        "name": done.release.manifest.name,
        "origin": done.origin,
        "vkey": done.vkey,
        "existed": done.existed,
        "versions": done.versions,
        "versions_new": done.versions_new,
        "contents": done.blobs,
        "contents_new": done.blobs_new,
        "story": done.story,
    }


def _facts(entry: "Entry") -> str:
    """What an entry says, in a few words; the whole of it is shown by `audit show`."""
    said = _SAID.get(entry.act)
    if said is not None:
        return said(entry.facts)
    shown = [f"{name} {_fact(value)}" for name, value in entry.facts.items() if value not in (None, "", [], {})]
    return ", ".join(shown[:_MOST_FACTS]) + (", …" if len(shown) > _MOST_FACTS else "")


def _version_said(facts: Facts) -> str:
    number = f" v{facts['number']}" if "number" in facts else ""
    return f"{facts['kind']}:{facts['name']}{number} {_fact(facts['digest'])}"


def _label_said(facts: Facts) -> str:
    return f"{facts['kind']}:{facts['name']}@{facts['label']}: {_fact(facts['from'])} → {_fact(facts['to'])}"


def _move_said(facts: Facts) -> str:
    share = f" ({facts['share']} of the traffic)" if facts["move"] == "split" else ""
    return f"{facts['environment']}: {_release(facts['from'])} → {_release(facts['to'])}{share}"


def _gate_said(facts: Facts) -> str:
    return f"{facts['suite']} on {short_name('d', str(facts['draft']))}: {facts['verdict']}"


def _release_said(facts: Facts) -> str:
    return _release(facts["release"])


def _review_said(facts: Facts) -> str:
    return f"{_fact(facts['subject'])} for {facts['place']}"


_SAID: dict[str, Callable[[Facts], str]] = {
    "version.publish": _version_said,
    "lineage.add": _version_said,
    "label.move": _label_said,
    "gate.judge": _gate_said,
    "release.freeze": _release_said,
    "release.import": _release_said,
    "policy.adopt": lambda facts: str(facts["environment"]),
    **{f"environment.{move}": _move_said for move in ("ship", "rollback", "split", "unsplit")},
    **{f"review.{answer}": _review_said for answer in ("approve", "refuse", "withdraw")},
}


def _release(value: object) -> str:
    return "nothing" if value is None else short_name("r", str(value))


def _fact(value: object) -> str:
    text = "nothing" if value is None else str(value)
    if text.startswith("sha256:"):
        return short(text)
    return text if len(text) <= _FACT_LENGTH else text[:_FACT_LENGTH] + "…"


def _private(entry: "Entry", private: "dict[int, dict[str, str]]") -> str:
    if entry.sealed is None:
        return ""
    opened = private.get(entry.sequence)
    return "(erased)" if opened is None else "; ".join(opened.values())
