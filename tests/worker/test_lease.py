"""One worker of an application at a time."""

import subprocess
import sys

from plimsoll.worker import JobsPlace, Lease

HOLD = """
import sys
from pathlib import Path
from plimsoll.worker import JobsPlace, Lease
lease = Lease(JobsPlace("harbour", Path(sys.argv[1])))
print(lease.take(), flush=True)
sys.stdin.read()
"""


def test_only_one_process_has_the_lease_and_killing_it_gives_it_back(place: JobsPlace) -> None:
    command = [sys.executable, "-c", HOLD, str(place.file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with Lease(place) as lease:
            assert (lease.take(), lease.is_held) == (False, False)
            holder.kill()
            holder.wait()
            assert (lease.take(), lease.is_held) == (True, True)
    with Lease(place) as after:
        assert after.take()


def test_applications_of_one_home_have_workers_of_their_own(place: JobsPlace) -> None:
    with Lease(place) as ours, Lease(JobsPlace("quay", place.file)) as theirs:
        assert ours.take()
        assert theirs.take()
