"""The process that is killed: it writes records in a loop, and says what was acknowledged as soon as it was.

    python benchmarks/records_victim.py HOME [ADDRESS]

For every line on its input it forks a child that begins to write, so that everything is imported only once. Every line
of its output is a JSON object: first `{"pid": …}` of the child, then what the child was told is kept, and after the
child is dead `{"dead": <how it ended>}`.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from plimsoll.bootstrap import Platform
from plimsoll.kernel.digest import Json, canonical_json
from plimsoll.ledger import Act, By
from plimsoll.registry import Publication
from plimsoll.releases import Evidence, Manifest
from plimsoll.settings import read_settings

APP = "harbour"
ENVIRONMENT = "production"
PERSON = "ada"
ROLLBACK_EVERY = 5

Say = Callable[[Mapping[str, Json]], None]


def open_records(home: Path, database: str = "") -> Platform:
    """The installation at a place; the environment of this process does not count."""
    return Platform(read_settings(home, {"PLIMSOLL_DATABASE": database}), home)


def write(records: Platform, child: int, say: Say) -> None:
    """Write until killed: a note, a version, a release and a move, again and again. What is said is acknowledged."""
    by = By(records.ledger.subject(PERSON))
    turn = 0
    while True:
        turn += 1
        note = f"note {turn} of writer {child}"
        (noted,) = records.ledger.record([Act("note.add", APP, by, {"text": note}, {"reason": f"reason of {note}"})])
        say({"act": "note.add", "sequence": noted.sequence, "text": note, "reason": f"reason of {note}"})
        content = Publication("prompt", "answer", {"text": note})
        (version,) = records.registry.publish(APP, [content], by=by, source_commit="")
        say({"act": "version.publish", "sequence": version.sequence, "digest": version.digest})
        run = records.blobs.put(canonical_json({"run": note}))
        manifest = Manifest(APP, {version.ref.key: version.digest}, (Evidence("answers", version.digest, run, "pass"),))
        release = records.releases.keep_release(manifest, by=by, source_commit="")
        say({"act": "release.freeze", "sequence": release.sequence, "release": manifest.digest})
        move = records.environments.ship(release, ENVIRONMENT, by=by, reason=note)
        say({"act": "environment.ship", "sequence": move.sequence, "to": move.to_release, "reason": note})
        if turn % ROLLBACK_EVERY == 0:
            move = records.environments.roll_back(APP, ENVIRONMENT, by=by, reason=note)
            say({"act": "environment.rollback", "sequence": move.sequence, "to": move.to_release, "reason": note})


def say(line: Mapping[str, Json]) -> None:
    """One line in one call, so that a kill leaves all of it or nothing."""
    os.write(sys.stdout.fileno(), canonical_json(line) + b"\n")


def main() -> None:
    """Fork a writer for every line of the input."""
    home, *address = sys.argv[1:]
    for number, _ in enumerate(iter(sys.stdin.readline, "")):
        child = os.fork()
        if child == 0:
            try:
                say({"pid": os.getpid()})
                write(open_records(Path(home), *address), number, say)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        say({"dead": os.waitstatus_to_exitcode(status)})


if __name__ == "__main__":
    main()
