"""The command line, and the functions behind it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ._archive import Archive
from ._log import Log, read_openings
from ._notes import Checkpoint, Key, open_notes, split_notes, wrapped_notes
from ._page import page
from ._release import ReleaseFile
from ._report import MALFORMED, Report, UnreadableError
from ._story import END_OF_TIME, Question, Story

BUNDLE_FORMAT = 1
AUDIT_FILES = {"export.json", "entries.jsonl", "checkpoints.jsonl", "openings.jsonl", "verify.py", "README.txt"}
HELD_LIMIT = 1 << 26
DAY_LENGTH = len("2026-01-31")
UTC = timezone(timedelta(0))


def verify_file(
    path: str | Path,
    checkpoints: Iterable[str | Path] = (),
    key: str | None = None,
    *,
    question: Question | None = None,
) -> Report:
    """Verify an audit export or a release export.

    `checkpoints` are files with checkpoints that the auditor holds; `key` is the key text that the auditor trusts.
    Raises UnreadableError when the file cannot be read at all; everything else is a finding of the report.
    """
    try:
        held = [note for name in checkpoints for note in _held_file(Path(name))]
        report = Report("audit")
        archive = Archive(Path(path), report)
        head_name = "bundle.json" if "bundle.json" in archive.files else "export.json"
        report.kind = "release" if head_name == "bundle.json" else "audit"
        with report.watch(head_name):
            _verify(archive, archive.json(head_name), held, key, question or Question())
    except OSError as error:
        raise UnreadableError(f"{error.filename or path} cannot be read: {error.strerror}") from None
    return report


def verify_lines(
    lines: Iterable[str],
    notes: Iterable[str],
    held: Iterable[str | tuple[str, str]],
    vkey: str,
    *,
    openings: Iterable[str] | None = None,
) -> Report:
    """Verify a living ledger: its lines, its own checkpoints in the order of their sizes, and those held elsewhere.

    A checkpoint in `held` is a signed note, or a pair of the name by which its keeper knows it and the note.
    `openings` are JSON lines as in an export; without them the report does not speak of names, reasons and what is
    withheld. Raises UnreadableError when `vkey` is no key.
    """
    report, key = Report("ledger"), _given_key(vkey)
    story = Story(Question(), opening=openings is not None)
    report.trust.update({"origin": key.name, "key": key.text, "key_origin": "given"})
    numbered = enumerate(held, 1)
    named = [note if isinstance(note, tuple) else (f"held checkpoint {number}", note) for number, note in numbered]
    old = _held(report, key, named)
    own = open_notes(report, key, ((f"checkpoint {number}", note) for number, note in enumerate(notes, 1)))
    Log(report, story, key).walk(lines, read_openings(report, "openings", openings or ()), [own, iter(old)])
    _tell(report, story)
    return report


def _verify(archive: Archive, head: Any, notes: list[tuple[str, str]], given: str | None, question: Question) -> None:
    report = archive.report
    if head.get("kind") != report.kind or head.get("format") != BUNDLE_FORMAT:
        told = f"kind {str(head.get('kind'))[:20]}, format {str(head.get('format'))[:20]}"
        raise UnreadableError(f"the file is of {told}; this verifier knows format {BUNDLE_FORMAT}: use a newer one")
    key = Key(head["vkey"]) if given is None else _given_key(given)
    if head["vkey"] != key.text:
        report.find("the key", f"of the file is {head['vkey']}, and you trust {key.text}")
    if head["origin"] != key.name:
        report.find("the ledger", f"of the file is {head['origin']}, and the key is of {key.name}")
    report.trust.update({"origin": key.name, "key": key.text, "key_origin": "file" if given is None else "given"})
    held = _held(report, key, notes)
    if report.kind == "audit":
        story = Story(question)
        _verify_audit(archive, head, Log(report, story, key), key, held)
    else:
        story = Story(Question(question.until, question.app, question.environment, str(head["release"])))
        ReleaseFile(archive, report, key).verify(head, story, held)
    _tell(report, story)


def _verify_audit(archive: Archive, head: Any, log: Log, key: Key, held: list[Checkpoint]) -> None:
    report = archive.report
    archive.expect(AUDIT_FILES)
    notes = wrapped_notes(report, "checkpoints.jsonl", archive.lines("checkpoints.jsonl"))
    openings = read_openings(report, "openings.jsonl", archive.lines("openings.jsonl"))
    log.walk(archive.lines("entries.jsonl"), openings, [open_notes(report, key, notes), iter(held)])
    if head["size"] != log.tree.size:
        report.find("export.json", f"says that the log has {head['size']} entries, and it has {log.tree.size}")


def _held(report: Report, key: Key, notes: list[tuple[str, str]]) -> list[Checkpoint]:
    held = sorted(open_notes(report, key, notes))
    report.trust.update({"held": len(held), "held_size": held[-1][0] if held else 0})
    if held and report.trust["key_origin"] == "file":
        report.trust["key_origin"] = "held"
    return held


def _held_file(path: Path) -> list[tuple[str, str]]:
    with path.open("rb") as file:
        data = file.read(HELD_LIMIT)
    return split_notes(path.name, data.decode("utf-8", "replace"))


def _given_key(text: str) -> Key:
    try:
        return Key(text)
    except MALFORMED:
        raise UnreadableError(f"`{text[:120]}` is no key in the form name+<key id>+<base64>") from None


def _tell(report: Report, story: Story) -> None:
    report.trust.update({**story.disclosed, "until": story.question.until})
    with report.watch("the story"):
        report.story = story.tell()


def moment(text: str) -> str:
    """A time (RFC 3339), or the end of a day in UTC, as entries write it. Raises ValueError."""
    if len(text) == DAY_LENGTH:
        text += "T23:59:59.999999Z"
    time = datetime.fromisoformat(text[:-1] + "+00:00" if text[-1:] in {"Z", "z"} else text)
    if time.tzinfo is None:
        msg = "a time needs its zone"
        raise ValueError(msg)
    return time.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="verify.py",
        description="Verifies an audit export or a release export of Plimsoll.",
        epilog="Exit status: 0 everything verified, 1 something does not, 2 wrong use or an unreadable file.",
    )
    parser.add_argument("file", help="the export")
    parser.add_argument(
        "--checkpoint", action="append", default=[], metavar="NOTE_FILE", help="a checkpoint that you got earlier"
    )
    parser.add_argument("--key", metavar="VKEY", help="the key that you trust: name+<key id>+<base64>")
    parser.add_argument("--at", metavar="TIME", help="tell what was live then (RFC 3339, or a day: its end in UTC)")
    parser.add_argument("--app", default="", help="only this application")
    parser.add_argument("--environment", default="", help="only this environment")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = _arguments()
    told = parser.parse_args(arguments)
    try:
        until = moment(told.at) if told.at else END_OF_TIME
    except (ValueError, OverflowError):
        parser.error(f"--at: `{told.at}` is no time such as 2026-05-03 or 2026-05-03T12:00:00Z")
    try:
        question = Question(until, told.app, told.environment)
        report = verify_file(told.file, told.checkpoint, told.key, question=question)
    except UnreadableError as error:
        sys.stderr.write(f"{str(error).encode('ascii', 'backslashreplace').decode()}\n")
        return 2
    text = json.dumps(report.to_json(), indent=2) + "\n" if told.json else page(report)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    return 0 if report.ok else 1
