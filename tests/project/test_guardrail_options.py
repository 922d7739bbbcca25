"""Options, failures, exceptions and inheritance in guardrail files: what is read, and every mistake with its line."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol, cast

import pytest

from plimsoll.flows.build._guardrails import GuardrailTestsFailedError, ended_exceptions, try_guardrails
from plimsoll.guardrails import Policy
from plimsoll.kernel.digest import canonical_json
from plimsoll.project import Mistake, Project, ProjectInvalidError, load_project

STANDARD = """checks:
  - {id: mail, check: pii, kinds: [email], on: [input], action: redact}
  - {id: keys, check: secrets, on: [output], action: block}
tests:
  - {id: mail-goes, text: to bob@example.org, on: input, expect: redact, becomes: "to [EMAIL]"}
  - {text: AKIAIOSFODNN7EXAMPLE, on: output, expect: block}
"""


class Folder(Protocol):
    root: Any

    def write(self, path: str, content: str | bytes) -> object: ...


def loaded(folder: Folder, **files: str) -> Project:
    for name, content in files.items():
        folder.write(f"guardrails/{name}.yaml", content)
    return load_project(folder.root)


def mistakes(folder: Folder, **files: str) -> tuple[Mistake, ...]:
    with pytest.raises(ProjectInvalidError) as caught:
        loaded(folder, **files)
    return caught.value.mistakes


def told(folder: Folder, **files: str) -> list[tuple[str, str]]:
    return [(mistake.place.removeprefix("guardrails/"), mistake.what) for mistake in mistakes(folder, **files)]


def checks_of(project: Project, name: str) -> Sequence[dict[str, Any]]:
    return cast("Sequence[dict[str, Any]]", project.guardrails[name].content()["checks"])


def test_a_check_says_its_options_what_follows_a_failure_and_whom_it_leaves_alone(folder: Folder) -> None:
    project = loaded(
        folder,
        standard="""checks:
  - check: links
    options: {hosts: [example.org, "*.example.net"]}
    on: [output, tool_result]
    action: redact
    on_error: flag
    timeout_s: 2.5
    exceptions:
      - {actors: [load-test], until: 2027-03-31, reason: measured in March}
  - {check: pii, on: [input, output], action: redact, restore: true}
""",
    )
    rules = Policy.from_json("standard", project.guardrails["standard"].content()).rules
    assert rules[0].check.kinds == ("link", "image", "exfiltration", "disguise", "scheme")
    assert (rules[0].stages, rules[0].on_error, rules[0].timeout_s) == (("output", "tool_result"), "flag", 2.5)
    assert [(one.actors, one.until) for one in rules[0].exemptions] == [(frozenset({"load-test"}), date(2027, 3, 31))]
    assert (rules[1].restore, rules[1].numbered, rules[1].on_error) == (True, True, "block")


def test_what_is_published_is_plain_json_that_means_the_same_when_it_is_read_again(folder: Folder) -> None:
    schema = "{type: object, properties: {a: {const: null}}, required: [a]}"
    project = loaded(
        folder,
        shape=f"checks:\n  - {{check: json_schema, options: {{schema: {schema}}}, on: [output], action: block}}\n",
    )
    content = project.guardrails["shape"].content()
    assert b'"const":null' in canonical_json(content)
    policy = Policy.from_json("shape", content)
    assert policy.review('{"a": null}', "output").action == "allow"
    assert policy.review('{"a": 1}', "output").reason == "json_schema.schema"


BAD = """checks:
  - check: links
    options:
      hosts: [example.org]
      schema: [https]
    on: [output]
    action: redact
  - check: topics
    options:
      deny: {medicine: ["Which pills help?"]}
      threshold: 7
    on: [output]
    action: block
    at_least: 7
  - {check: length, on: [output], action: block}
  - {check: pii, on: [output], action: flag, restore: true}
  - {check: pii, on: [output], action: redact, restore: true}
  - {check: pii, on: [output], action: flag, on_error: allow, timeout_s: 0}
  - check: pii
    on: [output]
    action: flag
    exceptions:
      - {until: 2027-03-31, reason: x}
      - {actors: [x], until: tomorrow, reason: x}
      - {actors: [x], until: 2027-03-31}
  - {check: blocklist, words: [x], options: {words: [y]}, on: [output], action: flag}
  - {check: lnks, options: {hosts: 7}, on: [output], action: flag}
tests:
  - {text: x, on: tool_results, expect: allow}
  - {text: x, on: output, expect: allow, passages: none}
"""


def test_every_mistake_in_options_is_told_with_its_line(folder: Folder) -> None:
    expected = [
        (5, "links: there is no option `schema`"),
        (11, "topics: `threshold` must be a number from 0.01 to 1"),
        (14, "`checks.at_least` must be a number from 0 to 1"),
        (15, "length: it needs a limit"),
        (16, "nothing is redacted, and so `restore` has no effect"),
        (17, "only what was taken out of the input can be put back"),
        (18, "`checks.on_error` must be one of block, ask, flag"),
        (18, "`checks.timeout_s` must be a number of seconds"),
        (23, "an exception for everybody would leave nothing"),
        (24, '"tomorrow" is no day'),
        (25, "`checks.exceptions.reason` is missing"),
        (26, "the check blocklist takes no `options`"),
        (27, 'there is no check "lnks"'),
        (29, "`tests.on` must be one stage"),
        (30, "`tests.passages` must be a list of texts"),
    ]
    found = mistakes(folder, standard=BAD)
    assert [mistake.line for mistake in found] == [line for line, _ in expected]
    for mistake, (_, beginning) in zip(found, sorted(expected), strict=True):
        assert mistake.what.startswith(beginning), mistake
        assert mistake.instead


def test_the_checks_of_those_that_are_extended_come_first_and_their_tests_run_too(folder: Folder) -> None:
    project = loaded(
        folder,
        standard=STANDARD,
        strict="extends: standard\nchecks:\n  - {check: injection, on: [input], action: block}\n",
        stricter="extends: [strict]\nchecks:\n  - {check: length, options: {lines: 9}, on: [input], action: block}\n",
    )
    assert [one["check"] for one in checks_of(project, "stricter")] == ["pii", "secrets", "injection", "length"]
    content = project.guardrails["stricter"].content()
    assert "extends" not in content
    assert len(cast("list[Any]", content["tests"])) == 2
    try_guardrails(project)


def test_one_of_its_own_takes_the_place_of_an_inherited_one_with_the_same_id(folder: Folder) -> None:
    project = loaded(
        folder,
        standard=STANDARD,
        mild="extends: standard\nchecks:\n  - {id: mail, check: pii, kinds: [iban], on: [input], action: flag}\n"
        "tests:\n  - {id: mail-goes, text: to bob@example.org, on: input, expect: allow}\n",
    )
    assert [(one["id"], one["kinds"]) for one in checks_of(project, "mild")] == [("mail", ["iban"]), ("keys", [])]
    try_guardrails(project)


def test_what_is_inherited_is_taken_away_with_a_reason_and_its_tests_say_so_first(folder: Folder) -> None:
    off = "extends: standard\nchecks:\n  - {id: mail, off: true, reason: all mail is public here}\n"
    project = loaded(folder, standard=STANDARD, open=off)
    assert [one["id"] for one in checks_of(project, "open")] == ["keys"]
    with pytest.raises(GuardrailTestsFailedError, match="expected redact, and it is allow"):
        try_guardrails(project)
    try_guardrails(loaded(folder, open=off + "tests:\n  - {id: mail-goes, off: true, reason: as above}\n"))


def test_what_comes_by_two_ways_comes_once(folder: Folder) -> None:
    rule = "checks:\n  - {check: injection, on: [input], action: block}\n"
    project = loaded(
        folder,
        standard=STANDARD,
        left=f"extends: standard\n{rule}",
        right=f"extends: standard\n{rule}",
        both="extends: [left, right]\n",
    )
    assert [one["check"] for one in checks_of(project, "both")] == ["pii", "secrets", "injection", "injection"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a": "extends: b\n", "b": STANDARD}, []),
        ({"a": "extends: stndard\n", "standard": STANDARD}, [("a.yaml:1", 'there is no guardrail "stndard"')]),
        (
            {"a": "\nextends: [standard,\n  nobody]\n", "standard": STANDARD},
            [("a.yaml:3", 'there is no guardrail "nobody"')],
        ),
        ({"a": "extends: a\n"}, [("a.yaml:1", "a guardrail extends itself: a extends a")]),
        (
            {"a": "extends: c\n", "b": "extends: a\n", "c": "extends: b\n", "d": "extends: c\n"},
            [("a.yaml:1", "a guardrail extends itself: a extends c extends b extends a")],
        ),
        (
            {"a": "extends: b\nchecks:\n  - {id: mial, off: true, reason: x}\n", "b": STANDARD},
            [("a.yaml:3", "nothing with the id `mial` is inherited")],
        ),
        (
            {"a": "extends: b\nchecks:\n  - {id: mail, off: true}\n", "b": STANDARD},
            [("a.yaml:3", "what is taken away needs a `reason`")],
        ),
        (
            {"a": "extends: b\nchecks:\n  - {off: true, reason: x}\n", "b": STANDARD},
            [("a.yaml:3", "what is taken away needs its `id`")],
        ),
        (
            {"a": "extends: b\nchecks:\n  - {id: mail, off: maybe, reason: x}\n", "b": STANDARD},
            [("a.yaml:3", "`off` must be true")],
        ),
        (
            {"a": "extends: b\nchecks:\n  - {id: mail, off: true, reason: x, check: pii}\n", "b": STANDARD},
            [("a.yaml:3", "what is taken away has no `check`")],
        ),
        (
            {
                "a": "extends: b\nchecks:\n  - {id: mail, off: true, reason: x}\n"
                "  - {id: keys, off: true, reason: x}\n",
                "b": STANDARD,
            },
            [("a.yaml:2", "nothing is left of what is inherited")],
        ),
        (
            {"a": STANDARD.replace("id: keys", "id: mail")},
            [("a.yaml:3", "the id `mail` stands in the list twice")],
        ),
        (
            {"a": "extends: [b, c]\n", "b": STANDARD, "c": STANDARD.replace("id: mail-goes, ", "")},
            [
                ("a.yaml:1", "two of the guardrails that it extends have different checks with the id `mail`"),
                ("a.yaml:1", "two of the guardrails that it extends have different checks with the id `keys`"),
            ],
        ),
        ({"a": "extends: [b, b]\n", "b": STANDARD}, [("a.yaml:1", '"b" stands in the list twice')]),
        ({"a": "extends: b\n", "b": "checks: []\n"}, [("b.yaml:1", "a guardrail needs a check")]),
        ({"a": "extends: 7\n"}, [("a.yaml:1", "`extends` must be the name of a guardrail")]),
    ],
)
def test_what_cannot_be_inherited_is_told_with_its_place(
    folder: Folder, files: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    if not expected:
        assert loaded(folder, **files).guardrails["a"].content() == loaded(folder).guardrails["b"].content()
        return
    found = told(folder, **files)
    assert [place for place, _ in found] == [place for place, _ in expected], found
    for (_, what), (_, beginning) in zip(found, expected, strict=True):
        assert what.startswith(beginning), what
    assert all(mistake.instead for mistake in mistakes(folder, **files))


def test_too_much_can_be_inherited(folder: Folder) -> None:
    many = "checks:\n" + "  - {check: secrets, on: [output], action: block}\n" * 60
    (mistake,) = mistakes(folder, a="extends: [b, c]\n", b=many, c=many)
    assert (mistake.place, mistake.what) == (
        "guardrails/a.yaml:1",
        "with what is inherited there are 120 checks, and 100 is the most",
    )


def test_a_long_chain_is_a_mistake_and_no_end_of_everything(folder: Folder) -> None:
    files = {f"a{number:04}": f"extends: a{number + 1:04}\n" for number in range(1500)}
    found = mistakes(folder, **files, a1500=STANDARD)
    assert any("more than 20 guardrails extend each other" in mistake.what for mistake in found)
    files = {f"a{number:02}": f"extends: a{number + 1:02}\n" for number in range(19)}
    for name in (folder.root / "guardrails").iterdir():
        name.unlink()
    assert len(loaded(folder, **files, a19=STANDARD).guardrails) == 20


def test_a_mistake_in_one_that_is_extended_is_told_once_and_there(folder: Folder) -> None:
    files = {"a": "extends: b\n", "b": STANDARD.replace("action: block", "action: stop")}
    assert [place for place, _ in told(folder, **files)] == ["b.yaml:3"]


def test_tests_may_say_what_a_check_knows_beside_the_text(folder: Folder) -> None:
    project = loaded(
        folder,
        tongue="""checks:
  - {check: output_language, on: [output], action: flag}
tests:
  - text: Der Hafen öffnet um neun Uhr und schließt im Winter schon um fünf.
    question: When does the harbour open in winter, and when in summer?
    on: output
    expect: flag
  - text: Der Hafen öffnet um neun Uhr und schließt im Winter schon um fünf.
    question: Wann öffnet der Hafen im Winter, und wann im Sommer?
    on: output
    expect: allow
""",
    )
    try_guardrails(project)


def test_an_exception_that_has_ended_is_said_and_holds_no_longer(folder: Folder) -> None:
    project = loaded(
        folder,
        standard="""checks:
  - id: mail
    check: pii
    on: [input]
    action: block
    exceptions:
      - {actors: [tester], until: 2026-03-31, reason: load test}
      - {actors: [tester], until: 2026-04-01, reason: longer}
""",
    )
    (said,) = ended_exceptions(project, date(2026, 4, 1))
    assert said == (
        "guardrails/standard.yaml: an exception from `mail` ended on 2026-03-31 (load test); "
        "the check holds for all again"
    )
    policy = Policy.from_json("standard", project.guardrails["standard"].content())
    assert policy.within("tester", "ask", date(2026, 4, 1)).review("bob@example.org", "input").action == "allow"
    assert policy.within("tester", "ask", date(2026, 4, 2)).review("bob@example.org", "input").action == "block"
    assert policy.within("somebody", "ask", date(2026, 4, 1)).review("bob@example.org", "input").action == "block"
