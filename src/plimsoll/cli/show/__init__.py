"""How results look on a terminal, and as JSON for programs."""

from ._answers import answer, answer_json, lineage, replay, replay_json, trace, traces
from ._build import build, build_json, init, version, versions
from ._releases import gated, gated_json, move, move_json, release, release_json, releases, runs, status, status_json

__all__ = [
    "answer",
    "answer_json",
    "build",
    "build_json",
    "gated",
    "gated_json",
    "init",
    "lineage",
    "move",
    "move_json",
    "release",
    "release_json",
    "releases",
    "replay",
    "replay_json",
    "runs",
    "status",
    "status_json",
    "trace",
    "traces",
    "version",
    "versions",
]
