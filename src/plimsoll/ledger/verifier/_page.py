"""The report as a page of plain text."""

from __future__ import annotations

from typing import Any

from ._report import Report, counted
from ._story import END_OF_TIME

SHOWN_CHARACTERS = 2000
NOT_HELD = "no checkpoint of your own: a record made anew with the same key would not be noticed"
RULES = {
    "approvals": "without the approvals that the policy asks for",
    "freeze": "in a freeze",
    "refusal": "although a reviewer refused it",
}
TITLES = {"audit": "Audit export", "release": "Release export", "ledger": "Ledger"}

Json = dict[str, Any]


def page(report: Report) -> str:
    """For people. Nothing from the file can start a line, move a cursor or turn the direction of writing."""
    lines = [f"{TITLES[report.kind]} of {report.trust.get('origin', 'an unknown ledger')}: {_verdict(report)}"]
    lines += [f"  {where}: {what}" for where, what in report.findings]
    if report.found > len(report.findings):
        lines.append(f"  and {report.found - len(report.findings)} more")
    if "key" in report.trust:
        lines += ["", "How far this can be trusted", *(f"  {line}" for line in _trust(report))]
    if report.story or report.kind == "audit":
        lines += ["", _title(report), *(f"  {line}" for move in report.story for line in _move(move))]
    if report.kind == "audit" and not report.story:
        lines.append("  nothing")
    return "".join(_plain(line) + "\n" for line in lines)


def _verdict(report: Report) -> str:
    if report.ok:
        return "VERIFIED"
    return f"NOT VERIFIED, {counted(report.found, 'finding')}"


def _plain(line: str) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line[:SHOWN_CHARACTERS])


def _trust(report: Report) -> list[str]:
    trust = report.trust
    held, origin = trust["held"], trust["key_origin"]
    lines = [f"the ledger has {counted(trust.get('size', 0), 'entry', 'entries')}{_span(trust)}"]
    lines += [f"root of its tree: {trust['root']}"] if "root" in trust else []
    lines.append(
        {
            "given": "the key is the one that you trust",
            "held": "the key is the one that signed the checkpoint that you hold",
            "file": "THE KEY IS TAKEN FROM THE FILE ITSELF: compare it with one that you got from another source",
        }[origin]
        + f": {trust['key']}"
    )
    lines.append(_compared(report.kind, trust) if held else NOT_HELD)
    told = ", ".join(f"{trust[name]} {name}" for name in ("opened", "erased", "withheld") if name in trust)
    return [*lines, f"private content of entries: {told}"] if told else lines


def _compared(kind: str, trust: Json) -> str:
    held = trust["held"]
    if kind == "release":
        could = f"{trust.get('held_compared', 0)} could be compared: only one of the same size can"
        return f"of {counted(held, 'checkpoint')} that you hold, {could}"
    size = counted(trust["held_size"], "entry", "entries")
    if held == 1:
        return f"compared with the checkpoint that you hold, of {size}"
    return f"compared with {held} checkpoints that you hold, the largest of {size}"


def _span(trust: Json) -> str:
    return f", from {trust['first_at']} to {trust['last_at']}" if trust.get("first_at") else ""


def _title(report: Report) -> str:
    until, last = report.trust.get("until", END_OF_TIME), report.trust.get("last_at", "")
    doubt = "" if report.ok else " (as the file says; it does not verify)"
    if report.kind == "release":
        return f"What the file proves about the release{'' if until == END_OF_TIME else ' until ' + until}{doubt}"
    late = f"; the log ends at {last}, what came after it is not known" if last < until < END_OF_TIME else ""
    return f"What was live at {'the end of the log' if until == END_OF_TIME else until}{late}{doubt}"


def _move(move: Json) -> list[str]:
    release = f"r-{move['release'].partition(':')[2][:6]} ({move['release']})"
    place = f"{move['app']} in {move['environment']}" if "environment" in move else move["app"]
    lines = [f"{place}: {release} {move['role']}{_share(move)}"]
    lines += [f"  moved by {_line_of(move['moved'])}"] if move["moved"] else []
    for approval in move["approvals"]:
        until = f", valid until {approval['expires_at']}" if approval["expires_at"] else ""
        lines.append(f"  approved by {_line_of(approval)}{until}")
    if not move["approvals"] and move["moved"]:
        lines.append("  approved by nobody at that time")
    lines += [f"  moved {_broken(deed)}: overridden by {_line_of(deed)}" for deed in move["overrides"]]
    if move["frozen"]:
        frozen = move["frozen"]
        commit = f", from commit {frozen['source_commit']}" if frozen.get("source_commit") else ""
        imported = f", imported from {frozen['origin']}" if frozen.get("origin") else ""
        lines.append(f"  made by {_line_of(frozen)}{commit}{imported}")
    lines += [f"  evidence: {_evidence(row)}" for row in move["evidence"]]
    if not move["evidence"]:
        lines.append("  evidence: none in this file")
    return lines


def _share(move: Json) -> str:
    share = move.get("share") if move["role"] in {"candidate", "split"} else None
    return f", {share * 100:.6g} % of the traffic" if isinstance(share, (int, float)) else ""


def _broken(override: Json) -> str:
    """The rules that an override got past, in words."""
    rules = [RULES.get(rule, f"against the rule {rule}") for rule in map(str, override["rules"])]
    return " and ".join(rules) or "against a rule that is not named"


def _line_of(deed: Json) -> str:
    reason = f", reason: {deed['reason']}" if deed.get("reason") else ""
    who = f"{deed.get('name', 'an actor')} ({deed['actor']}, {deed['via']})"
    return f"{who} at {deed['at']}, {deed['act']}, entry {deed['entry']}{reason}"


def _evidence(row: Json) -> str:
    entry = "" if row["entry"] is None else f", judged in entry {row['entry']}"
    return f"suite {row.get('suite')} ({row.get('suite_version')}): {row.get('verdict')}, run {row.get('run')}{entry}"
