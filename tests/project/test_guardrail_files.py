"""Guardrail files: what may stand in them, who may name them, and every mistake with its line."""

from typing import Protocol

import pytest

from plimsoll.guardrails import Policy
from plimsoll.project import Mistake, ProjectInvalidError, load_project

GOOD = r"""checks:
  - {check: pii, kinds: [email, iban, credit_card], on: [input, output], action: redact}
  - {check: injection, on: [input, retrieved], action: block, at_least: 0.8}
  - {check: secrets, on: [output], action: block}
  - {check: pattern, name: codename, pattern: "(?i)project\\s+atlas", on: [output], action: redact, with: "[CODENAME]"}
  - {check: blocklist, name: rival, words: [Acme, Zeus Ltd], on: [output], action: redact, numbered: true}
tests:
  - {text: "My IBAN is DE89 3704 0044 0532 0130 00", on: input, expect: redact, becomes: "My IBAN is [IBAN]"}
  - {text: "Where is the S3 bucket?", on: input, expect: allow}
"""

BAD = """checks:
  - {check: piii, on: [input], action: redact}
  - {check: pii, kinds: [mail, email, email], on: [inputs], action: mask}
  - check: injection
    on: []
    action: block
    at_least: 7
    words: [x]
  - {check: pattern, pattern: "(?=x)", on: [output], action: flag, with: "[X]"}
  - {check: pattern, on: [output], action: flag}
  - {check: blocklist, name: Bad Name, on: [output], action: redact}
  - {check: pii, on: [output]}
tests:
  - {text: "", on: [input], expect: pass}
  - {text: x, on: input, expect: block, becomes: y}
"""


class Folder(Protocol):
    root: object

    def write(self, path: str, content: str | bytes) -> object: ...


def mistakes(folder: Folder) -> tuple[Mistake, ...]:
    with pytest.raises(ProjectInvalidError) as caught:
        load_project(folder.root)  # type: ignore[arg-type]  # the fixture's folder
    return caught.value.mistakes


def test_a_guardrail_is_read_and_compiled_as_it_stands(folder: Folder) -> None:
    folder.write("guardrails/standard.yaml", GOOD)
    project = load_project(folder.root)  # type: ignore[arg-type]  # the fixture's folder
    content = project.guardrails["standard"].content()
    policy = Policy.from_json("standard", content)
    assert policy.stages == ("input", "retrieved", "output")
    assert policy.review("Project Atlas by ACME", "output").text == "[CODENAME] by [RIVAL_1]"
    assert content["checks"][3] == {  # type: ignore[index]  # a list
        "check": "pattern",
        "kinds": [],
        "name": "codename",
        "words": [],
        "pattern": r"(?i)project\s+atlas",
        "on": ["output"],
        "action": "redact",
        "with": "[CODENAME]",
        "numbered": False,
        "restore": False,
        "on_error": "block",
        "exceptions": [],
    }


def test_a_guardrail_that_nobody_uses_is_no_mistake(folder: Folder) -> None:
    folder.write("guardrails/spare.yaml", GOOD)
    assert list(load_project(folder.root).guardrails) == ["spare"]  # type: ignore[arg-type]  # the fixture's folder


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("endpoints/ask.yaml", "kind: rag\nprompt: answer\nknowledge: handbook\nroute: default\nguardrail: standart\n"),
        ("routes/default.yaml", "model: builtin/reader\n\n\n\nguardrail: standart\n"),
    ],
)
def test_a_guardrail_that_is_named_must_exist(folder: Folder, file: str, content: str) -> None:
    folder.write("guardrails/standard.yaml", GOOD)
    folder.write(file, content)
    (mistake,) = mistakes(folder)
    assert (mistake.place, mistake.what) == (f"{file}:5", 'there is no guardrail "standart"')
    assert "did you mean `standard`?" in mistake.instead


def test_every_mistake_is_told_with_its_line(folder: Folder) -> None:
    folder.write("guardrails/standard.yaml", BAD)
    told = [(mistake.line, mistake.what) for mistake in mistakes(folder)]
    expected = [
        (2, 'there is no check "piii"'),
        (3, 'pii finds no "mail"'),
        (3, "`checks.on` must be a list of stages"),
        (3, "`checks.action` must be one of"),
        (5, "`checks.on` must be a list of stages"),
        (7, "`checks.at_least` must be a number from 0 to 1"),
        (8, "the check injection takes no `words`"),
        (9, "the pattern cannot be used: a group that begins with `(?=x`"),
        (9, "nothing is redacted, and so `with` has no effect"),
        (10, "`pattern` is missing"),
        (11, "`checks.name` must be a name"),
        (11, "it needs words"),
        (12, "`checks.action` is missing"),
        (14, "`tests.text` must be text that is not empty"),
        (14, "`tests.on` must be one stage"),
        (14, "`tests.expect` must be one of"),
        (15, "a text that is stopped becomes nothing"),
    ]
    assert [line for line, _ in told] == [line for line, _ in expected]
    for (line, what), (_, beginning) in zip(sorted(told), sorted(expected), strict=True):
        assert beginning in what, (line, what)
    assert all(mistake.instead for mistake in mistakes(folder))


def test_a_file_without_checks_is_a_mistake(folder: Folder) -> None:
    folder.write("guardrails/standard.yaml", "checks: []\n")
    (mistake,) = mistakes(folder)
    assert mistake.place == "guardrails/standard.yaml:1"
    folder.write("guardrails/standard.yaml", "# nothing yet\n")
    (mistake,) = mistakes(folder)
    assert mistake.what == "the file is empty"


def test_a_route_that_a_judge_asks_must_be_there_and_able_to_answer(folder: Folder) -> None:
    judge = '{check: judge, on: [output], action: block, options: {name: rude, question: "Is it rude?", route: %s}}'
    rules = "\n".join(f"  - {judge % route}" for route in ("defaul", "default"))
    folder.write("guardrails/standard.yaml", f"checks:\n{rules}\n")
    found = {mistake.line: mistake.what for mistake in mistakes(folder)}
    assert 'there is no route "defaul"' in found[2]
    assert "cannot judge a text" in found[3]
