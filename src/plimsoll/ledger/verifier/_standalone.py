"""Joins the modules of this folder into one file that runs alone."""

from __future__ import annotations

import ast
from pathlib import Path

# In the order in which they need each other.
PARTS = (
    "_report",
    "_canonical",
    "_ed25519",
    "_tree",
    "_notes",
    "_archive",
    "_entry",
    "_story",
    "_log",
    "_release",
    "_page",
    "_program",
)
HEAD = '''#!/usr/bin/env python3
"""Verifies an audit export or a release export of Plimsoll with nothing but Python (3.9 or newer).

    python3 verify.py FILE [--checkpoint NOTE_FILE]... [--key VKEY] [--at TIME] [--app APP] [--environment ENV] [--json]

Exit 0: everything verified. 1: something does not verify; each finding stands on a line of its own. 2: wrong use, or a
file that cannot be read. Whoever holds the signing key could make a whole file anew: bring a checkpoint that you got
earlier, or the key from another source. And take this program from a source that you trust, not from the file.

Sources: RFC 8032 (Ed25519), RFC 6962 and 9162 (Merkle tree), RFC 8785 (canonical JSON; integers up to 2**53), C2SP
signed-note and tlog-checkpoint, DSSE 1.0, in-toto Statement 1, SLSA provenance 1, POSIX ustar.
"""
'''
TAIL = '\n\nif __name__ == "__main__":\n    sys.exit(main())\n'


def standalone() -> str:
    """The text of the single-file verifier, the same on every machine."""
    imports: dict[str, set[str]] = {}
    bodies = [_body((Path(__file__).parent / f"{part}.py").read_text(encoding="utf-8"), imports) for part in PARTS]
    plain = [f"import {module}" for module, names in sorted(imports.items()) if not names]
    named = [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(imports.items()) if names]
    head = [HEAD, "from __future__ import annotations", "", *plain, *named, "", ""]
    return "\n".join(head) + "\n" + "\n\n".join(bodies) + TAIL


def _body(text: str, imports: dict[str, set[str]]) -> str:
    """A module without its imports, which go into `imports`, and with its docstring as a comment."""
    end = 1
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import):
            imports.update({name.name: set() for name in node.names})
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module not in {None, "__future__"}:
            imports.setdefault(str(node.module), set()).update(name.name for name in node.names)
        if isinstance(node, ast.Import | ast.ImportFrom):
            end = node.end_lineno or end
    lines = text.splitlines()
    return "# " + lines[0].strip('"') + "\n\n" + "\n".join(lines[end:]).strip("\n") + "\n"
