import pytest
from tests.evaluation.calibration.test_calibration import made, noisy

from plimsoll.evaluation.calibration import Calibrations
from plimsoll.kernel.errors import IntegrityError
from plimsoll.ledger import By, Ledger
from plimsoll.storage import Database


@pytest.fixture
def store(records: Database, ledger: Ledger) -> Calibrations:
    return Calibrations(records, ledger)


@pytest.fixture
def by(ledger: Ledger) -> By:
    return By(ledger.subject("ada"))


def test_of_each_version_the_last_calibration_comes_back(store: Calibrations, by: By) -> None:
    first, second = made(noisy(60, 0.8)), made(noisy(60, 0.95))
    assert store.keep("app", first, by=by) == first.digest
    store.keep("app", second, by=by)
    assert store.by_version("app") == {"v1": second}
    assert store.by_version("other") == {}


def test_the_ledger_says_the_same_as_every_row(store: Calibrations, ledger: Ledger, by: By) -> None:
    store.keep("app", made(noisy(60, 0.8)), by=by)
    store.keep("app", made(noisy(60, 0.9)), by=by)
    claims = list(store.claims())
    assert [claim.act for claim in claims] == ["judge.calibrate"] * 2
    for claim in claims:
        [entry] = ledger.entries(claim.sequence, claim.sequence + 1)
        assert claim.differences(entry) == ()


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE judge_calibration SET version = 'v2'",
        "UPDATE judge_calibration SET content = replace(content, '\"rows\":60', '\"rows\":600')",
        "UPDATE judge_calibration SET content = 'no json'",
        "UPDATE judge_calibration SET digest = 'sha256:0'",
        "UPDATE judge_calibration SET app = 'other'",
        "DELETE FROM judge_calibration",
    ],
)
def test_a_calibration_that_was_changed_or_taken_away_is_seen(
    store: Calibrations, records: Database, by: By, forgery: str
) -> None:
    store.keep("app", made(noisy(60, 0.8)), by=by)
    with records.write() as connection:
        connection.exec_driver_sql(forgery)
    with pytest.raises(IntegrityError):
        store.by_version("app")
