import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger.verifier_files import (
    ADA,
    APP,
    FIRST,
    SIGNER,
    STRANGER,
    AuditExport,
    a_ledger,
    held,
    said,
    text_of,
    write_tar,
)

from plimsoll.kernel.digest import Json
from plimsoll.ledger import Act, By, Ledger, Opening
from plimsoll.ledger.verifier import (
    verify_file,
    verify_lines,
)


def export(more: int = 0, sizes: tuple[int, ...] = (5, 12)) -> AuditExport:
    return AuditExport.of(a_ledger(more), sizes)


in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


# Audit exports


def test_a_whole_export_verifies(tmp_path: Path) -> None:
    whole = export(20)
    notes = held(tmp_path / "held", whole.lines, 3, 12, 30)
    report = verify_file(whole.write(tmp_path / "a"), [notes], SIGNER.vkey)
    assert said(report) == ""
    assert (report.ok, report.trust["size"], report.trust["held"], report.trust["held_size"]) == (
        True,
        len(whole.lines),
        3,
        30,
    )
    assert (report.trust["opened"], report.trust["erased"], report.trust["withheld"]) == (8, 1, 0)


def test_where_the_key_comes_from_is_said(tmp_path: Path) -> None:
    whole = export()
    path = whole.write(tmp_path / "a")
    origins = [
        verify_file(path),
        verify_file(path, [held(tmp_path / "h", whole.lines, 5)]),
        verify_file(path, key=SIGNER.vkey),
    ]
    assert [report.trust["key_origin"] for report in origins] == ["file", "held", "given"]


@given(data=st.data())
@in_one_folder
def test_any_change_of_one_character_of_any_line_is_found(tmp_path: Path, data: st.DataObject) -> None:
    changed = export(3)
    part = data.draw(st.sampled_from([changed.lines, changed.notes, changed.openings]))
    number = data.draw(st.integers(0, len(part) - 1))
    place = data.draw(st.integers(0, len(part[number]) - 1))
    character = data.draw(st.characters(codec="utf-8").filter(lambda other: other != part[number][place]))
    part[number] = part[number][:place] + character + part[number][place + 1 :]
    report = verify_file(changed.write(tmp_path / "a"))
    assert not report.ok
    if part is changed.lines:
        places = said(report)
        assert f"entry {number}" in places or "the change lies between" in places


def test_a_change_is_narrowed_down_by_the_checkpoints(tmp_path: Path) -> None:
    changed = export(30, (5, 12, 20, 30))
    changed.lines[16] = changed.lines[16].replace("latest", "oldest")
    assert "the change lies between entry 12 and entry 19" in said(verify_file(changed.write(tmp_path / "a")))


def test_where_the_change_lies_is_said_before_the_checkpoints_that_do_not_match(tmp_path: Path) -> None:
    changed = export(30, (5, 12, 20))
    changed.lines[16] = changed.lines[16].replace("latest", "oldest")
    report = verify_file(changed.write(tmp_path / "a"))
    assert said(report) == (
        "the log: the change lies between entry 12 and entry 19: the first 12 match a checkpoint, "
        "the checkpoint of 20 entries does not\n"
        "checkpoint of 20 entries (checkpoints.jsonl line 3): is of another history: "
        "the tree over the first 20 entries is not this one\n"
        "checkpoint of 46 entries (checkpoints.jsonl line 4): is of another history: "
        "the tree over the first 46 entries is not this one"
    )


def test_many_checkpoints_that_do_not_match_are_one_sentence(tmp_path: Path) -> None:
    changed = export(30, (5, 12, 20, 30, 31, 32))
    changed.lines[16] = changed.lines[16].replace("latest", "oldest")
    report = verify_file(changed.write(tmp_path / "a"))
    assert report.findings[1:] == [
        ("5 checkpoints", "are of another history, the smallest of 20 entries, the largest of 46")
    ]
    cut = verify_lines(changed.lines[:3], [SIGNER.note(changed.lines[:3])], changed.notes, SIGNER.vkey)
    assert said(cut) == "7 checkpoints: the tail was cut off: the log has 3 entries, and they say 5 to 46"


def test_the_change_of_one_entry_is_said_as_such(tmp_path: Path) -> None:
    changed = export(5, (13, 14))
    changed.lines[13] = changed.lines[13].replace("rollback", "rollbacK")
    assert "the change lies in entry 13: the first 13 match" in said(verify_file(changed.write(tmp_path / "a")))
    first = verify_lines(changed.lines[1:2], [SIGNER.note(export().lines[:1])], [], SIGNER.vkey)
    assert "the change lies in entry 0: no earlier checkpoint matches, the checkpoint of 1 entry does not" in said(
        first
    )
    assert "checkpoint of 1 entry (checkpoint 1): is of another history: the tree over the first entry" in said(first)


@given(fork=st.integers(1, 15), old=st.integers(1, 10), new=st.integers(1, 10), earlier=st.integers(0, 15))
@settings(deadline=None, max_examples=60)
def test_an_older_state_that_was_put_back_and_went_on_is_told_as_that(
    fork: int, old: int, new: int, earlier: int
) -> None:
    """The bounds are in order, and hold the first entry that differs."""
    before, after = a_ledger(), a_ledger()
    del before.lines[fork:], after.lines[fork:]
    for number in range(old):
        before.add("lineage.add", {"number": number})
    for number in range(new):
        after.add("version.collect", {"number": number})
    kept = [("kept.txt", SIGNER.note(before.lines)), ("early.txt", SIGNER.note(after.lines[: min(earlier, fork)]))]
    report = verify_lines(after.lines, [SIGNER.note(after.lines)], kept, SIGNER.vkey)
    size = len(before.lines)
    if size > len(after.lines):
        assert said(report) == (
            f"checkpoint of {size} entries (kept.txt): the tail was cut off: "
            f"the log has {len(after.lines)} entries, and this checkpoint says {size}"
        )
        return
    good = min(earlier, fork)
    agree = f"up to entry {good - 1} it agrees with the checkpoint of size {good}; " if good else ""
    parted = f"entry {good} is" if good == size - 1 else f"entries {good} to {size - 1} are"
    assert said(report) == (
        f"the log: was put back to an older state, or written anew, and went on from there: "
        f"{agree}{parted} not what the checkpoint of size {size} was signed over\n"
        f"checkpoint of {size} entries (kept.txt): is of another history: "
        f"the tree over the first {size} entries is not this one"
    )


def test_what_helps_most_is_never_left_out(tmp_path: Path) -> None:
    changed = export(500)
    changed.lines = [line.replace("latest", "oldest ") + " " for line in changed.lines]
    report = verify_file(changed.write(tmp_path / "a"))
    assert report.found > len(report.findings) == 200
    assert report.findings[0][1].startswith("the change lies between entry 0 and entry 4")


def swap(parts: list[str]) -> None:
    parts[11], parts[12] = parts[12], parts[11]


def copy_in(parts: list[str]) -> None:
    parts.insert(14, parts[7])


def delete(parts: list[str]) -> None:
    del parts[8]


def delete_three(parts: list[str]) -> None:
    del parts[8:11]


def backdate(parts: list[str]) -> None:
    parts[9] = parts[9].replace("2026-05-01", "2026-04-01")


def no_start(parts: list[str]) -> None:
    parts[0] = parts[0].replace("ledger.start", "label.move")


CHANGES: list[tuple[Callable[[list[str]], None], str]] = [
    (swap, "entry 12: stands in place of 11 (reordered)"),
    (copy_in, "entry 7: was inserted: line 15"),
    (delete, "entry 8: is missing"),
    (delete_three, "entries 8 to 10: are missing"),
    (backdate, "entry 9: is of 2026-04-01T00:09:00.000000Z, and the one before it of 2026-05-01T00:08:00.000000Z"),
    (no_start, "entry 0: is not the start of the ledger plimsoll/0a1b2c3d"),
]


@pytest.mark.parametrize(("change", "finding"), CHANGES)
def test_a_change_of_the_log_is_named(tmp_path: Path, change: Callable[[list[str]], None], finding: str) -> None:
    changed = export(5)
    change(changed.lines)
    report = verify_file(changed.write(tmp_path / "a"))
    assert finding in said(report)
    assert "is of another history" in said(report) or "this checkpoint says" in said(report)


def test_a_log_signed_anew_is_still_caught_by_its_sequence_numbers(tmp_path: Path) -> None:
    log = a_ledger(5)
    del log.lines[8]
    assert "entry 8: is missing" in said(verify_file(AuditExport.of(log).write(tmp_path / "a"), key=SIGNER.vkey))


def test_a_tail_that_was_cut_off_is_found_with_a_held_checkpoint(tmp_path: Path) -> None:
    log = a_ledger(100 - 16)
    notes = held(tmp_path / "held.note", log.lines, 50, 100)
    log.lines = log.lines[:90]
    path = AuditExport.of(log).write(tmp_path / "a")
    assert verify_file(path).ok
    report = verify_file(path, [notes])
    assert said(report) == (
        "checkpoint of 100 entries (held.note note 2): the tail was cut off: the log has 90 entries, "
        "and this checkpoint says 100"
    )


def test_a_history_made_anew_is_found_with_a_held_checkpoint(tmp_path: Path) -> None:
    old, new = a_ledger(10), a_ledger(10)
    notes = held(tmp_path / "held", old.lines, 20)
    new.lines[10] = new.lines[10].replace("production", "elsewhere!")
    report = verify_file(AuditExport.of(new).write(tmp_path / "a"), [notes])
    assert "checkpoint of 20 entries (held): is of another history" in said(report)
    assert said(report).startswith(
        "the log: was put back to an older state, or written anew, and went on from there: "
        "entries 0 to 19 are not what the checkpoint of size 20 was signed over"
    )


def test_entries_after_the_last_checkpoint_are_not_believed(tmp_path: Path) -> None:
    changed = export(5)
    changed.notes.pop()
    assert "is covered by no checkpoint from entry 12 to its end" in said(verify_file(changed.write(tmp_path / "a")))


def test_another_key_is_named(tmp_path: Path) -> None:
    whole = export()
    path = whole.write(tmp_path / "a")
    assert f"and you trust {STRANGER.vkey}" in said(verify_file(path, key=STRANGER.vkey))
    (tmp_path / "held").write_text(STRANGER.note(whole.lines[:5]))
    assert "held: is not signed by the key" in said(verify_file(path, [tmp_path / "held"]))


def test_a_wrong_signature_is_named(tmp_path: Path) -> None:
    changed = export()
    changed.notes[1] = changed.notes[1].replace("\n12\n", "\n13\n")
    assert "checkpoints.jsonl line 2: has a signature that does not verify" in said(
        verify_file(changed.write(tmp_path / "a"))
    )


def test_checkpoints_out_of_order_are_named(tmp_path: Path) -> None:
    changed = export()
    changed.notes.reverse()
    assert "stands behind a larger one" in said(verify_file(changed.write(tmp_path / "a")))


def test_a_changed_opening_is_named(tmp_path: Path) -> None:
    changed = export()
    changed.openings[0] = changed.openings[0].replace("Ada", "Eve")
    report = verify_file(changed.write(tmp_path / "a"))
    assert said(report) == "openings.jsonl line 1 (entry 1): is not what the entry commits to: it was changed"


def test_openings_of_no_entry_are_named(tmp_path: Path) -> None:
    changed = export()
    first = json.loads(changed.openings[0])
    changed.openings += [text_of({**first, "sequence": number}) for number in (0, 4, 999)]
    found = said(verify_file(changed.write(tmp_path / "a")))
    assert "opens no entry in this place" in found
    assert "(entry 999): opens an entry that the log does not have" in found


def test_payloads_are_erased_with_a_tombstone_and_withheld_without(tmp_path: Path) -> None:
    log = a_ledger()
    log.openings = []
    trust = verify_file(AuditExport.of(log).write(tmp_path / "a")).trust
    assert (trust["opened"], trust["erased"], trust["withheld"]) == (0, 1, 8)


def test_extra_and_missing_files_and_a_wrong_size_are_named(tmp_path: Path) -> None:
    changed = export()
    changed.others, changed.size = {"notes.txt": b"", "../x": b""}, 3
    found = said(verify_file(changed.write(tmp_path / "a")))
    assert "notes.txt: does not belong in the archive" in found
    assert "../x: leads out of the archive" in found
    assert "export.json: says that the log has 3 entries, and it has 16" in found
    files = {
        "export.json": text_of({"format": 1, "kind": "audit", "origin": SIGNER.name, "vkey": SIGNER.vkey, "size": 0})
    }
    assert "entries.jsonl: is missing" in said(
        verify_file(write_tar(tmp_path / "b", {"export.json": files["export.json"].encode()}))
    )


def test_a_living_ledger_verifies_from_its_lines() -> None:
    whole = export(4)
    old = SIGNER.note(whole.lines[:7])
    assert verify_lines(whole.lines, whole.notes, [old], SIGNER.vkey, openings=whole.openings).ok
    cut = verify_lines(whole.lines[:6], [], [("kept by the auditor", old), old], SIGNER.vkey)
    said_of = "the tail was cut off: the log has 6 entries, and this checkpoint says 7"
    assert f"checkpoint of 7 entries (kept by the auditor): {said_of}" in said(cut)
    assert f"checkpoint of 7 entries (held checkpoint 2): {said_of}" in said(cut)


def test_what_was_not_asked_of_a_living_ledger_is_not_called_withheld() -> None:
    whole = export()
    asked = verify_lines(whole.lines, whole.notes, [], SIGNER.vkey, openings=())
    assert asked.trust["withheld"] == 8
    assert asked.story[0]["moved"]["name"] == "name not disclosed"
    report = verify_lines(whole.lines, whole.notes, [], SIGNER.vkey)
    assert (report.ok, report.trust["erased"]) == (True, 1)
    assert report.trust.keys() & {"opened", "withheld"} == set()
    text = json.dumps(report.to_json())
    assert "disclosed" not in text
    assert "reason" not in text
    assert (report.story[0]["moved"]["actor"], report.story[0]["moved"]["entry"]) == (ADA, 13)


def test_the_ledger_that_plimsoll_keeps_verifies_before_and_after_an_erasure(ledger: Ledger) -> None:
    ada = ledger.subject("ada@example.org")
    reason = {"reason": "caf\u00e9 \U0001f600 \ufb33"}
    move: dict[str, Json] = {"environment": "production", "move": "ship", "from": None, "to": FIRST, "share": 0.1}
    ledger.record([Act("environment.ship", APP, By(ada), move, reason)] * 3)
    before = ledger.checkpoint()
    openings = [rfc8785.dumps(asdict_of(opening)).decode() for opening in ledger.openings(range(ledger.size()))]
    key = ledger.key.verifier.text()
    whole = verify_lines(ledger.lines(), [before], [], key, openings=openings)
    assert (said(whole), whole.trust["opened"], whole.story[0]["moved"]["reason"]) == ("", 3, reason["reason"])
    ledger.erase(ada, {"basis": "art. 17", "purged": {}, "blobs": [], "residuals": []}, by=By(ada))
    after = verify_lines(ledger.lines(), [ledger.checkpoint()], [before], key)
    assert (said(after), after.trust["erased"], after.trust.get("opened")) == ("", 3, None)
    assert after.story[0]["moved"]["name"] == "name erased"


def asdict_of(opening: Opening) -> Any:
    return {"sequence": opening.sequence, "nonce": opening.nonce, "content": dict(opening.content)}
