"""Every mistake of a project is told at once, with its file, its line, what is wrong and what would be right."""

from itertools import chain
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plimsoll.project import Mistake, ProjectInvalidError, load_project
from plimsoll.project.schemas import Definition, Section

BROKEN = {
    "plimsoll.yaml": "name: Contracts\nowners: me\nenvironments: [staging, staging]\npurpose: 12\n",
    "prompt.yaml": "system: x\n",
    "prompts/answer.yaml": (
        "system: |\n  Read.\n  {{ quesstion }}\n"
        "template: |\n  {% for p in passages %}\n  {{ p.txt }}\n  {% endfor %}\n  {{ question }}\n"
        "parameters:\n  temperature: hot\n  max_token: 5\nname: answer\n"
    ),
    "prompts/empty.yaml": "# nothing yet\n",
    "prompts/open.yaml": "template: |\n  {% if question %}\n  {{ question }}\n",
    "knowledge/handbook.yaml": (
        "sources:\n  - path: documents\n  - path: dokuments\n    include: [/etc/*]\n"
        "load:\n  ocr: on\n  max_pages: '10'\n"
        "chunk:\n  size: big\n  overlap: 900\nsearch: [hybrid]\nembed:\n  model: openai/large\n"
    ),
    "knowledge/small.yaml": "sources:\n  - path: documents\nchunk:\n  size: 250\n",
    "routes/default.yaml": (
        "model: gpt-4\napi_key: sk-very-secret\nbase_url: https://me:hidden@example.org/v1\n"
        "timeout_s: 0\nprice:\n  input_usd_per_million: 1\n"
    ),
    "routes/twice.yaml": "model: builtin/reader\nmodel: builtin/reader\n",
    "routes/tab.yaml": "model: builtin/reader\nprice:\n\tinput_usd_per_million: 1\n",
    "routes/Big.yaml": "model: openai_compatible/big\n",
    "endpoints/ask.yaml": "kind: rag\nprompt: answr\nroute: defualt\n",
    "endpoints/talk.yaml": "kind: chat\nprompt: plain\nknowledge: handbook\nroute:\n",
    "endpoints/odd.yml": "kind: rag\n",
    "prompts/plain.yaml": "system: Read.\n",
    "evals/ask.yaml": (
        "dataset: aks\nendpoint: ask\nscorers: [answer_contain, answered]\n"
        "thresholds:\n  token_f1: {at_least: 0.5}\n  speed: {at_most: 1}\n  answered: {}\n"
    ),
    "datasets/ask.jsonl": '{"question": "q", "answers": ["a"]}\n{"question": "q"}\n{oops\n',
    "guardrails/standard.yaml": "checks: []\n",
    "models/doc-type.yaml": "kind: few-shot\nlabels:\n  invoice: [12]\nat_least: high\n",
    "eval/more.yaml": "dataset: ask\n",
}

SNAPSHOT = Path(__file__).parent / "snapshots" / "broken.txt"


class Folder(Protocol):
    root: Path

    def write(self, path: str, content: str | bytes) -> Path: ...


def mistakes(root: Path) -> tuple[Mistake, ...]:
    with pytest.raises(ProjectInvalidError) as caught:
        load_project(root)
    return caught.value.mistakes


def test_everything_that_is_wrong_in_a_bad_project_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    for path, content in BROKEN.items():
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)
    told = [f"{mistake.place}: {mistake.what}\n    {mistake.instead}\n" for mistake in mistakes(tmp_path)]
    assert "".join(told) == SNAPSHOT.read_text(encoding="utf-8")


def test_the_error_counts_and_names_the_folder(folder: Folder) -> None:
    folder.write("plimsoll.yaml", "name: A\nowner: 1\n")
    with pytest.raises(ProjectInvalidError) as caught:
        load_project(folder.root)
    assert caught.value.message == f"2 mistakes in the project {folder.root}"
    assert caught.value.hint == "correct what is listed, beginning with plimsoll.yaml:1"
    assert caught.value.code == "project_invalid"


def test_no_secret_is_ever_repeated(folder: Folder) -> None:
    secrets = "sk-1234567890"
    folder.write(
        "routes/default.yaml",
        f"model: openai/x\napi_key: {secrets}\nbase_url: https://{secrets}:{secrets}@example.org/v1?key={secrets}\n"
        f"apikey: {secrets}\n",
    )
    folder.write("routes/list.yaml", f"model: openai/x\napi_key: [{secrets}]\n")
    folder.write("routes/number.yaml", "model: openai/x\napi_key: 1234567890\n")
    found = mistakes(folder.root)
    assert "1234567890" not in str(found)
    assert {(mistake.file, mistake.line) for mistake in found} == {
        ("routes/default.yaml", 2),
        ("routes/default.yaml", 3),
        ("routes/default.yaml", 4),
        ("routes/list.yaml", 2),
        ("routes/number.yaml", 2),
    }


def test_a_part_of_a_reference_is_no_reference(folder: Folder) -> None:
    for text in ("sk-${env:KEY}", "${env:KEY}x", "${KEY}", "$KEY", "${env:}", "${env:A B}", "${env:1}"):
        folder.write("routes/default.yaml", f'model: openai/x\napi_key: "{text}"\n')
        assert [mistake.what for mistake in mistakes(folder.root)] == ["a secret must not stand in a file"]


def test_a_project_needs_an_endpoint(folder: Folder) -> None:
    (folder.root / "endpoints/ask.yaml").unlink()
    (folder.root / "evals/ask.yaml").unlink()
    assert [(mistake.place, mistake.what) for mistake in mistakes(folder.root)] == [
        ("endpoints/", "a project needs at least one endpoint, or a route that serves a name")
    ]


def test_passages_that_would_never_reach_the_model_are_a_mistake(folder: Folder) -> None:
    folder.write("prompts/answer.yaml", 'template: "{{ question }}"\n')
    assert [(mistake.place, mistake.what) for mistake in mistakes(folder.root)] == [
        (
            "endpoints/ask.yaml:2",
            "the passages would never reach the model: prompts/answer.yaml does not use `passages`",
        )
    ]


def test_a_template_without_the_question_is_a_mistake(folder: Folder) -> None:
    folder.write("prompts/answer.yaml", "system: x\ntemplate: |\n  {{ passages|length }}\n")
    assert [(mistake.place, mistake.what) for mistake in mistakes(folder.root)] == [
        ("prompts/answer.yaml:2", "`template` never uses the question")
    ]


def test_control_characters_are_not_printed(folder: Folder) -> None:
    folder.write("plimsoll.yaml", 'name: "\\e[31mred"\n"\\e[31mkey": 1\n')
    assert all(f"{mistake.what}{mistake.instead}".isprintable() for mistake in mistakes(folder.root))


def test_files_that_are_not_text_are_mistakes(folder: Folder) -> None:
    folder.write("routes/default.yaml", b"model: caf\xe9\n")
    folder.write("prompts/answer.yaml", b"\x00\x01")
    assert [(mistake.place, mistake.what) for mistake in mistakes(folder.root)] == [
        ("prompts/answer.yaml:1", "the character U+0000 may not stand in YAML"),
        ("routes/default.yaml:1", "the file is not UTF-8"),
    ]


SECTIONS = (*Section.__subclasses__(), *Definition.__subclasses__())
keys = st.sampled_from([*chain.from_iterable(section.keys() for section in SECTIONS), "answered", "odd", "production"])
scalars = st.sampled_from(
    [
        *(
            "1",
            "-1",
            "0.5",
            "12:00",
            "2026-12-20T00:00:00Z",
            "[mon]",
            "UTC",
            "text",
            '""',
            "~",
            "true",
            "no",
            "[]",
            "{}",
            "[a, 1]",
            "{a: 1}",
            "'{{ x }}'",
            "*a",
            "&a x",
        ),
        *('"\\0"', '"\\ud800"', "${env:A}", "!t x", "documents", "../..", "/", "{{ question }}", "|\n  {{ x"),
        *("x" * 5000, "9" * 400),
    ]
)
yaml_texts = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="ab01:-?[]{},&*!|>'\"%@`#\\ \t\n.~<=", max_size=60),
    st.lists(
        st.builds("{}{}: {}".format, st.sampled_from(["", "  ", "- "]), keys, scalars | st.just("")), max_size=8
    ).map("\n".join),
)
FILES = st.sampled_from(
    [
        "plimsoll.yaml",
        *(f"{name}/x.yaml" for name in ("prompts", "knowledge", "routes", "models", "endpoints", "evals")),
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(file=FILES, text=yaml_texts)
def test_no_text_raises_anything_but_mistakes(folder: Folder, file: str, text: str) -> None:
    path = folder.write(file, text.encode("utf-8", "surrogatepass"))
    found: tuple[Mistake, ...] = ()
    try:
        load_project(folder.root)
    except ProjectInvalidError as error:
        found = error.mistakes
    assert all(f"{wrong.what}{wrong.instead}".isprintable() for wrong in found)
    path.unlink()
    folder.write("plimsoll.yaml", "name: contracts\n")
