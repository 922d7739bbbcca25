"""Which commit of the user's own repository a project folder is at."""

import subprocess
from pathlib import Path

_TIMEOUT_S = 10


def source_commit(root: Path) -> str:
    """The commit of a project folder, with `+changes` when it has changes that are not committed.

    Empty outside a Git repository, before its first commit, and where Git is not installed.
    """
    commit = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    if not commit:
        return ""
    changes = _git(root, "status", "--porcelain", "--untracked-files=normal", "--", ".")
    return f"{commit}+changes" if changes else commit


def _git(root: Path, *arguments: str) -> str:
    """What Git prints; nothing when it fails. The repository's own configuration may not start programs."""
    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", *arguments]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
