"""What an erasure cannot take away is said: in the words of others, in names, in the path of a folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.flows.home import APP, KEEPER, Home

from plimsoll.flows.erase import EraseParts, erase, plan_erasure
from plimsoll.ledger import Act, By

ADA = "ada.lovelace@example.org"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    yield home
    home.close()


def parts(home: Home) -> EraseParts:
    return EraseParts(home.stores, home.cache, lambda _: None, lambda _: None, KEEPER)


def test_what_somebody_else_wrote_about_the_person_is_a_residual(home: Home) -> None:
    ben, ada = By(home.ledger.subject("ben")), By(home.ledger.subject(ADA))
    (own,) = home.ledger.record([Act("label.move", APP, ada, {}, {"reason": f"I am {ADA}"})])
    (said,) = home.ledger.record([Act("label.move", APP, ben, {}, {"reason": f"{ADA.upper()} asked for it"})])
    done = erase(ADA, parts(home))
    assert not done.complete
    assert [f"entry {said.sequence} mentions" in residual for residual in done.residuals] == [True]
    assert own.sequence not in home.ledger.private([own.sequence])
    (entry,) = home.ledger.entries(act="subject.erase")
    assert entry.facts["residuals"] == list(done.residuals)


@pytest.mark.parametrize(
    "facts",
    [
        {"label": f"pick-of-{ADA}"},
        {"parents": [["prompt", ADA, "sha256:" + "0" * 64]]},
        {"policy": {"freezes": [{"why": f"{ADA} is away"}]}},
    ],
)
def test_a_name_that_stands_in_an_entry_is_a_residual(home: Home, facts: dict[str, object]) -> None:
    (said,) = home.ledger.record([Act("label.move", APP, KEEPER, facts)])  # type: ignore[arg-type]  # any facts
    (residual,) = plan_erasure(ADA, parts(home)).residuals
    assert residual.startswith(f"entry {said.sequence} of the log names it in plain")
    assert ADA not in residual


def test_random_digits_mention_nobody(home: Home) -> None:
    """Names like `ada` are hexadecimal digits too."""
    home.ledger.record([Act("label.move", APP, KEEPER, {"to": "sha256:" + "ada0" * 16, "source_commit": "ada" * 13})])
    assert plan_erasure("ada", parts(home)).residuals == ()


def test_the_path_of_a_project_that_names_the_person_is_a_residual(home: Home) -> None:
    home.releases.claim(APP, f"/home/{ADA}/projects")
    (residual,) = plan_erasure(ADA, parts(home)).residuals
    assert residual.startswith(f"the project folder of {APP}")
