"""The ledger, what a verification found, what was collected, erased, backed up and handed over."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from plimsoll.kernel.clock import to_text
from plimsoll.kernel.digest import Json, short_name

from ._text import Column, heading, line, short, table, when
from .verdicts import percent

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
_SECONDS = len("2026-01-31T12:00:00")


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
        f"{_counted(found.entries, 'entry', 'entries')}, {_counted(found.rows, 'row')} and "
        f"{_counted(found.blobs, 'content')} compared; {found.sealed:,} sealed, {found.erased_payloads:,} of them and "
        f"{_counted(found.erased_blobs, 'content')} erased",
    )
    for finding in found.findings[:_LISTED]:
        line(screen, f"  {finding.place}: {finding.what}", style="red")
    if len(found.findings) > _LISTED:
        line(screen, f"  … and {len(found.findings) - _LISTED} more; --json lists all", style="red")
    if found.sound:
        line(screen, "every record and every content is what was written down", style="bold green")
    else:
        things = _counted(len(found.findings), "thing is", "things are")
        line(screen, f"{things} not what was written down", style="bold red")


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
        checkpoints = _counted(found.anchored, "checkpoint at the anchor was", "checkpoints at the anchor were")
        line(screen, f"{checkpoints} held against it")
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
    size = _counted(trust.get("size", 0), "entry", "entries")
    line(screen, f"{found.kind}: {size}, signed by {trust.get('key', '(nobody)')}")
    for where, what in found.findings[:_LISTED]:
        line(screen, f"  {where}: {what}", style="red")
    if found.ok:
        line(screen, "the tree, its signatures and all checkpoints agree", style="green")
    else:
        line(screen, f"{_counted(found.found, 'thing does', 'things do')} not verify", style="bold red")


def collected(screen: "Console", done: "Collected", *, dry_run: bool) -> None:
    """What was forgotten, or would be."""
    plan = done.plan
    if dry_run:
        what = _forgotten(len(plan.releases), len(plan.versions), len(plan.blobs))
        line(screen, f"would forget {what}, and traces that are older than the retention")
        for version in plan.versions[:_LISTED]:
            line(screen, f"  {version.ref.key} {short(version.ref.digest)}")
        return
    what = _forgotten(len(done.releases), len(done.versions), len(done.blobs))
    line(screen, f"forgot {_counted(done.traces, 'trace')}, {what}", style="bold green")


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
    purged = {"traces": plan.traces, "outputs": plan.outputs, **plan.elsewhere, "blobs": len(plan.blobs)}
    line(screen, f"would destroy {key}, {_purged(purged)}")
    for digest in plan.blobs[:_LISTED]:
        line(screen, f"  {digest}")
    for trace in plan.judged[:_LISTED]:
        line(screen, f"  what was said of trace {trace}")
    _residuals(screen, plan.residuals)


def erasure(screen: "Console", done: "Erasure") -> None:
    """What was erased."""
    if not done.found:
        line(screen, "nothing is kept of that person")
        return
    said = f"{_purged(done.purged)}; the tombstone is entry {done.sequence}"
    line(screen, f"erased {done.subject}: {said}", style="bold green")
    _residuals(screen, done.residuals)


def _residuals(screen: "Console", residuals: Sequence[str]) -> None:
    if residuals:
        line(screen, "not complete: this stays", style="bold yellow")
    for sentence in residuals:
        line(screen, f"  {sentence}", style="yellow")


def exported(screen: "Console", done: "ExportReport") -> None:
    """A release that was written to a file."""
    size = _counted(done.size_bytes, "byte")
    line(screen, f"{done.release.manifest.name} → {done.path} ({size})", style="bold green")
    inside = f"{_counted(done.versions, 'version')}, {_counted(done.blobs, 'content')}"
    line(screen, f"{inside}, {_counted(done.entries, 'entry', 'entries')} of the ledger with proofs")
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
    new = f"{done.versions_new} of {_counted(done.versions, 'version')} {'is' if done.versions_new == 1 else 'are'} new"
    line(screen, f"{name} from {done.origin}: {new}", style="bold green")
    _origin(screen, done)


def _origin(screen: "Console", done: "ImportReport") -> None:
    """What a release went through where it comes from, as far as its file proves it."""
    ours = (item for item in done.story if item["release"] == done.release.manifest.digest)
    frozen = next((item["frozen"] for item in ours if item.get("frozen")), None)
    if frozen:
        commit = f", from commit {frozen['source_commit']}" if frozen.get("source_commit") else ""
        line(screen, f"made there by {frozen['name']}, {_moment(frozen['at'])} UTC{commit}")
    moved = [item for item in done.story if item.get("moved")]
    rows = [
        (
            item["environment"],
            _moved(item),
            _moment(item["moved"]["at"]),
            item["moved"]["name"],
            ", ".join(approval["name"] for approval in item["approvals"]) or "(nobody)",
            ": ".join([*(_rules(each["rules"]) for each in item["overrides"]), item["moved"]["reason"] or ""]),
        )
        for item in moved
    ]
    columns: list[Column] = ["environment", "move", "when (UTC)", "who", "approved by", "why"]
    if rows:
        table(screen, "its moves there", columns, rows)
    else:
        line(screen, "its file knows of no move there")


def _moved(item: Mapping[str, Any]) -> str:
    """Which release came, or for an unsplit went, and how; the move that ended this one is of another."""
    shared = item["role"] == "split" and isinstance(item["share"], int | float)
    return f"{item['role']} {_release(item['release'])}" + (f" {percent(item['share'])}" if shared else "")


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
    said = _SAID.get(entry.act, _all_said)
    try:
        return said(entry.facts)
    except (LookupError, TypeError, ValueError):
        # Written by another version, or by somebody else: what is wrong with it is for `audit verify` to say.
        return _all_said(entry.facts)


def _all_said(facts: Facts) -> str:
    shown = [f"{name} {_fact(value)}" for name, value in facts.items() if value not in (None, "", [], {})]
    return _few(shown, _MOST_FACTS)


def _version_said(facts: Facts) -> str:
    number = f" v{facts['number']}" if "number" in facts else ""
    return f"{facts['kind']}:{facts['name']}{number} {_fact(facts['digest'])}"


def _label_said(facts: Facts) -> str:
    return f"{facts['kind']}:{facts['name']}@{facts['label']}: {_fact(facts['from'])} → {_fact(facts['to'])}"


def _move_said(facts: Facts) -> str:
    share = f" ({percent(_number(facts['share']))} of the traffic)" if facts["move"] == "split" else ""
    return f"{facts['environment']}: {_release(facts['from'])} → {_release(facts['to'])}{share}"


def _override_said(facts: Facts) -> str:
    return f"{facts['environment']}: {_release(facts['release'])} {_rules(_listed(facts['rules']))}"


def _gate_said(facts: Facts) -> str:
    return f"{facts['suite']} on {short_name('d', str(facts['draft']))}: {facts['verdict']}"


def _release_said(facts: Facts) -> str:
    return _release(facts["release"])


def _review_said(facts: Facts) -> str:
    return f"{_fact(facts['subject'])} for {facts['place']}"


def _versions_collected(facts: Facts) -> str:
    names = [f"{kind}:{name} v{number}" for kind, name, number, _ in map(_listed, _listed(facts["versions"]))]
    return f"forgot {_counted(len(names), 'version')}: {_few(names, _MOST_FACTS)}"


def _releases_collected(facts: Facts) -> str:
    names = [_release(digest) for digest in _listed(facts["releases"])]
    return f"forgot {_counted(len(names), 'release')}: {_few(names, _MOST_FACTS)}"


def _actor_said(facts: Facts) -> str:
    more = "".join(f", {name} {facts[name]}" for name in ("team", "project") if facts.get(name))
    return f"{facts['actor']}, {facts['kind']}, {_roles(facts['roles'])}{more}"


def _roles_said(facts: Facts) -> str:
    return f"{facts['actor']}: {_roles(facts['from'])} → {_roles(facts['to'])}"


def _key_said(facts: Facts) -> str:
    rights = "all rights of the actor" if facts["rights"] is None else _fact(facts["rights"])
    until = f"until {_moment(facts['expires_at'])} UTC" if facts["expires_at"] else "without an end"
    # Entries that are older than lists of models have none.
    models = f", for {_fact(facts['models'])} alone" if facts.get("models") else ""
    said = f"plim_{facts['prefix']} for {facts['actor']}: {rights}{models}, {until}"
    if "replaces" not in facts:
        return said
    return f"{said}; replaces plim_{facts['replaces']}, which works until {_moment(facts['overlap_until'])} UTC"


def _erasure_said(facts: Facts) -> str:
    purged = facts["purged"]
    said = [_purged({name: int(_number(count)) for name, count in purged.items()})] if isinstance(purged, dict) else []
    said += ["key destroyed"] if facts["key_destroyed"] else []
    said += (
        [f"{_counted(len(_listed(facts['residuals'])), 'place is', 'places are')} left"] if facts["residuals"] else []
    )
    return f"{facts['subject']} forgotten ({facts['basis']}): {', '.join(said)}"


def _storage_said(facts: Facts) -> str:
    of = f", {_fact(facts['digest'])}" if "digest" in facts else ""
    counts = [_counted(int(_number(facts[f"{name}s"])), name) for name in ("row", "content")]
    return " and ".join(counts) + of


_SAID: dict[str, Callable[[Facts], str]] = {
    "version.publish": _version_said,
    "version.collect": _versions_collected,
    "lineage.add": _version_said,
    "label.move": _label_said,
    "gate.judge": _gate_said,
    "release.freeze": _release_said,
    "release.import": _release_said,
    "release.collect": _releases_collected,
    "policy.adopt": lambda facts: str(facts["environment"]),
    "environment.override": _override_said,
    "actor.create": _actor_said,
    "actor.roles": _roles_said,
    "actor.disable": lambda facts: f"{facts['actor']} acts no more",
    "key.create": _key_said,
    "key.rotate": _key_said,
    "key.revoke": lambda facts: f"plim_{facts['prefix']} works no more",
    "subject.erase": _erasure_said,
    "storage.backup": _storage_said,
    "storage.restore": _storage_said,
    **{f"environment.{move}": _move_said for move in ("ship", "rollback", "split", "unsplit")},
    **{f"review.{answer}": _review_said for answer in ("approve", "refuse", "withdraw")},
}
_PLAIN = {None: "nothing", True: "yes", False: "no"}
_RULES = {"approvals": "without the approvals asked for", "freeze": "in a freeze", "refusal": "although refused"}
_PURGED = {
    "traces": ("trace", "traces"),
    "outputs": ("cached output", "cached outputs"),
    "answers": ("kept answer", "kept answers"),
    "feedback": ("judgement", "judgements"),
    "usage": ("budget window", "budget windows"),
    "blobs": ("content", "contents"),
}


def _release(value: object) -> str:
    return "nothing" if value is None else short_name("r", str(value))


def _rules(rules: Sequence[object]) -> str:
    """The rules that an override got past."""
    return " and ".join(_RULES.get(str(rule), f"against the rule {rule}") for rule in rules)


def _roles(roles: Json) -> str:
    return _fact(roles) if roles else "no role"


def _purged(counts: Mapping[str, int]) -> str:
    """What an erasure destroyed, in the words in which people know it."""
    return ", ".join(_counted(count, *_PURGED.get(name, (name, name))) for name, count in counts.items())


def _forgotten(releases: int, versions: int, contents: int) -> str:
    return f"{_counted(releases, 'release')}, {_counted(versions, 'version')} and {_counted(contents, 'content')}"


def _counted(number: int, one: str, many: str = "") -> str:
    """A number and what it counts, in the right form."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _few(texts: Sequence[str], most: int) -> str:
    return ", ".join(texts[:most]) + (", …" if len(texts) > most else "")


def _number(value: Json) -> float:
    if isinstance(value, int | float):
        return value
    raise TypeError(value)


def _listed(value: Json) -> Sequence[Json]:
    if isinstance(value, list):
        return value
    raise TypeError(value)


def _moment(at: object) -> str:
    """A time as entries write it, to the second."""
    return str(at)[:_SECONDS].replace("T", " ")


def _fact(value: object) -> str:
    """A value in words: no brackets, no quotation marks."""
    if isinstance(value, list | tuple):
        return ", ".join(map(_fact, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_fact(part)}" for name, part in value.items()) or "none"
    text = _PLAIN[value] if value is None or isinstance(value, bool) else str(value)
    if text.startswith("sha256:"):
        return short(text)
    return text if len(text) <= _FACT_LENGTH else text[:_FACT_LENGTH] + "…"


def _private(entry: "Entry", private: "dict[int, dict[str, str]]") -> str:
    if entry.sealed is None:
        return ""
    opened = private.get(entry.sequence)
    return "(erased)" if opened is None else "; ".join(opened.values())
