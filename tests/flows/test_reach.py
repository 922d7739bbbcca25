"""What somebody at the command line may search, and what of it they want to."""

import asyncio
from collections.abc import Iterator, Sequence

import pytest
from tests.flows.conftest import Workshop

from plimsoll.access import Acting, RightMissingError, Role
from plimsoll.access._rights import rights_of
from plimsoll.bootstrap import Platform
from plimsoll.cli import main
from plimsoll.flows.ask import Who, ask, reach_of
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
