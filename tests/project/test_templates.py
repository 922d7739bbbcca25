"""New projects from templates."""

import re
import socket
from pathlib import Path
from typing import NoReturn

import pytest

from plimsoll.flows.guard import matrix, places_of_project
from plimsoll.guardrails import Policy, run_examples
from plimsoll.kernel.errors import InvalidError, NotFoundError, UnavailableError
from plimsoll.models import Passage
from plimsoll.project import load_project, template_names, write_sample, write_template
from plimsoll.project._errors import AppNameError, TemplateConflictError
from plimsoll.project.schemas.guardrail import OffSection
from plimsoll.prompts import Prompt, render

APPLICATIONS = ("rag", "documents", "chat")
TEMPLATES = (*APPLICATIONS, "gateway")


def test_the_templates_have_names() -> None:
    assert template_names() == TEMPLATES


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_a_project_without_mistakes(template: str, tmp_path: Path) -> None:
    target = tmp_path / "new" / "project"
    written = write_template(template, target, name="harbour-desk")
    project = load_project(target)
    assert project.app.name == "harbour-desk"
    assert set(written) == {path for path in target.rglob("*") if path.is_file()}
    assert ".plimsoll/" in (target / ".gitignore").read_text().splitlines()
    assert not any("__" in path.read_text() for path in written if path.suffix in {".yaml", ".md", ".example"})
    assert [suite.endpoint for suite in project.suites.values()] == list(project.endpoints)
    assert all(suite.thresholds for suite in project.suites.values())


@pytest.mark.parametrize("template", APPLICATIONS)
def test_a_templates_route_shows_the_line_to_change(template: str, tmp_path: Path) -> None:
    write_template(template, tmp_path, name="a")
    text = (tmp_path / "routes" / "default.yaml").read_text()
    for model in ("openai/gpt-4.1-mini", "ollama/llama3.2", "vllm/", "llamacpp/"):
        assert f"model: {model}" in text
    for model in ("openai/gpt-4.1-mini", "ollama/llama3.2"):
        lines = [line for line in text.splitlines() if not line.startswith("model:")]
        (tmp_path / "routes" / "default.yaml").write_text("\n".join([f"model: {model}", *lines]))
        assert load_project(tmp_path).routes["default"].model == model


@pytest.mark.parametrize("template", ["rag", "documents", "gateway"])
def test_a_templates_questions_name_documents_that_are_there(template: str, tmp_path: Path) -> None:
    write_template(template, tmp_path, name="a")
    (rows,) = load_project(tmp_path).datasets.values()
    assert sum(not row.answerable for row in rows) == 1
    assert {document for row in rows for document in row.documents} <= {
        path.relative_to(tmp_path / "documents").as_posix() for path in (tmp_path / "documents").rglob("*")
    }


@pytest.mark.parametrize("template", ["rag", "gateway"])
def test_the_answers_of_a_template_of_texts_stand_in_its_documents(template: str, tmp_path: Path) -> None:
    write_template(template, tmp_path, name="a")
    (rows,) = load_project(tmp_path).datasets.values()
    for row in rows:
        texts = " ".join((tmp_path / "documents" / path).read_text() for path in row.documents)
        assert all(answer in " ".join(texts.split()) for answer in row.answers)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_templates_prompt_can_be_rendered(template: str, tmp_path: Path) -> None:
    write_template(template, tmp_path, name="a")
    project = load_project(tmp_path)
    passages = [Passage("p", "a.pdf", "Title", 2, 0, 4, "Text.", 1.0)]
    prompt = Prompt.from_json(project.prompts["answer"].content())
    system, user = render(prompt, question="Who?", passages=passages)
    assert (system.role, user.role) == ("system", "user")
    assert user.content.endswith("Who?")
    assert ("[1] Title (a.pdf, page 2)\nText." in user.content) == (template != "chat")


def test_the_gateway_serves_a_local_model_and_a_hosted_one_once_its_file_is_copied(tmp_path: Path) -> None:
    write_template("gateway", tmp_path, name="front-door")
    assert [route.serves for route in load_project(tmp_path).routes.values()] == [(), ("local",)]
    route = tmp_path / "routes" / "openai.yaml"
    route.write_bytes((tmp_path / "routes" / "openai.yaml.example").read_bytes())
    project = load_project(tmp_path)
    assert project.routes["openai"].serves == ("gpt-4.1-mini",)
    assert {route.guardrail for name, route in project.routes.items() if route.serves} == {"standard"}
    route.write_text(re.sub(r"^  # ", "  ", route.read_text(), flags=re.MULTILINE))
    assert [target.model for target in load_project(tmp_path).routes["openai"].targets] == [
        "openai/gpt-4.1-mini",
        "anthropic/claude-haiku-4-5",
        "ollama/llama3.2",
    ]


def test_the_budgets_of_the_gateway_hold_when_their_signs_are_taken_away(tmp_path: Path) -> None:
    write_template("gateway", tmp_path, name="front-door")
    assert load_project(tmp_path).app.budgets == ()
    app = tmp_path / "plimsoll.yaml"
    app.write_text(re.sub(r"^# (budgets:|  - )", r"\1", app.read_text(), flags=re.MULTILINE))
    assert [budget.whom for budget in load_project(tmp_path).app.budgets] == ["everyone", "each key", "each user"]


def test_the_readme_of_the_gateway_says_what_changes_for_an_application(tmp_path: Path) -> None:
    write_template("gateway", tmp_path, name="front-door")
    page = (tmp_path / "README.md").read_text()
    assert page.startswith("# front-door\n")
    assert {"## Moving an application over", "## Keys", "## Budgets"} <= set(page.splitlines())
    named = re.findall(r"`((?:routes|guardrails)/[a-z.]+|plimsoll\.yaml)`", page)
    assert [path for path in named if path != "routes/openai.yaml" and not (tmp_path / path).exists()] == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "plimsoll.yaml").write_text("mine")
    (tmp_path / "endpoints").mkdir()
    (tmp_path / "endpoints" / "ask.yaml").symlink_to("nowhere")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(TemplateConflictError) as caught:
        write_template("rag", tmp_path, name="a")
    assert caught.value.files == (Path("endpoints/ask.yaml"), Path("plimsoll.yaml"))
    assert "endpoints/ask.yaml, plimsoll.yaml" in caught.value.message
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "plimsoll.yaml").read_text() == "mine"


def test_a_git_ignore_file_stays_if_it_says_what_is_needed(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.pyc\n")
    with pytest.raises(TemplateConflictError, match="gitignore"):
        write_template("rag", tmp_path, name="a")
    (tmp_path / ".gitignore").write_text("*.pyc\n/.plimsoll/\n")
    assert tmp_path / ".gitignore" not in write_template("rag", tmp_path, name="a")
    assert (tmp_path / ".gitignore").read_text() == "*.pyc\n/.plimsoll/\n"


@pytest.mark.parametrize("name", ["", "A", "-a", "a b", "a\n", "a" * 64, "../a", "a: 1"])
def test_a_name_that_no_application_can_have_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(AppNameError):
        write_template("rag", tmp_path, name=name)
    assert not list(tmp_path.iterdir())


def test_an_unknown_template_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        write_template("document", tmp_path, name="a")
    assert caught.value.hint == "did you mean `documents`? templates: rag, documents, chat, gateway"


def test_a_target_that_is_no_folder_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises((UnavailableError, InvalidError), match="could not be written"):
        write_template("rag", tmp_path / "file", name="a")


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_templates_guardrail_passes_its_tests_without_any_connection(
    template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    write_template(template, tmp_path, name="a")
    definition = load_project(tmp_path).guardrails["standard"]
    content = definition.content()
    outcomes = run_examples(Policy.from_json("standard", content), content)
    assert [(outcome.example.text, outcome.difference) for outcome in outcomes if not outcome.passed] == []
    assert {outcome.example.expect for outcome in outcomes} >= {"allow", "flag", "redact"}
    looked = {finding.check for outcome in outcomes for finding in outcome.review.findings}
    named = {rule.check for rule in definition.checks if not isinstance(rule, OffSection)}
    assert named - looked <= {"jailbreak"}, "every check finds something there; what it would, `injection` stops first"


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_endpoint_of_a_template_has_a_stage_at_which_nothing_looks(template: str, tmp_path: Path) -> None:
    write_template(template, tmp_path, name="a")
    found = matrix(places_of_project(load_project(tmp_path)))
    assert {place.endpoint for place in found} >= set(load_project(tmp_path).endpoints)
    assert [(place.endpoint, place.holes) for place in found if place.holes] == []


ORDINARY = (
    "Which invoices of March are still open, and who has to pay them?",
    "Please ignore my last e-mail and send the contract again.",
    "What does the system prompt of a terminal show?",
    "How do I kill a process that hangs?",
    "Summarise the paragraph on penalties in two sentences.",
    "Act as my German teacher and correct this letter.",
    "What happens to a tenant who breaks the rules of the house?",
    "Is the S3 bucket in eu-west-1 encrypted?",
)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_templates_guardrail_leaves_ordinary_questions_alone(template: str, tmp_path: Path) -> None:
    write_template(template, tmp_path, name="a")
    policy = Policy.from_json("standard", load_project(tmp_path).guardrails["standard"].content())
    assert [question for question in ORDINARY if policy.review(question, "input").action != "allow"] == []


def test_what_answers_from_documents_has_one_guardrail(tmp_path: Path) -> None:
    for template in ("rag", "documents"):
        write_template(template, tmp_path / template, name="a")
    write_sample(tmp_path / "sample")
    held = {path.read_text() for path in tmp_path.glob("*/guardrails/standard.yaml")}
    assert len(held) == 1
    assert load_project(tmp_path / "sample").endpoints["ask"].guardrail == "standard"
