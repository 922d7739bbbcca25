"""What somebody at the command line may search, and what of it they want to."""

import asyncio
import json
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from tests.flows.conftest import Workshop

from plimsoll.access import Acting, RightMissingError, Role
from plimsoll.access._rights import rights_of
from plimsoll.bootstrap import Platform
from plimsoll.cli import main
from plimsoll.flows.ask import GroupUnfitError, Who, ask, reach_of
from plimsoll.flows.compare import compare_versions
from plimsoll.flows.serve import Answer
from plimsoll.flows.serve.parts import Within
from plimsoll.retrieval import FilterError

PAY = "What is the pay of the harbour master?"
WAGE = "91,400"


def acting(role: Role) -> Acting:
    return Acting("s-00000000000000aa", "Ada", rights_of([role]), "local")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A project with a document for the members of one group, built."""
    workshop = Workshop(tmp_path_factory.mktemp("reach") / "harbour")
    workshop.write("documents/staff/.access.yaml", "access: [hr]\n")
    workshop.write("documents/staff/pay.md", f"# Pay\n\nThe pay of the harbour master is {WAGE} euro.\n")
    workshop.build()
    yield workshop
    workshop.close()


def asked(platform: Platform, groups: Sequence[str] = (), conditions: str | None = None) -> Answer:
    who = Who(platform.caller, reach_of(platform.acting, groups, conditions))
    return asyncio.run(
        ask("harbour", PAY, endpoint=None, environment=None, parts=platform.serve_parts(metered=True), who=who)
    )


def documents(answer: Answer) -> set[str]:
    return {passage.document for passage in answer.started.passages}


@pytest.mark.parametrize("role", ["developer", "admin"])
def test_who_may_build_finds_everything_and_less_where_that_is_wished(role: Role) -> None:
    assert reach_of(acting(role), (), None) == Within(None, {})
    assert reach_of(acting(role), ("hr", "board", "hr"), None) == Within(("board", "hr"), {})


@pytest.mark.parametrize("role", ["caller", "operator", "viewer", "approver", "auditor"])
def test_others_find_what_is_for_everybody_and_may_name_no_group(role: Role) -> None:
    assert reach_of(acting(role), (), '{"year": 2024}') == Within((), {"year": 2024})
    with pytest.raises(RightMissingError, match="`groups`") as raised:
        reach_of(acting(role), ("hr",), None)
    assert "delegate" in raised.value.hint


def test_a_delegate_finds_what_is_for_the_groups_that_it_names() -> None:
    assert reach_of(acting("delegate"), (), None) == Within((), {})
    assert reach_of(acting("delegate"), ("hr",), None) == Within(("hr",), {})


@pytest.mark.parametrize("group", ["", " ", "*", "hr\n", "hr\udcff", "h\u202er"])
def test_a_group_that_cannot_be_one_is_told_and_never_taken_for_none(group: str) -> None:
    """Of a variable that is empty, and of bytes that are no text: who may build would find everything."""
    for groups in ((group,), ("hr", group)):
        with pytest.raises(GroupUnfitError, match="cannot be the name of a group"):
            reach_of(acting("developer"), groups, None)


@pytest.mark.parametrize("conditions", ["", "year", "[]", "3", '{"year": {}}', '{"year": {"like": 1}}'])
def test_a_filter_that_cannot_be_used_is_told_in_a_sentence(conditions: str) -> None:
    with pytest.raises(FilterError, match="this filter cannot be used"):
        reach_of(acting("developer"), (), conditions)


def test_who_may_build_sees_every_document_and_with_a_group_only_what_its_members_see(built: Workshop) -> None:
    platform = built.open()
    everything = asked(platform)
    assert WAGE in everything.done.text
    assert "staff/pay.md" in documents(everything)
    assert WAGE in asked(platform, ("hr",)).done.text
    other = asked(platform, ("board",))
    assert WAGE not in other.done.text
    assert "staff/pay.md" not in documents(other)


def test_a_filter_narrows_what_is_found(built: Workshop) -> None:
    answer = asked(built.open(), conditions='{"path": {"starts_with": "contracts/"}}')
    assert {path.partition("/")[0] for path in documents(answer)} <= {"contracts"}


@pytest.mark.parametrize(
    ("role", "groups", "finds"), [("caller", (), False), ("delegate", (), False), ("delegate", ("hr",), True)]
)
def test_a_key_finds_what_it_may(built: Workshop, role: Role, groups: tuple[str, ...], *, finds: bool) -> None:
    admin = built.open()
    name = f"{role}-{'-'.join(groups)}x"
    admin.access.create_actor(name, kind="service", roles=[role], by=admin.acting.by)
    key = admin.access.create_key(name, by=admin.acting.by).secret
    answer = asked(built.open(key=key), groups)
    assert (WAGE in answer.done.text, "staff/pay.md" in documents(answer)) == (finds, finds)


def key_of(admin: Platform, role: Role) -> str:
    name = f"{role} {secrets.token_hex(4)}"
    admin.access.create_actor(name, kind="person", roles=[role], by=admin.acting.by)
    return admin.access.create_key(name, by=admin.acting.by).secret


@pytest.mark.parametrize(("role", "finds"), [("viewer", False), ("auditor", False), ("developer", True)])
def test_the_neighbours_of_two_indexes_are_those_that_who_compares_may_find(
    built: Workshop, role: Role, *, finds: bool
) -> None:
    """A question of one's own would otherwise tell word by word what stands in a document."""
    built.write("documents/staff/new.md", f"# New\n\n{role} comes aboard.\n")
    built.build()
    admin = built.open()
    old, new = sorted(admin.registry.versions("harbour", kind="index"), key=lambda one: one.number)[-2:]
    parts = built.open(key=key_of(admin, role)).compare_parts()
    found = compare_versions(old, new, parts, probes=[PAY]).index
    assert found is not None
    assert found.neighbours is not None
    (probe,) = found.neighbours.probes
    seen = {*probe.documents.kept, *probe.documents.lost, *probe.documents.gained}
    assert seen
    assert any(path.startswith("staff/") for path in seen) == finds


@pytest.mark.parametrize(("role", "reads"), [("viewer", False), ("approver", True), ("developer", True)])
def test_what_a_suite_was_answered_is_for_who_may_read_traces(
    built: Workshop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, role: Role, *, reads: bool
) -> None:
    """Suites are asked as the project, of every document."""
    row = {"question": PAY, "answers": [WAGE], "documents": ["staff/pay.md"]}
    built.write("datasets/ask.jsonl", json.dumps(row) + "\n")
    built.write(
        "evals/ask.yaml",
        "dataset: ask\nendpoint: ask\nscorers: [answer_contains]\nthresholds: {answer_contains: {at_least: 0.1}}\n"
        "confidence: estimate\n",
    )
    monkeypatch.setenv("PLIMSOLL_ACTOR", "ada")

    def run(*arguments: str) -> Any:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["-C", str(built.root), *arguments, "--json"])
        printed = capsys.readouterr()
        assert ended.value.code == 0, printed
        return json.loads(printed.out)

    made = run("release")["release"]["name"]
    monkeypatch.setenv("PLIMSOLL_KEY", key_of(built.open(), role))
    shown = run("release", "show", made)
    assert shown["runs"][0]["rows"][0]["scores"]
    assert (WAGE in json.dumps(shown), "staff/pay.md" in json.dumps(shown)) == (reads, reads)


def test_the_command_says_it_as_the_flow_does(
    built: Workshop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLIMSOLL_ACTOR", "ada")

    def run(*options: str) -> tuple[int, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["-C", str(built.root), "ask", PAY, "--json", *options])
        printed = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return code, printed.out + printed.err

    for options, finds in (
        ((), True),
        (("--group", "hr", "--group", "board", "--filter", '{"path": "staff/pay.md"}'), True),
        (("--group", "board"), False),
        (("--filter", '{"path": "policies/leave.md"}'), False),
    ):
        code, out = run(*options)
        assert code == 0, out
        assert (WAGE in out, "staff/pay.md" in out) == (finds, finds), options
    code, told = run("--filter", '{"year": {"like": 1}}')
    assert code != 0
    assert "this filter cannot be used" in told
