"""The noun audit: the ledger, its verification, the file for outsiders, and the erasure of a person."""

from pathlib import Path

import click

from ._exits import DONE, REFUSED, WRONG_USE
from ._output import progress
from ._state import State, json_option
from .show import audits

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(short_help="The log: verify, export, erase a person")
def audit() -> None:
    """The tamper-evident log of every act: log, show, verify, checkpoint, verifier, export, erase."""


@audit.command("log", epilog="Example: plimsoll audit log --act environment.ship")
@click.option("--limit", default=30, show_default=True, type=click.IntRange(1, 100_000), help="How many, newest first.")
@click.option("--act", help="Only entries of this act, such as environment.ship.")
@json_option
def log(state: State, limit: int, act: str | None) -> None:
    """The newest entries of the ledger: who did what, when and why."""
    with state.platform(state.project_root(), "audit") as platform:
        found = platform.ledger.latest(limit, act=act)
        private = platform.ledger.private(entry.sequence for entry in found)
    state.output.result(
        [audits.entry_json(entry, private.get(entry.sequence)) for entry in found],
        lambda screen: audits.entries(screen, found, private),
    )


@audit.command("show", epilog="Example: plimsoll audit show 12")
@click.argument("sequence", type=click.IntRange(0, 2**53))
@json_option
def show(state: State, sequence: int) -> None:
    """One entry, with the proof that it is in the log."""
    from plimsoll.flows.audit import prove

    with state.platform(state.project_root(), "audit") as platform:
        entry, proof = prove(sequence, platform.ledger)
        private = platform.ledger.private([sequence]).get(sequence)
    content = {**audits.entry_json(entry, private), "proof": proof}
    state.output.result(content, lambda screen: audits.entry(screen, entry, private, proof))


@audit.command("verify", epilog="Example: plimsoll audit verify --checkpoint kept.txt")
@click.option("--file", "path", type=_FILE, help="Verify an exported file, not this installation.")
@click.option("--checkpoint", "checkpoints", multiple=True, type=_FILE, help="A checkpoint that you kept elsewhere.")
@click.option("--key", help="The public key that you trust, for --file.")
@json_option
def verify(state: State, path: Path | None, checkpoints: tuple[Path, ...], key: str | None) -> int:
    """Recompute the whole log, and hold every record, content and checkpoint against it; exit 1 when anything differs.

    The same check for outsiders is the single file verify.py in every export.
    """
    from plimsoll.flows.audit import kept_checkpoints, verify_export
    from plimsoll.flows.audit import verify as verify_flow

    if path is not None:
        report = verify_export(path, checkpoints, key)
        state.output.result(report.to_json(), lambda screen: audits.report(screen, report))
        return DONE if report.ok else REFUSED
    with state.platform(state.project_root(), "read") as platform, progress(state.output) as advance:
        found = verify_flow(platform.audit_parts(advance), kept_checkpoints(checkpoints))
    state.output.result(audits.audited_json(found), lambda screen: audits.audited(screen, found))
    return DONE if found.sound else REFUSED


@audit.command("checkpoint", epilog="Example: plimsoll audit checkpoint > kept.txt")
@json_option
def checkpoint(state: State) -> None:
    """The signed head of the log; keep it where nobody who runs the database can change it. Leaves it at the anchor."""
    with state.platform(state.project_root(), "read") as platform:
        note = platform.ledger.checkpoint()
        if note:
            platform.anchor.add(note)
        content = {"note": note, "vkey": platform.ledger.key.verifier.text()}
    if state.output.json:
        state.output.result(content, lambda _: None)
    else:
        click.echo(note, nl=False)


@audit.command("verifier", epilog="Example: plimsoll audit verifier > verify.py")
@json_option
def verifier(state: State) -> None:
    """Print the verifier for outsiders: one file that needs nothing but python3, the same that is in every export."""
    from plimsoll.ledger.verifier import standalone

    if state.output.json:
        state.output.result({"verify.py": standalone()}, lambda _: None)
    else:
        click.echo(standalone(), nl=False)


@audit.command("export", epilog="Example: plimsoll audit export audit.tar")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def export(state: State, path: Path) -> None:
    """Write the whole log, what opens its commitments, and the verifier, as one file for an auditor."""
    from plimsoll.flows.audit import export as export_flow

    with state.platform(state.project_root(), "audit") as platform, progress(state.output) as advance:
        size = export_flow(path, platform.audit_parts(advance))
    content = {"path": path, "entries": size, "size_bytes": path.stat().st_size}
    state.output.result(
        content, lambda screen: screen.print(f"{size:,} entries → {path}", markup=False, highlight=False)
    )


@audit.command("erase", epilog="Example: plimsoll audit erase anna@example.org --dry-run")
@click.argument("subject")
@click.option("--dry-run", is_flag=True, help="Only say what would be destroyed.")
@click.option("--basis", default="GDPR Art. 17(1)", show_default=True, help="The legal ground; stays readable.")
@click.option("--yes", is_flag=True, help="Do not ask; there is no way back.")
@json_option
def erase(state: State, *, subject: str, dry_run: bool, basis: str, yes: bool) -> int:
    """Forget a person: destroy the key, and purge traces, datasets, caches and indexes. Every proof still verifies.

    Exit 1 when something of the person is in use and must be taken out of the project first.
    """
    from plimsoll.flows.erase import erase as erase_flow
    from plimsoll.flows.erase import plan_erasure

    with state.platform(state.project_root(), "erase") as platform:
        parts = platform.erase_parts()
        plan = plan_erasure(subject, parts)
        if dry_run:
            state.output.result(plan, lambda screen: audits.erasure_plan(screen, plan))
            return REFUSED if plan.residuals else DONE
        if plan and not yes and not _agreed(state):
            return WRONG_USE
        done = erase_flow(subject, parts, basis=basis)
    state.output.result(done, lambda screen: audits.erasure(screen, done))
    return DONE if done.complete else REFUSED


def _agreed(state: State) -> bool:
    if state.output.json:
        raise click.UsageError("an erasure cannot be undone: add --yes, or look first with --dry-run")
    return click.confirm("this cannot be undone; go on?", err=True)


COMMANDS: tuple[click.Command, ...] = (audit,)
