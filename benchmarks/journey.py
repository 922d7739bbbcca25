"""The journey on real documents: 25 contract PDFs and 200 contract texts, retrieval on SciFact, the reader on XQuAD.

    python benchmarks/journey.py [--data-root ../shared/data] [--split dev] [--json]

Prints its progress to stderr and, as the last line of stdout, one JSON object. What it claims: every document is
indexed or listed with its reason; a second build does no stage work; changing one document embeds only its changed
chunks; hybrid search is at least as good as the BM25 floor; the reader is better than the passage's first sentence.
"""

import argparse
import gzip
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from plimsoll.bootstrap import open_platform
from plimsoll.documents import LoadSettings, load_file
from plimsoll.flows.build import BuildReport, build
from plimsoll.project import load_project
from plimsoll.retrieval.chunkers import ChunkSettings, chunk_document
from plimsoll.settings import read_settings

HERE = Path(__file__).resolve().parent
PROJECT = {
    "plimsoll.yaml": "name: contracts\n",
    "prompts/answer.yaml": "system: Answer from the passages.\n",
    "knowledge/contracts.yaml": "sources: [{path: documents}]\n",
    "routes/default.yaml": "model: builtin/reader\n",
    "endpoints/ask.yaml": "kind: rag\nprompt: answer\nknowledge: contracts\nroute: default\n",
}


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-root", type=Path, default=HERE.parent.parent / "shared" / "data")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--json", action="store_true", help="for symmetry: the last line is always JSON")
    arguments = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        metrics = contracts(Path(folder), arguments.data_root / "cuad", arguments.split)
    metrics["retrieval"] = other("retrieval", "scifact", arguments)
    metrics["reader"] = other("reader", "xquad", arguments)
    result = {
        "set": "journey",
        "split": arguments.split,
        "n": metrics["documents"],
        "embedder": "builtin/static",
        "seconds": round(time.perf_counter() - started, 1),
        "metrics": metrics,
    }
    print(json.dumps(result))


def contracts(root: Path, data: Path, split: str) -> dict[str, Any]:
    """Build the contracts three times: fresh, unchanged, and with one document changed."""
    size = write_project(root, data, split)
    seconds, first = timed_build(root)
    (knowledge,) = first.knowledge
    fates = Counter(outcome.fate for outcome in knowledge.outcomes)
    files = sum(1 for path in (root / "documents").rglob("*") if path.is_file())
    if len(knowledge.outcomes) != files:
        raise SystemExit(f"{files} files, but {len(knowledge.outcomes)} outcomes: a document was lost")
    again_seconds, again = timed_build(root)
    changed_chunks, change_seconds, changed = change_one(root)
    return {
        "documents": files,
        "fates": dict(fates),
        "left_out": {o.path: o.reason for o in knowledge.outcomes if o.fate != "indexed"},
        "chunks": knowledge.snapshot.chunks,
        "source_mb": round(size / 1e6, 1),
        "build_seconds": round(seconds, 2),
        "documents_per_second": round(files / seconds, 1),
        "chunks_per_second": round(knowledge.snapshot.chunks / seconds, 1),
        "peak_memory_mb": round(peak_memory_mb(), 1),
        "index_mb": round(folder_bytes(root / ".plimsoll" / "indexes") / 1e6, 1),
        "records_mb": round(folder_bytes(root / ".plimsoll" / "blobs") / 1e6, 1),
        "second_build_seconds": round(again_seconds, 2),
        "second_build_stage_work": again.work_done,
        "change_one_seconds": round(change_seconds, 2),
        "change_one_chunks_changed": changed_chunks,
        "change_one_stage_work": {name: count.done for name, count in changed.stages.items() if count.done},
    }


def write_project(root: Path, data: Path, split: str) -> int:
    """A project over the contracts; says how many bytes its documents have."""
    for name, text in PROJECT.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    pdfs, texts = root / "documents" / "pdf", root / "documents" / "text"
    pdfs.mkdir(parents=True)
    texts.mkdir()
    for path in sorted((data / f"{split}_pdf").glob("*.pdf")):
        shutil.copyfile(path, pdfs / path.name)
    with gzip.open(data / f"{split}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            (texts / f"{row['id']}.txt").write_text(row["text"], encoding="utf-8")
    return folder_bytes(root / "documents")


def timed_build(root: Path) -> tuple[float, BuildReport]:
    """Build as the command does, and say how long it took."""
    platform = open_platform(read_settings(root, {}), root)
    started = time.perf_counter()
    try:
        report = build(load_project(root), platform.build_parts(say_progress))
    finally:
        platform.close()
    return time.perf_counter() - started, report


def change_one(root: Path) -> tuple[int, float, BuildReport]:
    """Insert a sentence near the beginning of the longest text: how many chunks are new, and what the build did."""
    path = max((root / "documents" / "text").glob("*.txt"), key=lambda file: file.stat().st_size)
    before = chunks_of(path)
    text = path.read_text(encoding="utf-8")
    place = text.index("\n", len(text) // 10)
    path.write_text(f"{text[:place]} This sentence was not there before.{text[place:]}", encoding="utf-8")
    changed = len(chunks_of(path) - before)
    seconds, report = timed_build(root)
    return changed, seconds, report


def chunks_of(path: Path) -> set[str]:
    """The texts of a file's chunks."""
    return {chunk.text for chunk in chunk_document(load_file(path, path.name, LoadSettings()), ChunkSettings())}


def other(name: str, data_set: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """The result of another benchmark, run as a process of its own."""
    say(f"{name} on {data_set}")
    command = [sys.executable, str(HERE / f"{name}.py"), "--set", data_set, "--split", arguments.split]
    command += ["--data-root", str(arguments.data_root)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def folder_bytes(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def peak_memory_mb() -> float:
    """The largest resident size that this process or one of its children had, in megabytes."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024


def say_progress(stage: str, done: int, total: int) -> None:
    """One line for each finished stage."""
    if done == total:
        say(f"{stage}: {done}")


def say(text: str) -> None:
    """Progress goes to stderr."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
