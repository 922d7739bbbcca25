"""The ledger, imports, erasures and keys as a person sees them on a terminal."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tests.ledger.verifier_files import FIRST, SECOND, ReleaseExport, a_release, proved

from plimsoll.access import ApiKey, NewKey
from plimsoll.access._types import Actor
from plimsoll.cli.show import audits, keys, verdicts
from plimsoll.flows.audit import Audited
from plimsoll.flows.collect import Collected
from plimsoll.flows.erase import Erasure, ErasurePlan
from plimsoll.flows.exchange import ExportReport, ImportReport
from plimsoll.flows.policy import PolicyHeld
from plimsoll.governance.record_check import Checked
from plimsoll.governance.retention import Collection
from plimsoll.kernel.digest import Json, digest_json
from plimsoll.ledger import Entry
from plimsoll.ledger.verifier import Report, verify_file
from plimsoll.releases import EnvironmentPolicy, Evidence, Manifest, Release
from plimsoll.releases.environments import EnvironmentMove

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
ADA = "s-00000000000000aa"
HASH = digest_json("a hash")

Draw = Callable[[Console], None]


def drawn(draw: Draw, *, width: int = 160) -> str:
    screen = Console(width=width, record=True, force_terminal=False, emoji=False)
    with screen.capture() as captured:
        draw(screen)
    return "\n".join(line.rstrip() for line in captured.get().split("\n"))


def cells(shown: str, row: int) -> list[str]:
    """The cells of a row of a drawn table; row 0 is the headings."""
    lines = [line for line in shown.split("\n") if "   " in line.strip()]
    return [cell.strip() for cell in lines[row].strip().split("   ") if cell.strip()]


# Entries of the ledger


def what(act: str, facts: dict[str, Json]) -> str:
    """What the list of entries says of one."""
    entry = Entry(7, AT, act, "", ADA, "local", facts, None)
    shown = drawn(lambda screen: audits.entries(screen, [entry], {}), width=400)
    (row,) = (line for line in shown.split("\n") if line.strip().startswith("7 "))
    return " ".join(row.split(act, 1)[1].split())


KEY: dict[str, Json] = {
    "prefix": "abcd012345", "actor": ADA, "rights": None, "expires_at": None, "team": "", "project": "",
    "hash_commitment": HASH,
}  # fmt: skip

SENTENCES: list[tuple[str, dict[str, Json], str]] = [
    (
        "environment.override",
        {"environment": "production", "release": FIRST, "rules": ["approvals", "freeze"]},
        f"production: r-{FIRST[7:13]} without the approvals asked for and in a freeze",
    ),
    (
        "environment.override",
        {"environment": "production", "release": FIRST, "rules": ["refusal", "moon"]},
        f"production: r-{FIRST[7:13]} although refused and against the rule moon",
    ),
    (
        "environment.split",
        {"environment": "production", "move": "split", "from": FIRST, "to": SECOND, "share": 0.29},
        f"production: r-{FIRST[7:13]} → r-{SECOND[7:13]} (29 % of the traffic)",
    ),
    (
        "environment.ship",
        {"environment": "production", "move": "ship", "from": None, "to": SECOND, "share": 1},
        f"production: nothing → r-{SECOND[7:13]}",
    ),
    (
        "subject.erase",
        {
            "subject": ADA,
            "basis": "GDPR Art. 17(1)",
            "key_destroyed": True,
            "purged": {"traces": 1, "outputs": 2, "blobs": 0},
            "blobs": [],
            "residuals": ["the index"],
        },
        f"{ADA} forgotten (GDPR Art. 17(1)): 1 trace, 2 cached outputs, 0 contents, key destroyed, 1 place is left",
    ),
    ("key.create", KEY, f"plim_abcd012345 for {ADA}: all rights of the actor, without an end"),
    (
        "key.create",
        {**KEY, "rights": ["call", "read"], "expires_at": "2027-01-01T00:00:00.000000Z"},
        f"plim_abcd012345 for {ADA}: call, read, until 2027-01-01 00:00:00 UTC",
    ),
    (
        "key.create",
        {**KEY, "models": ["gpt-4.1*", "harbour/ask"]},
        f"plim_abcd012345 for {ADA}: all rights of the actor, for gpt-4.1*, harbour/ask alone, without an end",
    ),
    ("key.create", {**KEY, "models": []}, f"plim_abcd012345 for {ADA}: all rights of the actor, without an end"),
    (
        "key.rotate",
        {**KEY, "replaces": "efgh678901", "overlap_until": "2026-03-02T12:30:00.000000Z"},
        (
            f"plim_abcd012345 for {ADA}: all rights of the actor, without an end; "
            "replaces plim_efgh678901, which works until 2026-03-02 12:30:00 UTC"
        ),
    ),
    ("key.revoke", {"prefix": "abcd012345"}, "plim_abcd012345 works no more"),
    (
        "actor.create",
        {"actor": ADA, "kind": "person", "roles": ["approver", "viewer"], "team": "search", "project": ""},
        f"{ADA}, person, approver, viewer, team search",
    ),
    ("actor.roles", {"actor": ADA, "from": [], "to": ["admin", "viewer"]}, f"{ADA}: no role → admin, viewer"),
    ("actor.disable", {"actor": ADA}, f"{ADA} acts no more"),
    ("storage.backup", {"rows": 1200, "contents": 1, "digest": HASH}, f"1,200 rows and 1 content, {HASH[7:19]}"),
    ("storage.restore", {"rows": 1, "contents": 2}, "1 row and 2 contents"),
    (
        "version.collect",
        {"versions": [["prompt", "ask", number, HASH] for number in range(1, 7)]},
        "forgot 6 versions: prompt:ask v1, prompt:ask v2, prompt:ask v3, prompt:ask v4, prompt:ask v5, …",
    ),
    ("release.collect", {"releases": [FIRST]}, f"forgot 1 release: r-{FIRST[7:13]}"),
    (
        "another.act",
        {"days": ["sat", "sun"], "counts": {"blobs": 0, "traces": 2}, "open": True, "gone": [], "digest": HASH},
        f"days sat, sun, counts blobs 0, traces 2, open yes, digest {HASH[7:19]}",
    ),
]


@pytest.mark.parametrize(("act", "facts", "sentence"), SENTENCES)
def test_an_entry_says_in_words_what_was_done(act: str, facts: dict[str, Json], sentence: str) -> None:
    assert what(act, facts) == sentence


@pytest.mark.parametrize("act", sorted({act for act, _, _ in SENTENCES} | {"label.move", "gate.judge"}))
@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"versions": 3, "releases": {}, "rules": "x", "environment": 1, "release": None, "purged": [1]},
        {"versions": [[1, 2], 3], "move": "split", "share": "half", "rows": None, "contents": [], "subject": {"a": 1}},
    ],
)  # fmt: skip
def test_an_entry_of_any_shape_is_shown(act: str, facts: dict[str, Json]) -> None:
    said = what(act, facts)
    assert not any(mark in said for mark in "[]{}'")


# Counts


def checked(**more: Any) -> Checked:
    counts = {"entries": 1, "rows": 1, "blobs": 1, "sealed": 1, "erased_payloads": 0, "erased_blobs": 1}
    return Checked(**{**counts, **more})


def test_counts_are_in_the_right_form() -> None:
    report = Report("ledger", trust={"size": 1, "key": "k"})
    report.find("the log", "differs")
    assert drawn(lambda screen: audits.audited(screen, Audited(report, checked(), 1))) == (
        "ledger: 1 entry, signed by k\n"
        "  the log: differs\n"
        "1 thing does not verify\n"
        "1 checkpoint at the anchor was held against it\n"
        "1 entry, 1 row and 1 content compared; 1 sealed, 0 of them and 1 content erased\n"
        "every record and every content is what was written down\n"
    )
    report.find("the log", "differs")
    shown = drawn(lambda screen: audits.audited(screen, Audited(report, checked(entries=2000), 2)))
    assert "2 things do not verify\n2 checkpoints at the anchor were held against it\n2,000 entries, 1 row" in shown


def test_a_policy_that_asks_for_nothing_is_not_said_to_hold_one_day() -> None:
    nothing, two = EnvironmentPolicy(), EnvironmentPolicy(approvals=2)
    found = [
        PolicyHeld("staging", nothing, adopted=False, changes=()),
        PolicyHeld("production", two, adopted=False, changes=()),
        PolicyHeld("canary", two, adopted=True, changes=("approvals 1, and not 2",)),
    ]
    shown = drawn(lambda screen: verdicts.policies(screen, found))
    lines = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
    assert "(asks for nothing)" in lines["staging"]
    assert "(holds from its first use on)" in lines["production"]
    assert "approvals 1, and not 2" in lines["canary"]


def test_what_is_forgotten_and_erased_is_counted_in_the_right_form() -> None:
    plan = ErasurePlan(None, traces=1, outputs=1, elsewhere={"answers": 1, "feedback": 2}, blobs=(), residuals=())
    assert drawn(lambda screen: audits.erasure_plan(screen, plan)) == (
        "would destroy no key, 1 trace, 1 cached output, 1 kept answer, 2 judgements, 0 contents\n"
    )
    judged = replace(plan, judged=("5b8efff798038103d269b633813fc60c",))
    assert "\n  what was said of trace 5b8efff798038103d269b633813fc60c\n" in drawn(
        lambda screen: audits.erasure_plan(screen, judged)
    )
    purged = {"traces": 1, "outputs": 1, "blobs": 2}
    done = Erasure(found=True, subject=ADA, sequence=57, purged=purged, blobs=(), residuals=())
    assert drawn(lambda screen: audits.erasure(screen, done)) == (
        f"erased {ADA}: 1 trace, 1 cached output, 2 contents; the tombstone is entry 57\n"
    )
    collected = Collected(Collection((), (), (HASH,), {}), traces=1, releases=[FIRST], blobs=[])
    assert drawn(lambda screen: audits.collected(screen, collected, dry_run=False)) == (
        "forgot 1 trace, 1 release, 0 versions and 0 contents\n"
    )
    assert drawn(lambda screen: audits.collected(screen, collected, dry_run=True)) == (
        "would forget 0 releases, 0 versions and 1 content, and traces that are older than the retention\n"
    )


# Files of releases


def frozen(content: dict[str, Any]) -> Release:
    evidence = tuple(Evidence(**row) for row in content["evidence"])
    return Release(Manifest(content["app"], content["artifacts"], evidence), AT, ADA, "", 3)


def an_import(file: ReleaseExport, story: Sequence[dict[str, Any]], *, new: int = 1) -> ImportReport:
    counts = {"versions": 2, "versions_new": new, "blobs": 3, "blobs_new": 3}
    release = frozen(file.manifest)
    return ImportReport(release, "plimsoll/0a1b2c3d", "k", existed=False, story=tuple(story), **counts)


def test_an_import_shows_the_moves_that_its_file_proves(tmp_path: Path) -> None:
    file = a_release()
    override = {"environment": "production", "release": file.release, "rules": ["approvals"]}
    file.log.add("environment.override", override, private={"reason": "a leak"})
    file.log.move("split", file.release, FIRST, "one in ten", share=0.1)
    file.log.move("ship", SECOND, file.release, "a better one")
    file.rows = [proved(file.log, index) for index in range(1, len(file.log.lines))]
    report = verify_file(file.write(tmp_path / "r"))
    assert report.ok
    done = an_import(file, report.story)
    shown = drawn(lambda screen: audits.imported(screen, done))
    assert shown.startswith(
        f"{done.release.manifest.name} from plimsoll/0a1b2c3d: 1 of 2 versions is new\n"
        "made there by Ada Lovelace, 2026-05-01 00:05:00 UTC, from commit c0ffee\n"
    )
    assert cells(shown, 0) == ["environment", "move", "when (UTC)", "who", "approved by", "why"]
    assert cells(shown, 1) == [
        "production", f"ship r-{file.release[7:13]}", "2026-05-01 00:07:00", "Ada Lovelace", "name not disclosed",
        "ready",
    ]  # fmt: skip
    assert cells(shown, 2)[1] == f"split r-{file.release[7:13]} 10 %"
    assert cells(shown, 2)[-1] == "without the approvals asked for: one in ten"
    assert cells(shown, 3)[1] == f"ship r-{SECOND[7:13]}"
    assert cells(shown, 3)[-2:] == ["(nobody)", "a better one"]
    assert "sha256:" not in shown


def test_an_import_of_what_never_moved_says_so() -> None:
    shown = drawn(lambda screen: audits.imported(screen, an_import(a_release(), [], new=2)))
    assert shown.endswith("2 of 2 versions are new\nits file knows of no move there\n")


def test_an_export_is_counted_in_the_right_form() -> None:
    done = ExportReport(frozen(a_release().manifest), Path("a.plimsoll"), 1, "k", versions=1, blobs=1, entries=1)
    shown = drawn(lambda screen: audits.exported(screen, done))
    assert "(1 byte)\n1 version, 1 content, 1 entry of the ledger with proofs\n" in shown


def test_a_share_is_a_percentage() -> None:
    moved = EnvironmentMove(7, "app", "staging", "split", FIRST, SECOND, AT, ADA, "", 0.125)
    shown = drawn(lambda screen: verdicts.move(screen, moved))
    assert shown.startswith(f"staging: r-{FIRST[7:13]} → r-{SECOND[7:13]} (12.5 % of the traffic)\n")


@pytest.mark.parametrize(("share", "text"), [(0.29, "29 %"), (0.1, "10 %"), (1.0, "100 %"), (0.99999, "99.999 %")])
def test_percentages_have_no_noise_of_arithmetic(share: float, text: str) -> None:
    assert verdicts.percent(share) == text


# Keys


def a_key(**more: Any) -> ApiKey:
    times = {"created_at": AT, "expires_at": None, "revoked_at": None}
    given = {"prefix": "abcd012345", "actor": ADA, "rights": None, "models": (), "team": "", "project": ""}
    return ApiKey(**{**times, **given, "replaced_by": None, **more})


EARLIER = AT - timedelta(days=1)
STATES: list[tuple[dict[str, Any], str, tuple[str, ...], str, bool]] = [
    ({}, "ada", (), "", True),
    ({}, "ada", ("s-00000000000000bb",), "", True),
    ({"replaced_by": "efgh678901"}, "ada", (), "rotated", True),
    ({}, "ada", (ADA,), "actor disabled", False),
    ({"replaced_by": "efgh678901"}, "ada", (ADA,), "actor disabled", False),
    ({}, ADA, (ADA,), "actor erased", False),
    ({}, ADA, (), "actor erased", False),
    ({"expires_at": EARLIER}, "ada", (ADA,), "expired", False),
    ({"revoked_at": EARLIER}, ADA, (ADA,), "revoked", False),
]


@pytest.mark.parametrize(("given", "name", "disabled", "state", "works"), STATES)
def test_a_key_says_why_it_does_not_work(
    given: dict[str, Any], name: str, disabled: tuple[str, ...], state: str, *, works: bool
) -> None:
    key, names = a_key(**given), {ADA: name}
    content = keys.key_json(key, names, AT, disabled=disabled)
    assert (content["state"], content["works"]) == (state, works)
    shown = drawn(lambda screen: keys.keys(screen, [key], names, AT, disabled=disabled))
    *_, last = cells(shown, 1)
    assert last == (state or "2026-02-28 12:30:00" if given.get("expires_at") else state or "never")


def test_a_key_is_called_what_people_see_of_it() -> None:
    content = keys.key_json(a_key(), {ADA: "ada"}, AT)
    assert (content["key"], content["prefix"]) == ("plim_abcd012345", "abcd012345")
    owner = Actor(ADA, "person", "ada", frozenset(), "", "", AT, None)
    shown = drawn(lambda screen: keys.new_key(screen, NewKey(a_key(), "the secret"), owner))
    assert shown == "key plim_abcd012345 for ada: all rights of its actor, without an end\nthe secret\n"
