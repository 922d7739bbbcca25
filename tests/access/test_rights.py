from pathlib import Path
from typing import get_args

import pytest

from plimsoll.access import RIGHTS, ROLES, Acting, Right, RightMissingError, Role, rights_named, roles_named
from plimsoll.access._errors import RightUnknownError, RoleUnknownError
from plimsoll.access._rights import rights_of, roles_with
from plimsoll.kernel.errors import DeniedError

ALL_RIGHTS: tuple[Right, ...] = get_args(Right)
ALL_ROLES: tuple[Role, ...] = get_args(Role)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "access.md"


def acting(*roles: Role) -> Acting:
    return Acting("s-00112233445566aa", "Ada", rights_of(roles), "local")


def permission_table() -> list[list[str]]:
    lines = PAGE.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| right |"))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_the_page_says_the_same_as_the_code_cell_by_cell() -> None:
    header, _, *rows = permission_table()
    assert header == ["right", *ALL_ROLES, "it allows to"]
    expected = [
        [f"`{right}`", *("yes" if right in ROLES[role] else "" for role in ALL_ROLES), RIGHTS[right]]
        for right in ALL_RIGHTS
    ]
    assert rows == expected


def test_every_right_and_role_has_its_place() -> None:
    assert tuple(RIGHTS) == ALL_RIGHTS
    assert tuple(ROLES) == ALL_ROLES
    assert all(roles_with(right) for right in ALL_RIGHTS)


def test_the_table_cannot_be_changed_at_run_time() -> None:
    with pytest.raises(TypeError):
        ROLES["viewer"] = frozenset({"ship"})  # type: ignore[index]  # that is what is tried


@pytest.mark.parametrize("role", ALL_ROLES)
@pytest.mark.parametrize("right", ALL_RIGHTS)
def test_a_role_allows_what_the_table_says_and_every_refusal_names_the_missing_right(right: Right, role: Role) -> None:
    if right in ROLES[role]:
        acting(role).require(right)
        return
    with pytest.raises(RightMissingError) as raised:
        acting(role).require(right)
    error = raised.value
    assert isinstance(error, DeniedError)
    assert f"Ada does not have the right `{right}`" in error.message
    assert RIGHTS[right] in error.message
    assert all(name in error.hint for name in roles_with(right))


@pytest.mark.parametrize("right", ALL_RIGHTS)
def test_without_a_role_every_right_is_refused(right: Right) -> None:
    with pytest.raises(RightMissingError, match=f"`{right}`"):
        acting().require(right)


def test_several_roles_have_the_rights_of_all() -> None:
    assert rights_of(["approver", "operator"]) == ROLES["approver"] | ROLES["operator"]
    assert rights_of([]) == frozenset()


def test_names_of_rights_and_roles_are_checked() -> None:
    assert roles_named(["viewer", "admin", "viewer"]) == {"viewer", "admin"}
    assert rights_named(["call"]) == {"call"}
    with pytest.raises(RoleUnknownError, match="`operater`") as role:
        roles_named(["viewer", "operater"])
    assert "did you mean `operator`?" in role.value.hint
    with pytest.raises(RightUnknownError, match="`everything`") as right:
        rights_named(["everything"])
    assert right.value.hint.startswith("the rights are read, call")
