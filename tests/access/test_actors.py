from collections.abc import Callable

import pytest

from plimsoll.access import Access, Acting, Actor
from plimsoll.access._errors import (
    ActorDisabledError,
    ActorExistsError,
    ActorMissingError,
    LastAdminError,
    NameUnfitError,
    RightMissingError,
    RoleUnknownError,
)
from plimsoll.ledger import By, Ledger
from plimsoll.storage import Database

Acts = Callable[[], list[str]]


def test_an_actor_is_known_by_name_and_by_pseudonym(access: Access, by: By) -> None:
    made = access.create_actor("Bo", kind="person", roles=["developer"], team="search", project="p1", by=by)
    assert (made.name, made.kind, made.team, made.project) == ("Bo", "person", "search", "p1")
    assert made.roles == {"developer"}
    assert access.actor("Bo") == access.actor("bo") == access.actor(made.id) == made
    assert [actor.label for actor in access.actors()] == ["Ada", "Bo"]


def test_the_records_do_not_hold_the_name(access: Access, by: By, records: Database, ledger: Ledger) -> None:
    made = access.create_actor("Grace Brewster", kind="person", roles=[], by=by)
    with records.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM actor").all()
        payloads = connection.exec_driver_sql("SELECT sealed FROM ledger_payload").scalars().all()
    assert "Grace" not in f"{rows}"
    assert "Grace" not in "".join(ledger.lines())
    assert payloads
    assert not any(b"Grace" in bytes(payload) for payload in payloads)
    assert "Grace" not in repr(made)
    assert ledger.name(made.id) == "Grace Brewster"


def test_making_an_actor_is_one_entry_that_says_the_same(access: Access, by: By, ledger: Ledger) -> None:
    made = access.create_actor("ci", kind="service", roles=["operator", "developer"], team="t", by=by)
    (entry,) = list(ledger.entries(act="actor.create"))[1:]
    assert entry.facts == {
        "actor": made.id,
        "kind": "service",
        "roles": ["developer", "operator"],
        "team": "t",
        "project": "",
    }
    assert (entry.actor, entry.via, entry.at, entry.app) == (by.actor, by.via, made.created_at, "")
    assert ledger.private([entry.sequence]) == {entry.sequence: {"name": "ci"}}


def test_a_name_belongs_to_one_actor(access: Access, by: By, acts: Acts) -> None:
    access.create_actor("Bo", kind="person", roles=[], by=by)
    before = acts()
    with pytest.raises(ActorExistsError, match="`BO`"):
        access.create_actor("BO", kind="service", roles=["admin"], by=by)
    assert acts() == before
    assert access.actor("Bo").roles == frozenset()


def test_somebody_whom_the_ledger_knows_already_keeps_the_pseudonym(access: Access, by: By, ledger: Ledger) -> None:
    subject = ledger.subject("Bo")
    assert access.create_actor("Bo", kind="person", roles=[], by=by).id == subject


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 201, "s-0011223344556677"])
def test_an_unfit_name_changes_nothing(access: Access, by: By, acts: Acts, name: str) -> None:
    before = acts()
    with pytest.raises(NameUnfitError):
        access.create_actor(name, kind="person", roles=[], by=by)
    assert acts() == before


def test_an_unknown_role_changes_nothing(access: Access, by: By) -> None:
    with pytest.raises(RoleUnknownError):
        access.create_actor("Bo", kind="person", roles=["root"], by=by)  # type: ignore[list-item]  # that is the mistake
    with pytest.raises(RoleUnknownError):
        access.set_roles("Ada", ["root"], by=by)  # type: ignore[list-item]  # that is the mistake
    assert [actor.name for actor in access.actors()] == ["Ada"]


def test_roles_are_replaced_and_the_same_again_is_no_act(access: Access, by: By, acts: Acts, ledger: Ledger) -> None:
    made = access.create_actor("Bo", kind="person", roles=["viewer"], by=by)
    changed = access.set_roles("Bo", ["developer", "approver"], by=by)
    assert changed.roles == access.actor("Bo").roles == {"developer", "approver"}
    (entry,) = ledger.entries(act="actor.roles")
    assert entry.facts == {"actor": made.id, "from": ["viewer"], "to": ["approver", "developer"]}
    before = acts()
    assert access.set_roles(made.id, ["approver", "developer"], by=by) == changed
    assert acts() == before


def test_somebody_who_does_not_exist_is_named(access: Access, by: By) -> None:
    for act in (
        lambda: access.actor("Bo"),
        lambda: access.set_roles("Bo", ["viewer"], by=by),
        lambda: access.disable("Bo", by=by),
        lambda: access.create_key("Bo", by=by),
    ):
        with pytest.raises(ActorMissingError, match="no actor `Bo`"):
            act()


def test_a_disabled_actor_stays_in_the_list_and_acts_no_more(access: Access, by: By, acts: Acts) -> None:
    access.create_actor("Bo", kind="person", roles=["developer"], by=by)
    disabled = access.disable("Bo", by=by)
    assert disabled.disabled_at is not None
    assert access.actors()[-1] == disabled
    with pytest.raises(ActorDisabledError, match="Bo was disabled"):
        access.local("Bo")
    with pytest.raises(ActorDisabledError):
        access.create_key("Bo", by=by)
    before = acts()
    assert access.disable("Bo", by=by) == disabled
    assert acts() == before


def test_the_last_admin_stays(access: Access, by: By, acts: Acts) -> None:
    before = acts()
    with pytest.raises(LastAdminError, match="Ada is the last admin"):
        access.disable("Ada", by=by)
    with pytest.raises(LastAdminError):
        access.set_roles("Ada", ["developer"], by=by)
    assert acts() == before
    access.set_roles("Ada", ["admin", "auditor"], by=by)


def test_an_admin_may_go_when_another_one_stays(access: Access, by: By) -> None:
    access.create_actor("Bo", kind="person", roles=["admin"], by=by)
    access.disable("Ada", by=by)
    with pytest.raises(LastAdminError, match="Bo is the last admin"):
        access.set_roles("Bo", [], by=by)


def test_an_admin_whose_name_was_erased_does_not_count(access: Access, by: By, ledger: Ledger) -> None:
    made = access.create_actor("Bo", kind="person", roles=["admin"], by=by)
    ledger.erase(made.id, {}, by=by)
    with pytest.raises(LastAdminError):
        access.disable("Ada", by=by)


def test_the_name_of_an_erased_actor_is_free_again(access: Access, by: By, ledger: Ledger) -> None:
    made = access.create_actor("Bo", kind="person", roles=["developer"], by=by)
    ledger.erase(made.id, {}, by=by)
    erased = access.actor(made.id)
    assert (erased.name, erased.label) == (None, made.id)
    assert access.local("Bo").rights == frozenset()
    assert access.create_actor("Bo", kind="person", roles=[], by=by).id != made.id


def test_the_first_user_of_a_machine_becomes_admin_which_is_recorded(access: Access, ledger: Ledger) -> None:
    acting = access.local("Ada")
    acting.require("keys")
    (entry,) = ledger.entries(act="actor.create")
    assert entry.facts["roles"] == ["admin"]
    assert entry.actor == entry.facts["actor"] == acting.actor
    assert entry.via == acting.by.via == "local"
    assert access.local("Ada") == acting
    assert ledger.size() == 2


def test_a_later_unknown_user_has_no_right_and_is_told_who_grants_them(
    access: Access, admin: Acting, ledger: Ledger
) -> None:
    before = ledger.size()
    acting = access.local("Mallory")
    with pytest.raises(RightMissingError, match="Mallory does not have the right `read`") as raised:
        acting.require("read")
    assert f"({admin.name})" in raised.value.hint
    assert "plimsoll actor roles" in raised.value.hint
    with pytest.raises(ActorMissingError):
        _ = acting.by
    assert ledger.size() == before
    assert ledger.find_subject("Mallory") is None
    assert [actor.name for actor in access.actors()] == ["Ada"]


def test_a_user_of_the_machine_has_the_rights_of_the_actor_of_that_name(access: Access, by: By) -> None:
    made: Actor = access.create_actor("Bo", kind="person", roles=["approver"], team="law", project="p", by=by)
    acting = access.local("bo")
    assert (acting.actor, acting.name, acting.team, acting.project, acting.via) == (made.id, "Bo", "law", "p", "local")
    acting.require("approve")
    with pytest.raises(RightMissingError, match="`ship`"):
        acting.require("ship")
