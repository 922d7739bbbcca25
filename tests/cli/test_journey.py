"""The journey at the command line, from an empty folder to a release that is moved back."""

from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.flows.conftest import Workshop

LEAVE = "How many days of paid leave has an employee?"


def released(run: Run, workshop: Workshop, edition: str = "") -> str:
    if edition:
        workshop.write("prompts/answer.yaml", f"system: Answer shortly. {edition}\n")
    ended = run("release", "--json", folder=workshop.root)
    assert ended.code == 0, ended.out
    name: str = ended.json["release"]["name"]
    return name


@pytest.mark.parametrize("template", ["rag", "documents", "gateway"])
def test_a_new_project_is_built_asked_and_released_as_it_is(run: Run, tmp_path: Path, template: str) -> None:
    folder = tmp_path / "My App"
    made = run("init", template, folder)
    assert made.code == 0
    assert "plimsoll build" in made.out
    assert "into documents/ first" in made.out
    assert ("README.md says how to go on" in made.out) == (template == "gateway")
    assert run("build", folder=folder).code == 0
    ended = run("release", "--json", folder=folder)
    assert ended.code == 0, ended.out
    assert ended.json["release"]["manifest"]["app"] == "my-app"
    assert run("init", template, folder).code == 2


def test_a_project_without_documents_is_not_told_of_them(run: Run, tmp_path: Path) -> None:
    made = run("init", "chat", tmp_path / "talk")
    assert (made.code, "documents/" in made.out) == (0, False)


def test_ask_answers_with_citations_and_explains_itself(run: Run, workshop: Workshop) -> None:
    assert run("build", folder=workshop.root).code == 0
    answer = run("ask", LEAVE, "--json", folder=workshop.root).json
    assert (answer["answered"], answer["citations"][0]["document"]) == (True, "policies/leave.md")
    shown = run("ask", LEAVE, folder=workshop.root).out
    assert "twenty-six days" in shown
    assert "policies/leave.md, page 1" in shown
    chain = run("lineage", answer["trace"], "--json", folder=workshop.root).json
    assert chain["passages"][0]["document"] == "policies/leave.md"
    assert {artifact["kind"] for artifact in chain["artifacts"]} >= {"index", "source", "prompt"}
    assert "index texts v1" in run("lineage", answer["trace"][:12], folder=workshop.root).out
    again = run("replay", answer["trace"], "--json", folder=workshop.root)
    assert (again.code, again.json["proved"]) == (0, True)
    assert "every provable part is the same" in run("replay", answer["trace"], folder=workshop.root).out
    traces = run("trace", "list", "--json", folder=workshop.root).json
    assert answer["trace"] in {trace["id"] for trace in traces}
    assert LEAVE in run("trace", "show", answer["trace"], folder=workshop.root).out


def test_release_ship_and_roll_back(run: Run, workshop: Workshop) -> None:
    root = workshop.root
    first = released(run, workshop)
    assert "that is your release" in run("release", folder=root).out
    second = released(run, workshop, "Second edition.")
    assert run("ship", first, "staging", "--reason", "first", folder=root).code == 0
    moved = run("ship", second, "staging", "--json", folder=root).json
    assert (moved["name"], moved["actor"]) == (second, "ada")
    assert run("ask", LEAVE, "--env", "staging", "--json", folder=root).json["release_name"] == second
    back = run("rollback", "staging", "--reason", "worse", "--json", folder=root).json
    assert (back["name"], back["reason"]) == (first, "worse")
    places = run("status", "--json", folder=root).json["environments"]
    assert {place["name"]: place["live_name"] for place in places} == {"production": "", "staging": first}
    listed = run("release", "list", "--json", folder=root).json
    assert [release["name"] for release in listed] == [second, first]
    shown = run("release", "show", first, "--json", folder=root).json
    assert shown["runs"][0]["verdict"] == "pass"
    for command in (("release", "list"), ("release", "show", first), ("status",), ("registry", "list")):
        assert first in run(*command, folder=root).out or command[0] == "registry"


def test_a_refused_release_says_why_and_exits_with_1(run: Run, workshop: Workshop) -> None:
    workshop.write("knowledge/texts.yaml", "sources: [{path: documents, include: ['contracts/*']}]\n")
    ended = run("release", folder=workshop.root)
    assert ended.code == 1
    assert "refused" in ended.out
    assert "answer_contains: 0.000 is below 0.5" in ended.out
    assert run("release", "--json", folder=workshop.root).json["release"] is None
    assert run("eval", folder=workshop.root).code == 1


def test_eval_of_one_suite(run: Run, workshop: Workshop) -> None:
    ended = run("eval", "ask", "--json", folder=workshop.root)
    assert ended.code == 0
    (made,) = ended.json
    assert (made["suite"], made["verdict"], len(made["rows"])) == ("ask", "pass", 3)
    assert run("eval", "none", folder=workshop.root).code == 2


def test_versions_can_be_looked_at(run: Run, workshop: Workshop) -> None:
    run("build", folder=workshop.root)
    workshop.write("prompts/answer.yaml", "system: Answer shortly.\n")
    run("build", folder=workshop.root)
    versions = run("registry", "list", "--json", folder=workshop.root).json
    assert [version["number"] for version in versions if version["kind"] == "prompt"] == [2, 1]
    newest = run("registry", "show", "prompt:answer", "--json", folder=workshop.root).json
    assert newest["content"]["system"] == "Answer shortly."
    first = run("registry", "show", "prompt:answer@1", folder=workshop.root)
    assert "Answer from the passages." in first.out
    endpoint = run("registry", "show", "endpoint:ask", "--json", folder=workshop.root).json
    assert {parent["kind"] for parent in endpoint["parents"]} == {"index", "prompt", "route"}
    assert run("registry", "show", "prompt:none", folder=workshop.root).code == 2


def test_a_second_build_says_that_nothing_had_changed(run: Run, workshop: Workshop) -> None:
    assert "nothing had changed" not in run("build", folder=workshop.root).out
    ended = run("build", folder=workshop.root)
    assert "nothing had changed" in ended.out
    assert run("build", "--json", folder=workshop.root).json["work_done"] == 0


def test_the_project_is_found_from_a_folder_inside_it(
    run: Run, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workshop.documents / "policies")
    assert run("build").code == 0
    assert (workshop.root / ".plimsoll" / "records.db").exists()


def test_records_can_live_elsewhere(
    run: Run, workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLIMSOLL_HOME", str(tmp_path / "elsewhere"))
    assert run("build", folder=workshop.root).code == 0
    assert (tmp_path / "elsewhere" / "records.db").exists()
    assert not (workshop.root / ".plimsoll").exists()


def test_ask_says_when_the_files_are_newer_than_the_build(run: Run, workshop: Workshop) -> None:
    run("build", folder=workshop.root)
    assert "note" not in run("ask", LEAVE, folder=workshop.root).err
    workshop.write("prompts/answer.yaml", "system: Answer shortly.\n")
    assert "changed since the last build: prompts/answer.yaml" in run("ask", LEAVE, folder=workshop.root).err
    assert "settings had changed, and no document" in run("build", folder=workshop.root).out
    assert "note" not in run("ask", LEAVE, folder=workshop.root).err
    workshop.write("prompts/answer.yaml", "sistem: Answer shortly.\n")
    ended = run("ask", LEAVE, folder=workshop.root)
    assert (ended.code, "the last build answers" in ended.err) == (0, True)


def test_names_that_are_not_there(run: Run, workshop: Workshop) -> None:
    draft = run("build", "--json", folder=workshop.root).json["name"]
    shipped = run("ship", draft, "staging", folder=workshop.root)
    assert (shipped.code, "is the name of a draft" in shipped.err) == (2, True)
    assert "declares no environment `moon`" in run("serve", "--env", "moon", folder=workshop.root).err
    workshop.write("routes/default.yaml", "model: vllm/none\nbase_url: http://127.0.0.1:9/v1\ntimeout_s: 5\n")
    run("build", folder=workshop.root)
    ended = run("ask", LEAVE, folder=workshop.root)
    assert (ended.code, "looked for at http://127.0.0.1:9/v1" in ended.err) == (3, True)


def test_rows_that_name_documents_which_are_not_there(run: Run, workshop: Workshop) -> None:
    assert "not indexed" not in run("eval", folder=workshop.root).err
    rows = (workshop.root / "datasets" / "ask.jsonl").read_text().replace("policies/leave.md", "policies/leaf.md")
    workshop.write("datasets/ask.jsonl", rows)
    assert "rows of ask name documents that are not indexed: policies/leaf.md" in run("eval", folder=workshop.root).err


def test_eval_without_a_suite_has_not_passed(run: Run, workshop: Workshop) -> None:
    (workshop.root / "evals" / "ask.yaml").unlink()
    ended = run("eval", folder=workshop.root)
    assert (ended.code, "no suite" in ended.out) == (1, True)


def test_names_of_strangers_are_not_read_as_markup(run: Run, workshop: Workshop) -> None:
    rows = (workshop.root / "datasets" / "ask.jsonl").read_text().replace("policies/leave.md", "a[/]b[red].md")
    workshop.write("datasets/ask.jsonl", rows)
    assert "not indexed: a[/]b[red].md" in run("eval", folder=workshop.root).err
