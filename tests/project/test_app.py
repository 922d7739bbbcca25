"""What `plimsoll.yaml` says of promotion, labels and retention."""

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import pytest

from plimsoll.kernel.errors import InvalidError, NotFoundError
from plimsoll.project import AppDefinition, Mistake, ProjectInvalidError, load_app
from plimsoll.releases import EnvironmentPolicy

SNAPSHOT = Path(__file__).parent / "snapshots" / "broken-app.txt"

WHOLE = """\
name: contracts
promotion:
  production:
    approvals: 2
    approvers: [anna, ben, carla]
    approval_days: 14
    protected: true
    reason_required: true
    freeze:
      - {from: 2026-12-20T00:00:00Z, until: 2027-01-05T00:00:00+01:00, why: year end}
      - {days: [sat, sun], why: weekend}
      - {days: [fri], from: "15:00", until: "24:00", zone: Europe/Berlin, why: nobody is here}
labels: {protected: [production, v1.x], approvals: 2}
retention: {versions_days: 30, keep_releases: 5, traces_days: 7}
"""

BROKEN = """\
name: contracts
environments: [staging, production]
promotion:
  productoin: {approvals: 1}
  elsewhere:
    approvals: 1
  staging:
    approvals: many
    approver: [anna]
    approval_days: 0
    protected: yes
    freeze:
      - {from: 2026-12-20T00:00:00Z, until: 2026-12-19T00:00:00Z, why: backwards}
      - {from: 2026-12-20, until: soon, why: no zone}
      - {why: nothing}
      - {from: 2026-12-20T00:00:00Z, until: 2027-01-05T00:00:00Z, zone: UTC, why: zone}
      - {from: 2026-12-20T00:00:00Z, until: 2027-01-05T00:00:00Z}
  production:
    approvals: 3
    approvers: [anna, anna]
    freeze:
      - {days: [saturday, someday], why: x}
      - {days: [sat, sat], why: x}
      - {days: [], why: x}
      - {days: [sat], from: "3pm", until: "25:00", zone: Europe/Berln, why: x}
      - {days: [sat], from: "15:00", until: "15:00", zone: Mars/Crater, why: " "}
      - {days: [sat], from: 15, begin: "15:00", why: x}
      - weekend
labels: {protected: [Production, production], approvals: 0}
retention: {versions_days: -1, keep_releases: 0, traces_days: forever, blobs_days: 3}
"""


class Folder(Protocol):
    root: Path

    def write(self, path: str, content: str | bytes) -> Path: ...


def read(folder: Folder, text: str) -> AppDefinition:
    folder.write("plimsoll.yaml", text)
    return load_app(folder.root)


def mistakes(folder: Folder, text: str) -> list[Mistake]:
    with pytest.raises(ProjectInvalidError) as caught:
        read(folder, text)
    return sorted(caught.value.mistakes, key=lambda mistake: mistake.line)


def promotion(folder: Folder, text: str) -> EnvironmentPolicy:
    return read(folder, f"name: a\npromotion:\n  production: {text}\n").policy("production", "s-{}".format)


def holds(policy: EnvironmentPolicy, moment: datetime) -> bool:
    return any(freeze.ends_at(moment) for freeze in policy.freezes)


def test_without_a_word_nothing_is_asked_of_anybody(folder: Folder) -> None:
    app = load_app(folder.root)
    assert app.policy("production", "s-{}".format) == EnvironmentPolicy()
    assert app.labels.protected == ()
    assert app.retention.model_dump(exclude_none=True) == {}


def test_what_is_written_becomes_a_policy(folder: Folder) -> None:
    app = read(folder, WHOLE)
    policy = app.policy("production", "s-{}".format)
    assert (policy.approvals, policy.approvers) == (2, ("s-anna", "s-ben", "s-carla"))
    assert (policy.approval_valid_s, policy.protected, policy.reason_required) == (14 * 86_400, True, True)
    assert {freeze.why for freeze in policy.freezes} == {"year end", "weekend", "nobody is here"}
    assert app.policy("staging", "s-{}".format) == EnvironmentPolicy()
    assert (app.labels.protected, app.labels.approvals) == (("production", "v1.x"), 2)
    assert app.retention.model_dump() == {"versions_days": 30, "keep_releases": 5, "traces_days": 7}


@pytest.mark.parametrize(
    ("moment", "is_frozen"),
    [
        (datetime(2026, 12, 20, tzinfo=UTC), True),
        (datetime(2027, 1, 4, 22, 59, tzinfo=UTC), True),
        (datetime(2027, 1, 4, 23, tzinfo=UTC), False),
        (datetime(2026, 7, 4, tzinfo=UTC), True),
        (datetime(2026, 7, 5, 23, 59, tzinfo=UTC), True),
        (datetime(2026, 7, 6, tzinfo=UTC), False),
        (datetime.combine(datetime(2026, 7, 3, tzinfo=UTC), time(14, 59), ZoneInfo("Europe/Berlin")), False),
        (datetime.combine(datetime(2026, 7, 3, tzinfo=UTC), time(15), ZoneInfo("Europe/Berlin")), True),
        (datetime.combine(datetime(2026, 7, 3, tzinfo=UTC), time(23, 59), ZoneInfo("Europe/Berlin")), True),
    ],
)
def test_freezes_hold_when_the_file_says_so(folder: Folder, moment: datetime, is_frozen: bool) -> None:
    assert holds(read(folder, WHOLE).policy("production", "s-{}".format), moment) == is_frozen


def test_midnight_ends_the_day_on_which_a_window_began(folder: Folder) -> None:
    late = promotion(folder, '{freeze: [{days: [fri], from: "22:00", until: "00:00", why: x}]}')
    assert late == promotion(folder, '{freeze: [{days: [fri], from: "22:00", why: x}]}')
    assert holds(late, datetime(2026, 7, 3, 23, tzinfo=UTC))
    assert not holds(late, datetime(2026, 7, 4, tzinfo=UTC))


def test_a_window_may_end_on_the_next_day(folder: Folder) -> None:
    night = promotion(folder, '{freeze: [{days: [fri], from: "22:00", until: "06:00", why: x}]}')
    assert holds(night, datetime(2026, 7, 4, 5, 59, tzinfo=UTC))


def test_an_approver_whom_nobody_knows_is_said_by_who_looks_them_up(folder: Folder) -> None:
    def resolve(name: str) -> str:
        raise NotFoundError(f"there is no actor {name}")

    app = read(folder, WHOLE)
    with pytest.raises(NotFoundError, match="anna"):
        app.policy("production", resolve)
    assert app.policy("staging", resolve) == EnvironmentPolicy()


def test_two_names_of_one_person_are_not_two_approvers(folder: Folder) -> None:
    app = read(folder, "name: a\npromotion: {production: {approvals: 2, approvers: [anna, ann]}}\n")
    with pytest.raises(InvalidError, match="of only 1 approver"):
        app.policy("production", lambda name: f"s-{name[:3]}")


def test_everything_that_is_wrong_is_told_at_once_with_its_line(folder: Folder) -> None:
    told = [f"{mistake.line}: {mistake.what}\n    {mistake.instead}\n" for mistake in mistakes(folder, BROKEN)]
    assert "".join(told) == SNAPSHOT.read_text(encoding="utf-8")


def test_an_environment_may_be_called_like_a_key(folder: Folder) -> None:
    text = "name: a\nenvironments: [approvals]\npromotion:\n  approvals:\n    approvals: x\n"
    assert [(wrong.line, wrong.what) for wrong in mistakes(folder, text)] == [
        (5, '`promotion.approvals.approvals` must be a whole number from 0 to 100, not "x"')
    ]


def test_where_the_environments_are_wrong_those_of_promotion_are_not_judged(folder: Folder) -> None:
    text = "name: a\nenvironments: []\npromotion:\n  production: {approvals: 1}\n"
    assert [wrong.line for wrong in mistakes(folder, text)] == [2]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+09:00", "9999-12-31T23:59:59-09:00"])
def test_a_moment_outside_the_calendar_is_an_error_and_no_crash(folder: Folder, moment: str) -> None:
    begin, until = sorted((moment, "2026-01-01T00:00:00Z"))
    with pytest.raises(InvalidError, match="outside the calendar"):
        promotion(folder, f"{{freeze: [{{from: {begin}, until: {until}, why: x}}]}}")
