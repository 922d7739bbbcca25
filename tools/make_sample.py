#!/usr/bin/env python3
"""Makes the documents of the sample project from the readable files in `tools/sample_content/`.

`python tools/make_sample.py` writes them; with `--check` it writes nothing and exits 1 unless the committed documents
are exactly what it would write (with the library versions in `requirements/test.txt`).
"""

import argparse
import sys
from pathlib import Path

from sample_maker import SourceError, read_sources, render

_ROOT = Path(__file__).resolve().parent.parent
CONTENT = _ROOT / "tools" / "sample_content"
DOCUMENTS = _ROOT / "src" / "plimsoll" / "project" / "samples" / "skellan-quay" / "documents"


def make() -> dict[str, bytes]:
    """Every document of the sample, by its path inside the `documents` folder. Raises SourceError."""
    return {source.path: render(source) for source in read_sources(CONTENT)}


def differences(made: dict[str, bytes], folder: Path) -> list[str]:
    """What is missing, too much or different in `folder`, one sentence each."""
    present = {path.relative_to(folder).as_posix(): path for path in folder.glob("*/*") if path.is_file()}
    found = [f"missing: {name}" for name in sorted(made.keys() - present.keys())]
    found += [f"not made from any content file: {name}" for name in sorted(present.keys() - made.keys())]
    both = sorted(made.keys() & present.keys())
    return found + [f"different: {name}" for name in both if present[name].read_bytes() != made[name]]


def write(made: dict[str, bytes], folder: Path) -> None:
    """Put the documents into `folder`, and remove files there that no content file makes any more."""
    for path in folder.glob("*/*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in made:
            path.unlink()
    for name, data in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def main() -> int:
    """Run the command; returns the exit code: 0 done, 1 the check said no, 2 a content file is wrong."""
    parser = argparse.ArgumentParser(description="Make the documents of the sample project.")
    parser.add_argument("--check", action="store_true", help="only compare with the committed documents")
    arguments = parser.parse_args()
    try:
        made = make()
    except SourceError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    size_kb = sum(map(len, made.values())) / 1000
    if arguments.check:
        found = differences(made, DOCUMENTS)
        sys.stdout.write("".join(f"{line}\n" for line in found))
        sys.stdout.write(f"{len(made)} documents, {size_kb:.0f} kB, {len(found)} differences\n")
        return 1 if found else 0
    write(made, DOCUMENTS)
    sys.stdout.write(f"wrote {len(made)} documents, {size_kb:.0f} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
