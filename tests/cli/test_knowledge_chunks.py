"""`plimsoll knowledge chunks`: what settings make of a document, for people and for programs."""

from pathlib import Path

import pytest
from tests.cli.conftest import Run

BODY = "The tenant keeps the shed clean and dry, and tells the owner of every leak. " * 8
TABLE = "\n".join(f"| door {number} | {number * 7} crowns |" for number in range(40))
LEASE = f"# Lease\n\n{BODY}\n\n## Notice\n\n{BODY}\n\n{BODY}\n\n## Prices\n\n{TABLE}\n\n## End\n\nSigned.\n"
FILES = {
    "plimsoll.yaml": "name: harbour\n",
    "prompts/answer.yaml": "system: Answer from the passages.\n",
    "knowledge/texts.yaml": "sources: [{path: documents}]\nchunk: {kind: structure, size: 500}\n",
    "routes/default.yaml": "model: builtin/reader\n",
    "endpoints/ask.yaml": "kind: rag\nprompt: answer\nknowledge: texts\nroute: default\n",
    "documents/lease.md": LEASE,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        file = tmp_path / "harbour" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return tmp_path / "harbour"


@pytest.fixture
def lease(folder: Path) -> Path:
    return folder / "documents" / "lease.md"


def test_a_file_is_shown_without_a_project(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "lease.md"
    file.write_text(LEASE)
    ended = run("knowledge", "chunks", file, "--size", "300", "--overlap", "100")
    assert ended.code == 0
    assert "lease.md: 1 page, " in ended.out
    assert "recursive, size 300, overlap 100 characters" in ended.out
    assert "chunks of" in ended.out
    assert "█" in ended.out
    assert "↑ " in ended.out
    assert "Lease > Notice" in ended.out
    assert "warning: a table of" in ended.out
    assert "warning: chunks with the same words as another: 12 (chunks " in ended.out
    assert not (tmp_path / ".plimsoll").exists()


def test_a_program_is_told_everything(run: Run, lease: Path) -> None:
    told = run("knowledge", "chunks", lease, "--kind", "structure", "--size", "400", "--json").json
    assert told["document"]["headings"] == 4
    assert told["document"]["media_type"] == "text/markdown"
    (cut,) = told["cuts"]
    assert cut["settings"]["kind"] == "structure"
    assert (cut["unit"], cut["sizes"]["chunks"]) == ("characters", len(cut["chunks"]))
    assert sum(bucket["chunks"] for bucket in cut["histogram"]) == len(cut["chunks"])
    assert all(LEASE[chunk["start"] : chunk["end"]] == chunk["text"] for chunk in cut["chunks"])
    assert all(chunk["tokens"] > 0 and chunk["page"] == 1 for chunk in cut["chunks"])
    torn = next(one for one in cut["warnings"] if one["code"] == "torn_table")
    assert len(torn["chunks"]) > 1
    assert all("| door" in cut["chunks"][number]["text"] for number in torn["chunks"])


def test_a_knowledge_base_says_how(run: Run, folder: Path, lease: Path) -> None:
    told = run("knowledge", "chunks", lease, "--knowledge", "texts", "--json", folder=folder).json
    settings = told["cuts"][0]["settings"]
    assert (settings["kind"], settings["size"], settings["overlap"]) == ("structure", 500, 0)
    told = run("knowledge", "chunks", lease, "--knowledge", "texts", "--size", "900", "--json", folder=folder).json
    assert told["cuts"][0]["settings"]["size"] == 900


def test_kinds_are_compared(run: Run, lease: Path) -> None:
    arguments = ("knowledge", "chunks", lease, "--compare", "parent_child", "--compare", "tokens", "--compare", "page")
    ended = run(*arguments)
    assert ended.code == 0
    assert "compared" in ended.out
    assert all(f"\n{kind}, size" in ended.out for kind in ("recursive", "parent_child", "tokens", "page"))
    told = run(*arguments, "--json").json
    assert [cut["settings"]["kind"] for cut in told["cuts"]] == ["recursive", "parent_child", "tokens", "page"]
    assert any(chunk["parent"] for chunk in told["cuts"][1]["chunks"])


def test_semantic_cuts_ask_the_embedder_of_the_knowledge_base(run: Run, folder: Path, lease: Path) -> None:
    arguments = ("knowledge", "chunks", lease, "--kind", "semantic", "--size", "400", "--json")
    alone = run(*arguments).json
    within = run(*arguments, "--knowledge", "texts", folder=folder).json
    assert alone["cuts"] == within["cuts"]
    assert alone["cuts"][0]["sizes"]["chunks"] > 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--kind", "recursif"), "chunker_missing"),
        (("--compare", "recursif"), "chunker_missing"),
        (("--size", "100", "--overlap", "100"), "retrieval_setting"),
        (("--kind", "no_such_module:cut"), "chunker_broken"),
        (("--knowledge", "text"), "knowledge_missing"),
    ],
)
def test_what_cannot_be_done_is_told_with_a_hint(
    run: Run, folder: Path, lease: Path, arguments: tuple[str, ...], code: str
) -> None:
    ended = run("knowledge", "chunks", lease, *arguments, "--json", folder=folder)
    assert (ended.code, ended.json["error"]["code"]) == (2, code)
    assert ended.json["error"]["hint"]


def test_a_file_that_cannot_be_read_is_told(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "empty.md"
    file.write_text("")
    assert run("knowledge", "chunks", file, "--json").code == 2
    assert run("knowledge", "chunks", tmp_path / "nothing.md").code == 2


def test_nothing_in_a_document_commands_the_terminal(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "evil.txt"
    file.write_text("one [bold]two[/] \x9b31m three \u202e four. " * 20)
    ended = run("knowledge", "chunks", file)
    assert "[bold]two[/]" in ended.out
    assert "\x9b" not in ended.out


def test_a_preview_asks_no_model_for_contexts_and_says_so(run: Run, folder: Path, lease: Path) -> None:
    chunk = "chunk: {kind: structure, size: 500, context: model, context_by: helper}\n"
    (folder / "knowledge/texts.yaml").write_text(f"sources: [{{path: documents}}]\n{chunk}")
    # Nobody listens there: whoever asks fails.
    (folder / "routes/helper.yaml").write_text("model: vllm/writer\nbase_url: http://127.0.0.1:9/v1\n")
    ended = run("knowledge", "chunks", lease, "--knowledge", "texts", folder=folder)
    assert ended.code == 0
    assert "no model was asked" in ended.out
    (cut,) = run("knowledge", "chunks", lease, "--knowledge", "texts", "--json", folder=folder).json["cuts"]
    assert cut["warnings"][-1]["code"] == "without_context"
    assert {chunk["context"] for chunk in cut["chunks"]} == {""}
    other = run("knowledge", "chunks", lease, "--knowledge", "texts", "--context", "auto", folder=folder)
    assert "no model was asked" not in other.out
