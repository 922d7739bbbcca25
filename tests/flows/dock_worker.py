"""One of several processes that publish, label and ship in one installation at the same time.

Waits for a line of standard input, works, and says in a line of JSON what was acknowledged after each act.
"""

import json
import sys
from pathlib import Path

from tests.flows.home import APP, Home

from plimsoll.kernel.digest import digest_bytes
from plimsoll.kernel.signing import SigningKey
from plimsoll.ledger import By
from plimsoll.registry import Publication
from plimsoll.releases import Evidence, Manifest
from plimsoll.storage import PostgresPlace

ROUNDS = 6
ORIGIN = "plimsoll/00c0ffee"


def home_in(folder: Path, place: Path | PostgresPlace) -> Home:
    keys = ((folder / "subjects.key").read_bytes(), SigningKey.from_pem(ORIGIN, (folder / "signing.pem").read_bytes()))
    return Home(folder, keys, records=place)


def say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


def work(home: Home, worker: int) -> None:
    """What everybody publishes, what only this one publishes, a label that all move, and a ship."""
    by = By(home.ledger.subject("ada"))
    say(did="start", actor=by.actor)
    for number in range(ROUNDS):
        base = Publication("source", "texts", {"edition": number})
        own = Publication("prompt", "answer", {"edition": number, "worker": worker}, (base.ref,))
        for version in home.registry.publish(APP, [base, own], by=by, source_commit=""):
            say(did="publish", key=version.ref.key, digest=version.digest, number=version.number)
        moved = home.labels.move(
            APP, ("prompt:answer", "latest"), own.ref.digest, by=by, reason=f"by {worker}", guard=lambda _: None
        )
        assert moved is not None
        say(did="label", sequence=moved.sequence, digest=own.ref.digest)
        suite = digest_bytes(b"suite")
        evidence = (Evidence("ask", suite, home.blobs.put(b"{}"), "pass"),)
        artifacts = {"prompt:answer": own.ref.digest}
        home.releases.judge(Manifest(APP, artifacts), evidence, by=by)
        release = home.releases.keep_release(Manifest(APP, artifacts, evidence), by=by, source_commit="")
        move = home.environments.ship(release, "staging", by=by, reason=f"by {worker}")
        say(did="ship", sequence=move.sequence, digest=move.to_release)


def main() -> None:
    folder, place, worker = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    url, _, schema = place.partition(" ")
    sys.stdin.readline()
    # Opened only now, so that the first start happens at the same time too.
    home = home_in(folder, PostgresPlace(url, schema) if schema else Path(url))
    work(home, worker)
    home.close()


if __name__ == "__main__":
    main()
