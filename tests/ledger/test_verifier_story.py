import json
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.verifier_files import (
    APP,
    FIRST,
    SECOND,
    SIGNER,
    AuditExport,
    Writer,
    a_ledger,
    held,
)

from plimsoll.ledger.verifier import (
    Question,
    main,
    moment,
    verify_file,
)


def export(more: int = 0, sizes: tuple[int, ...] = (5, 12)) -> AuditExport:
    return AuditExport.of(a_ledger(more), sizes)


def test_what_was_live_on_a_day_with_who_approved_it_on_what_evidence(tmp_path: Path) -> None:
    path = export().write(tmp_path / "a")
    (live,) = verify_file(path, question=Question(until=moment("2026-05-01T00:10:30Z"))).story
    assert (live["release"], live["app"], live["environment"], live["role"]) == (FIRST, APP, "production", "live")
    assert (live["moved"]["name"], live["moved"]["reason"], live["moved"]["entry"]) == (
        "Ada Lovelace",
        "the first one",
        10,
    )
    assert [(each["name"], each["reason"]) for each in live["approvals"]] == [("Bob Kahn", "read every row")]
    assert [(row["suite"], row["verdict"], row["entry"]) for row in live["evidence"]] == [("ask", "pass", 4)]
    (later,) = verify_file(path, question=Question(until=moment("2026-05-01T00:12:00Z"))).story
    assert (later["release"], later["overrides"][0]["rules"], later["approvals"]) == (SECOND, ["approvals"], [])
    live, candidate = verify_file(path, question=Question(until=moment("2026-05-01"))).story
    assert (live["release"], candidate["release"], candidate["share"]) == (FIRST, SECOND, 0.1)
    assert (live["overrides"], candidate["overrides"]) == ([], [])
    assert verify_file(path, question=Question(until=moment("2026-04-30"))).story == []
    assert verify_file(path, question=Question(app="another")).story == []


def test_names_of_the_erased_and_the_withheld_are_not_invented(tmp_path: Path) -> None:
    log = a_ledger()
    log.move("ship", SECOND, FIRST)
    log.openings = [opening for opening in log.openings if opening["sequence"] not in {1, 2}]
    log.add("subject.erase", {"subject": "s-00000000000000bb"}, app="")
    (live,) = verify_file(AuditExport.of(log).write(tmp_path / "a")).story
    assert live["moved"]["name"] == "name not disclosed"
    (first,) = verify_file(tmp_path / "a", question=Question(until=moment("2026-05-01T00:10:00Z"))).story
    assert first["approvals"][0]["name"] == "name erased"


def test_withdrawn_and_expired_approvals_do_not_count(tmp_path: Path) -> None:
    log = a_ledger()
    log.add(
        "review.withdraw", {"subject": FIRST, "place": "production", "expires_at": None}, actor="s-00000000000000bb"
    )
    log.move("ship", FIRST, SECOND)
    (live,) = verify_file(AuditExport.of(log).write(tmp_path / "a")).story
    assert live["approvals"] == []


def overridden(log: Writer, *rules: object, environment: str = "production") -> None:
    log.add(
        "environment.override",
        {"environment": environment, "release": SECOND, "rules": list(rules)},
        private={"reason": "it burns"},
    )


def test_an_override_is_told_of_the_one_move_that_it_let_through(tmp_path: Path) -> None:
    log = a_ledger()
    overridden(log, "freeze")
    log.move("split", SECOND, FIRST, share=0.2)
    log.move("ship", SECOND, FIRST)
    (live,) = verify_file(AuditExport.of(log).write(tmp_path / "a")).story
    assert (live["release"], live["overrides"]) == (SECOND, [])
    at = json.loads(log.lines[-2])["at"]
    live, candidate = verify_file(tmp_path / "a", question=Question(until=at)).story
    assert (live["overrides"], candidate["release"]) == ([], SECOND)
    (override,) = candidate["overrides"]
    assert (override["rules"], override["reason"], override["name"]) == (["freeze"], "it burns", "Ada Lovelace")
    moves = verify_file(tmp_path / "a", question=Question(release=SECOND)).story
    assert [(move["role"], [each["rules"] for each in move["overrides"]]) for move in moves] == [
        ("ship", [["approvals"]]), ("rollback", []), ("split", []), ("split", [["freeze"]]), ("ship", []),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "between", [{"environment": "staging"}, {"label": True}, {"act": "rollback"}, {"release": FIRST}]
)
def test_an_override_is_of_no_other_move(tmp_path: Path, between: dict[str, Any]) -> None:
    log = a_ledger()
    overridden(log, "freeze", environment=between.get("environment", "production"))
    if "label" in between:
        log.add("label.move", {})
    log.move(between.get("act", "ship"), between.get("release", SECOND), FIRST)
    (live,) = verify_file(AuditExport.of(log).write(tmp_path / "a")).story
    assert (live["moved"]["entry"], live["overrides"]) == (len(log.lines) - 1, [])


def test_the_page_says_in_words_which_rules_were_overridden(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = a_ledger()
    overridden(log, "approvals", "freeze", "refusal", ["x"])
    log.move("split", SECOND, FIRST, share=0.29)
    notes = held(tmp_path / "kept", log.lines, 5)
    assert main([str(AuditExport.of(log).write(tmp_path / "a")), "--checkpoint", str(notes)]) == 0
    shown = capsys.readouterr().out
    assert "candidate, 29 % of the traffic\n" in shown
    assert "compared with the checkpoint that you hold, of 5 entries\n" in shown
    assert (
        "moved without the approvals that the policy asks for and in a freeze and although a reviewer refused it and "
        "against the rule ['x']: overridden by Ada Lovelace (s-00000000000000aa, local) "
        "at 2026-05-01T00:16:00.000000Z, environment.override, entry 16, reason: it burns\n"
    ) in shown
    assert "gate" not in shown.replace("gate.judge", "")


def test_the_page_shows_nothing_that_steers_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = a_ledger()
    log.move("ship", SECOND, FIRST, "fine\n  VERIFIED \x1b[2J \u202e")
    path = AuditExport.of(log).write(tmp_path / "a")
    assert main([str(path), "--key", SIGNER.vkey]) == 0
    shown = capsys.readouterr().out
    assert "reason: fine\\n  VERIFIED \\x1b[2J \\u202e" in shown
    assert "\x1b" not in shown
    assert "the key is the one that you trust" in shown


def test_the_page_says_when_the_log_ends_before_the_day_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(export().write(tmp_path / "a")), "--at", "2027-01-01"]) == 0
    shown = capsys.readouterr().out
    assert "the log ends at 2026-05-01T00:15:00.000000Z, what came after it is not known" in shown
    assert "THE KEY IS TAKEN FROM THE FILE ITSELF" in shown
