"""Approvals, policies, labels and shares at the command line, by several people; they are shown by their names."""

import re
from collections.abc import Callable

import pytest
from tests.cli.conftest import Ended, Run
from tests.flows.conftest import FILES, Workshop

As = Callable[..., Ended]

APPROVALS = "promotion: {production: {approvals: 1}}\nlabels: {protected: [production]}\n"
PSEUDONYM = re.compile(r"\bs-[0-9a-f]{16}\b")


@pytest.fixture
def says(run: Run, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> As:
    """Run a command in the project as somebody. Ada is the first, and makes the others."""

    def says(who: str, *arguments: str) -> Ended:
        monkeypatch.setenv("PLIMSOLL_ACTOR", who)
        ended = run(*arguments, folder=workshop.root)
        assert not PSEUDONYM.search(ended.out + ended.err), ended
        return ended

    for name, role in (("bob", "approver"), ("otto", "operator")):
        assert run("actor", "create", name, "--role", role, folder=workshop.root).code == 0
    return says


def released(says: As, workshop: Workshop, edition: str = "") -> str:
    workshop.write("prompts/answer.yaml", f"system: Answer from the passages. {edition}\n")
    ended = says("ada", "release", "--json")
    assert ended.code == 0, ended.out
    name: str = ended.json["release"]["name"]
    return name


def test_a_release_waits_for_its_approval(says: As, workshop: Workshop) -> None:
    workshop.write("plimsoll.yaml", FILES["plimsoll.yaml"] + APPROVALS)
    name = released(says, workshop)
    refused = says("otto", "ship", name, "production", "--reason", "spring")
    assert refused.code == 1
    assert f"{name} needs 1 more approval for production" in refused.err
    own = says("ada", "review", "approve", name, "production")
    assert (own.code, "nobody approves a release of their own" in own.err) == (2, True)
    waiting = says("bob", "review", "list", "--json").json
    assert {item["environment"]: (item["state"], item["missing"]) for item in waiting} == {
        "staging": ("approved", 0),
        "production": ("gated", 1),
    }
    approved = says("bob", "review", "approve", name, "production", "--reason", "read it")
    assert (approved.code, f"{name} approved for production by bob" in approved.out) == (0, True)
    moved = says("otto", "ship", name, "production", "--reason", "spring", "--json").json
    assert (moved["actor"], moved["name"], moved["reason"]) == ("otto", name, "spring")
    assert "by otto" in says("ada", "lineage", answered(says)).out
    assert "bob" in says("ada", "review", "list").out


def answered(says: As) -> str:
    trace: str = says("ada", "ask", "How many days of paid leave?", "--env", "production", "--json").json["trace"]
    return trace


def test_whoever_lacks_a_right_is_told_which_and_by_whom(says: As, workshop: Workshop) -> None:
    name = released(says, workshop)
    for who, right, command in (
        ("bob", "ship", ("ship", name, "staging")),
        ("otto", "override", ("ship", name, "staging", "--override", "--reason", "now")),
        ("otto", "approve", ("review", "approve", name, "staging")),
        ("bob", "ship", ("rollback", "staging")),
        ("otto", "policy", ("policy", "adopt", "staging")),
        ("bob", "publish", ("build",)),
        ("somebody new", "label", ("registry", "label", "prompt:answer@beta", "prompt:answer@1")),
    ):
        ended = says(who, *command)
        assert ended.code == 2
        assert f"{who} does not have the right `{right}`" in ended.err
        assert "(ada)" in ended.err


def test_a_changed_policy_is_shown_and_adopted(says: As, workshop: Workshop) -> None:
    release = released(says, workshop)
    workshop.write("plimsoll.yaml", FILES["plimsoll.yaml"] + APPROVALS)
    assert says("ada", "ship", release, "production").code == 1
    workshop.write("plimsoll.yaml", FILES["plimsoll.yaml"])
    ended = says("ada", "ship", release, "production")
    assert (ended.code, "approvals 1 → 0" in ended.err, "policy adopt production" in ended.err) == (2, True, True)
    assert "approvals 1 → 0" in says("ada", "policy", "show").out
    held = says("ada", "policy", "show", "--json").json
    assert {item["environment"]: item["adopted"] for item in held} == {"staging": False, "production": True}
    adopted = says("ada", "policy", "adopt", "production", "--reason", "a small team")
    assert (adopted.code, "approvals 1 → 0" in adopted.out) == (0, True)
    assert says("ada", "ship", release, "production").code == 0


def test_the_glass_is_broken_with_a_reason(says: As, workshop: Workshop) -> None:
    release = released(says, workshop)
    workshop.write("plimsoll.yaml", FILES["plimsoll.yaml"] + APPROVALS)
    assert says("ada", "ship", release, "production").code == 1
    overridden = says("ada", "ship", release, "production", "--override", "--reason", "the shed is on fire")
    assert overridden.code == 0


def test_a_share_of_the_traffic_is_given_and_taken_away(says: As, workshop: Workshop) -> None:
    first, second = released(says, workshop), released(says, workshop, "Again.")
    assert says("otto", "ship", first, "staging", "--share", "10").code == 2
    assert says("otto", "ship", first, "staging").code == 0
    shared = says("otto", "ship", second, "staging", "--share", "10", "--json").json
    assert (shared["move"], shared["share"], shared["name"]) == ("split", 0.1, second)
    assert says("otto", "ship", second, "staging", "--share", "100").code == 2
    back = says("otto", "rollback", "staging", "--share", "--json").json
    assert (back["move"], back["name"]) == ("unsplit", first)
    assert says("otto", "rollback", "staging", "--share").code == 2


def test_labels_are_moved_shown_and_protected(says: As, workshop: Workshop) -> None:
    workshop.write("plimsoll.yaml", FILES["plimsoll.yaml"] + APPROVALS)
    assert says("ada", "build").code == 0
    assert says("ada", "registry", "label", "prompt:answer@beta", "prompt:answer@1", "--reason", "new").code == 0
    refused = says("ada", "registry", "label", "prompt:answer@production", "prompt:answer@beta")
    assert (refused.code, "needs 1 more approval" in refused.err) == (1, True)
    assert says("bob", "review", "approve", "prompt:answer@1", "@production").code == 0
    assert says("ada", "registry", "label", "prompt:answer@production", "prompt:answer@beta").code == 0
    listed = says("ada", "registry", "list", "--kind", "prompt", "--json").json
    assert [sorted(version["labels"]) for version in listed] == [["beta", "production"]]
    shown = says("ada", "registry", "show", "prompt:answer@production", "--json").json
    assert shown["version"]["number"] == 1
    history = says("ada", "registry", "labels", "prompt:answer", "--history", "--json").json
    assert [(move["label"], move["actor"], move["reason"]) for move in history] == [
        ("beta", "ada", "new"),
        ("production", "ada", ""),
    ]
    loop = says("ada", "registry", "label", "prompt:answer@beta", "prompt:answer@beta")
    assert (loop.code, "error:" in loop.err) == (2, True)
    for which in ("none", "99", "sha256:" + "0" * 64):
        assert says("ada", "registry", "show", f"prompt:answer@{which}").code == 2
    assert says("ada", "registry", "show", "sonnet:answer").code == 2


def test_a_key_says_who_acts(says: As, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    name = released(says, workshop)
    made = says("ada", "key", "create", "otto", "--only", "ship", "--json")
    monkeypatch.setenv("PLIMSOLL_KEY", re.findall(r"plim_[a-z0-9]+_[A-Za-z0-9_-]+", made.out)[0])
    assert says("ada", "ship", name, "staging", "--json").json["actor"] == "otto"
    monkeypatch.setenv("PLIMSOLL_KEY", "plim_wrong")
    ended = says("ada", "rollback", "staging")
    assert (ended.code, "not a whole key" in ended.err, "plim_wrong" in ended.err) == (2, True, False)
