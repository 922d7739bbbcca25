"""Reading a project without mistakes."""

import dataclasses
import errno
import os
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from plimsoll.datasets import Row
from plimsoll.kernel.digest import canonical_json, digest_json
from plimsoll.project import (
    KnowledgeDefinition,
    ProjectInvalidError,
    find_project,
    load_project,
)
from plimsoll.project._errors import ProjectMissingError
from plimsoll.project._yaml import parse_yaml
from plimsoll.project.schemas import RouteDefinition
from plimsoll.prompts import Prompt


class Folder(Protocol):
    root: Path

    def write(self, path: str, content: str | bytes) -> Path: ...


def test_a_project_is_read_with_its_defaults(folder: Folder) -> None:
    project = load_project(folder.root)
    assert project.root == folder.root
    assert project.app.name == "contracts"
    assert project.app.environments == ("staging", "production")
    assert project.knowledge["handbook"].content() == {
        "sources": [{"path": "documents", "include": ["**/*"], "exclude": []}],
        "load": {
            "ocr": "auto",
            "ocr_languages": ["eng"],
            "max_file_mb": 100,
            "max_pages": 5000,
            "near_duplicates": "keep",
        },
        "chunk": {"kind": "recursive", "size": 1000, "overlap": 150, "context": "headings"},
        "embed": {"model": "builtin/static"},
        "search": project.knowledge["handbook"].search.model_dump(mode="json"),
    }
    searched = project.knowledge["handbook"].search
    assert (searched.mode, searched.top_k, searched.candidates, searched.reranker) == ("hybrid", 6, 100, None)
    assert project.routes["default"].model == "builtin/reader"
    assert project.suites["ask"].content() == {
        "dataset": "ask",
        "endpoint": "ask",
        "scorers": ["answer_contains"],
        "thresholds": {"answer_contains": {"at_least": 0.8}},
        "confidence": 0.95,
        "repeats": 1,
        "seed": 0,
    }
    assert project.datasets["ask"] == (Row("row-1", "How long?", ("30 days",), (), answerable=True, tags=()),)
    assert project.endpoints["ask"].knowledge == "handbook"


def test_a_prompt_is_what_the_prompts_room_reads(folder: Folder) -> None:
    folder.write("prompts/answer.yaml", "system: Read.\nparameters: {temperature: 1, seed: 7}\n")
    prompt = Prompt.from_json(load_project(folder.root).prompts["answer"].content())
    assert (prompt.system, prompt.parameters) == ("Read.", {"temperature": 1.0, "seed": 7})
    assert "The documents do not say." in prompt.template


def test_a_project_cannot_be_changed(folder: Folder) -> None:
    project = load_project(folder.root)
    with pytest.raises(dataclasses.FrozenInstanceError):
        project.root = Path()  # type: ignore[misc]  # that it is refused is what is shown
    with pytest.raises(ValidationError):
        project.app.name = "other"  # type: ignore[misc]  # that it is refused is what is shown
    with pytest.raises(TypeError):
        project.datasets["new"] = ()  # type: ignore[index]  # that it is refused is what is shown


def test_secrets_stay_references(folder: Folder) -> None:
    folder.write("routes/big.yaml", "# a comment\nmodel: openai/gpt-4.1-mini\napi_key: ${env:OPENAI_API_KEY}\n")
    project = load_project(folder.root)
    assert b"${env:OPENAI_API_KEY}" in canonical_json(project.routes["big"].content())


def test_other_files_are_the_users_business(folder: Folder) -> None:
    for path in (
        "README.md",
        ".pre-commit-config.yaml",
        "prompts/notes.md",
        "src/app.py",
        "docs/a.yaml",
        "prompts/.x.yaml",
    ):
        folder.write(path, "[")
    (folder.root / "guardrails").mkdir()
    load_project(folder.root)


def test_a_source_may_be_a_file_or_lie_outside(folder: Folder, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    sources = f"sources:\n- path: documents/notice.md\n- path: ../elsewhere\n- path: {outside}\n"
    folder.write("knowledge/handbook.yaml", sources)
    assert len(load_project(folder.root).knowledge["handbook"].sources) == 3


def test_an_empty_value_counts_as_not_given(folder: Folder) -> None:
    folder.write("knowledge/handbook.yaml", "sources:\n  - path: documents\nchunk:\n  # size: 300\nsearch:\n  top_k:\n")
    definition = load_project(folder.root).knowledge["handbook"]
    assert (definition.chunk.size, definition.search.top_k) == (1000, 6)


def test_the_nearest_project_above_is_found(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = folder.root / "documents" / "deep"
    inside.mkdir()
    assert find_project(inside) == folder.root
    monkeypatch.chdir(inside)
    assert find_project(Path()) == folder.root


def test_a_folder_without_a_project_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ProjectMissingError, match="there is no plimsoll") as caught:
        load_project(tmp_path)
    assert "plimsoll init" in caught.value.hint
    with pytest.raises(ProjectMissingError):
        find_project(tmp_path / "nowhere")
    (tmp_path / "plimsol.yaml").write_text("name: a")
    with pytest.raises(ProjectMissingError, match=r'there is "plimsol\.yaml"') as caught:
        load_project(tmp_path)
    assert caught.value.hint == 'rename "plimsol.yaml" to plimsoll.yaml'


KNOWLEDGE = ["sources: [{path: documents, exclude: [a, b]}]", "chunk: {size: 900, overlap: 90}", "search: {top_k: 3}"]
ROUTE = [
    "model: openai/x",
    "timeout_s: 5",
    "api_key: ${env:KEY}",
    "price: {input_usd_per_million: 1, output_usd_per_million: 2.5}",
]


@given(st.permutations(KNOWLEDGE), st.permutations(ROUTE), st.lists(st.sampled_from(["", "# a comment"]), max_size=3))
def test_order_and_comments_do_not_change_a_digest(knowledge: list[str], route: list[str], more: list[str]) -> None:
    for model, given_lines, lines in ((KnowledgeDefinition, KNOWLEDGE, knowledge), (RouteDefinition, ROUTE, route)):
        first, second = (
            model.model_validate(parse_yaml("\n".join(text).encode()).data)
            for text in (given_lines, [*more, *lines, *more])
        )
        assert digest_json(first.content()) == digest_json(second.content())


def test_writing_a_default_down_does_not_change_a_digest_and_another_value_does() -> None:
    def digest(text: str) -> str:
        return digest_json(KnowledgeDefinition.model_validate(parse_yaml(text.encode()).data).content())

    short = digest("sources: [{path: documents}]")
    assert digest('sources: [{path: "documents", include: ["**/*"]}]\nchunk: {size: 1000}\nload: {ocr: auto}') == short
    assert digest("sources: [{path: documents}]\nchunk: {size: 1001}") != short


def test_a_file_that_may_not_be_read_is_a_mistake(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rights are not changed, because root may read everything."""
    real = Path.open

    def deny(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == "default.yaml":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", deny)
    with pytest.raises(ProjectInvalidError) as caught:
        load_project(folder.root)
    assert "cannot be read" in caught.value.mistakes[0].what


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_is_not_waited_for(folder: Folder) -> None:
    os.mkfifo(folder.root / "prompts" / "pipe.yaml")
    with pytest.raises(ProjectInvalidError) as caught:
        load_project(folder.root)
    assert [(mistake.file, mistake.what) for mistake in caught.value.mistakes] == [
        ("prompts/pipe.yaml", "this is not a file")
    ]


def test_a_suite_calls_its_scorers_and_figures_what_it_likes(folder: Folder) -> None:
    folder.write(
        "evals/ask.yaml",
        "dataset: ask\nendpoint: ask\nscorers:\n  - answer_contains\n  - {scorer: recall_at_k, name: recall_5, k: 5}\n"
        "figures: [macro_f1]\nthresholds: {recall_5: {at_least: 0.5}, macro_f1: {at_least: 0.5}}\n"
        "slices: {hard: {recall_5: {at_least: 0.3, confidence: estimate}}}\nconfidence: 0.9\n",
    )
    content = load_project(folder.root).suites["ask"].content()
    assert content["scorers"] == ["answer_contains", {"scorer": "recall_at_k", "name": "recall_5", "k": 5}]
    assert content["figures"] == ["macro_f1"]
    assert content["slices"] == {"hard": {"recall_5": {"at_least": 0.3, "confidence": "estimate"}}}


@pytest.mark.parametrize(
    ("written", "line", "what"),
    [
        ("scorers: [{scorer: recall_at_k, k: 0}]\n", 3, "`k`"),
        ("scorers: [answered, answered]\n", 3, '"answered" stands in the list twice'),
        ("scorers: [answered]\nslices: {hard: {speed: {at_most: 1}}}\n", 4, 'there is no measure "speed"'),
        ("scorers: [answered]\nfigures: [{figure: nothing}]\n", 4, "there is no such figure"),
    ],
)
def test_what_is_wrong_in_a_suite_is_told_with_its_line(folder: Folder, written: str, line: int, what: str) -> None:
    folder.write("evals/ask.yaml", f"dataset: ask\nendpoint: ask\n{written}")
    with pytest.raises(ProjectInvalidError) as caught:
        load_project(folder.root)
    (mistake,) = caught.value.mistakes
    assert mistake.place == f"evals/ask.yaml:{line}"
    assert what in mistake.what
