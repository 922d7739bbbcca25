"""How results look on a terminal, and as JSON for programs.

Each module is a door of its own: `answers`, `builds` (projects, builds, versions), `verdicts` (runs, releases, moves).
"""
