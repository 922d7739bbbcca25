"""The nouns key and actor on the command line, on a real store."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.access import Access, Acting, Right, RightMissingError
from plimsoll.cli._state import State
from plimsoll.cli.key import MomentUnfitError, actor, duration_s, key, moment_after
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import InvalidError

if TYPE_CHECKING:
    from plimsoll.bootstrap import Platform

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class OpenPlatform:
    """The part of the platform that these commands use."""

    access: Access
    acting: Acting


class FakeState(State):
    """A run of the command line whose platform is there already."""

    opened: OpenPlatform

    def project_root(self) -> Path:
        return Path()

    @contextmanager
    def platform(self, root: Path, needs: "Right | None" = None) -> "Iterator[Platform]":
        del root, needs
        yield cast("Platform", self.opened)


class Shell:
    def __init__(self, access: Access, user: str) -> None:
        self._access = access
        self._user = user

    def run(self, command: click.Command, *arguments: str) -> Result:
        state = FakeState()
        state.opened = OpenPlatform(self._access, self._access.local(self._user))
        return CliRunner().invoke(command, arguments, obj=state, catch_exceptions=False)

    def json(self, command: click.Command, *arguments: str) -> Any:
        return json.loads(self.run(command, *arguments, "--json").stdout)


@pytest.fixture
def shell(access: Access) -> Shell:
    return Shell(access, "Ada")


def test_the_journey_of_a_key(shell: Shell, access: Access) -> None:
    made = shell.json(actor, "create", "ci", "--kind", "service", "--role", "developer", "--team", "search")
    assert (made["name"], made["kind"], made["roles"], made["team"]) == ("ci", "service", ["developer"], "search")
    first = shell.json(key, "create", "ci", "--only", "call, read", "--expires", "90d")
    assert first["rights"] == ["call", "read"]
    acting = access.authenticate(first["secret"], utc_now())
    assert acting.rights == {"call", "read"}
    assert acting.team == "search"
    second = shell.json(key, "rotate", f"plim_{first['prefix']}", "--overlap", "1h")
    assert second["secret"] != first["secret"]
    revoked = shell.json(key, "revoke", second["prefix"])
    assert (revoked["works"], revoked["name"]) == (False, "ci")
    listed = shell.json(key, "list")
    assert [item["works"] for item in listed] == [True, False]
    assert [item["replaced_by"] for item in listed] == [second["prefix"], None]
    assert "secret" not in f"{listed}{revoked}"


def test_a_key_for_some_models(shell: Shell) -> None:
    made = shell.json(key, "create", "Ada", "--models", "gpt-4.1*, harbour/ask")
    assert made["models"] == ["gpt-4.1*", "harbour/ask"]
    assert shell.json(key, "rotate", made["prefix"])["models"] == made["models"]
    assert shell.json(key, "create", "Ada")["models"] == []
    assert [item["models"] for item in shell.json(key, "list")] == [made["models"], made["models"], []]
    shown = shell.run(key, "create", "Ada", "--models", "ask").stdout
    assert "all rights of its actor, for ask alone, without an end" in shown


def test_a_list_of_models_stands_in_the_table(shell: Shell) -> None:
    shell.json(key, "create", "Ada", "--models", "ask")
    shell.json(key, "create", "Ada")
    narrow, wide = (line for line in shell.run(key, "list").stdout.splitlines() if "plim_" in line)
    assert re.search(r"all rights of its actor\s+\S?\s*ask\s", narrow)
    assert re.search(r"all rights of its actor\s+\S?\s*all\s", wide)


@pytest.mark.parametrize(("given", "code"), [("", "no_models"), (" , ", "no_models"), ("a b", "model_name_unfit")])
def test_an_empty_list_of_models_makes_no_key(shell: Shell, access: Access, given: str, code: str) -> None:
    with pytest.raises(InvalidError) as raised:
        shell.run(key, "create", "Ada", "--models", given)
    assert raised.value.code == code
    assert not access.any_key()


def test_the_journey_of_an_actor(shell: Shell) -> None:
    shell.run(actor, "create", "Bo")
    assert shell.json(actor, "roles", "Bo", "viewer", "approver")["roles"] == ["approver", "viewer"]
    assert shell.json(actor, "roles", "Bo", "--none")["roles"] == []
    assert shell.json(actor, "disable", "Bo")["disabled_at"] is not None
    assert [item["name"] for item in shell.json(actor, "list")] == ["Ada", "Bo"]


def test_a_person_sees_the_key_once_on_a_line_of_its_own(shell: Shell) -> None:
    for arguments in (["create", "Ada"], ["rotate", ""]):
        if arguments[0] == "rotate":
            arguments[1] = shell.json(key, "list")[0]["prefix"]
        shown = shell.run(key, *arguments)
        *_, secret = shown.stdout.splitlines()
        assert secret.startswith("plim_")
        assert len(secret) == 59
        assert shown.output.count(secret) == 1
        assert "not shown again" in shown.stderr
        assert secret not in shell.run(key, "list").output


def test_tables_name_actors_and_visible_parts(shell: Shell) -> None:
    assert "there is no key yet" in shell.run(key, "list").stdout
    made = shell.json(key, "create", "Ada", "--expires", "2999-01-01")
    shown = shell.run(key, "list").stdout
    for text in ("Ada", f"plim_{made['prefix']}", "2999-01-01 00:00:00", "all rights of its actor"):
        assert text in shown
    assert "admin" in shell.run(actor, "list").stdout


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (key, ["list"]),
        (key, ["create", "Ada"]),
        (key, ["create", "Ada", "--models", "ask"]),
        (key, ["rotate", "abcd012345"]),
        (key, ["revoke", "abcd012345"]),
        (actor, ["list"]),
        (actor, ["create", "Eve", "--role", "admin"]),
        (actor, ["roles", "Bo", "admin"]),
        (actor, ["disable", "Ada"]),
    ],
)
def test_without_the_right_keys_every_command_is_refused(
    shell: Shell, access: Access, command: click.Command, arguments: list[str]
) -> None:
    shell.run(actor, "create", "Bo", "--role", "operator")
    before = access.actors()
    with pytest.raises(RightMissingError, match="Bo does not have the right `keys`"):
        Shell(access, "Bo").run(command, *arguments)
    assert access.actors() == before
    assert access.any_key() is False


def test_roles_are_named_or_taken_away_and_never_both_nor_neither(shell: Shell) -> None:
    for arguments in (["Ada"], ["Ada", "viewer", "--none"]):
        shown = shell.run(actor, "roles", *arguments)
        assert shown.exit_code == 2
        assert "--none" in shown.output


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45s", 45), ("30m", 1800), ("24h", 86400), ("90d", 7_776_000), (" 2w ", 1_209_600), ("0s", 0)],
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert duration_s(text) == seconds
    assert moment_after(text, NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "d", "90", "1.5h", "-1d", "90 d", "90D", "٣d", "1y", "9999999999d", "2027-01-01"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(MomentUnfitError, match="is not a length of time"):
        duration_s(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-01-01", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2027-01-01T10:00", datetime(2027, 1, 1, 10, tzinfo=UTC)),
        ("2027-01-01T10:00+02:00", datetime(2027, 1, 1, 8, tzinfo=UTC)),
    ],
)
def test_dates_are_meant_in_utc(text: str, moment: datetime) -> None:
    assert moment_after(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "soon", "2027-13-01", "999999999w", "0001-01-01T00:00+02:00"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(MomentUnfitError, match="a length of time or a date"):
        moment_after(text, NOW)


@given(st.integers(0, 10_000), st.sampled_from("smhd"))
def test_a_longer_time_is_a_later_moment(number: int, unit: str) -> None:
    assert moment_after(f"{number + 1}{unit}", NOW) > moment_after(f"{number}{unit}", NOW) >= NOW
