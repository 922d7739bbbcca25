"""What `plimsoll.yaml` says of budgets."""

from pathlib import Path
from typing import Protocol

import pytest

from plimsoll.access.limits import Budget
from plimsoll.kernel.money import to_pico
from plimsoll.project import AppDefinition, ProjectInvalidError, load_app

WHOLE = """\
name: contracts
budgets:
  - {for: everyone, usd: 200, per: month, alert_at: 0.9}
  - {for: "team:legal", usd: 20.5, per: day, unknown_price: allow, on_crash: charge}
  - {for: each user, requests: 30, per: minute}
  - {for: "key:plim_k7wq03fa9c", tokens: 200000, per: total}
  - {for: each  project, usd: 1, per: request}
"""


class Folder(Protocol):
    root: Path

    def write(self, path: str, content: str | bytes) -> Path: ...


def read(folder: Folder, text: str) -> AppDefinition:
    folder.write("plimsoll.yaml", text)
    return load_app(folder.root)


def mistakes(folder: Folder, line: str) -> list[str]:
    with pytest.raises(ProjectInvalidError) as caught:
        read(folder, f"name: a\nbudgets:\n  - {line}\n")
    return [f"{mistake.line}: {mistake.what} | {mistake.instead}" for mistake in caught.value.mistakes]


def test_without_a_word_there_is_no_budget(folder: Folder) -> None:
    assert load_app(folder.root).budget_values() == ()


def test_what_is_written_becomes_budgets(folder: Folder) -> None:
    assert read(folder, WHOLE).budget_values() == (
        Budget("everyone", "usd", "month", to_pico(200), alert_at=0.9),
        Budget("team:legal", "usd", "day", to_pico(20.5), unknown_price="allow", on_crash="charge"),
        Budget("each user", "requests", "minute", 30),
        Budget("key:k7wq03fa9c", "tokens", "total", 200_000),
        Budget("each project", "usd", "request", to_pico(1)),
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{for: everyone, per: day}", "exactly one of usd, tokens and requests"),
        ("{for: everyone, usd: 1, tokens: 5, per: day}", "exactly one of usd, tokens and requests"),
        ("{for: all users, usd: 1, per: day}", "`all users` is nobody for whom a budget can be"),
        ("{for: 'team:', usd: 1, per: day}", "the team of a budget has no name"),
        ("{for: each everyone, usd: 1, per: day}", "is nobody for whom a budget can be"),
        ("{for: everyone, usd: 1, per: week}", "must be one of request, minute, hour, day, month, total"),
        ("{for: everyone, usd: -1, per: day}", "must be a number of dollars of at least 0"),
        ("{for: everyone, usd: .inf, per: day}", "must be a number of dollars of at least 0"),
        ("{for: everyone, usd: 1e9, per: day}", "from 0 to 9000000"),
        ("{for: everyone, tokens: 1.5, per: day}", "must be a whole number of at least 0"),
        ("{for: everyone, requests: 3, per: request}", "a request is always one request"),
        ("{for: everyone, usd: 1, per: day, alert_at: 80}", "must be a share above 0 and at most 1"),
        ("{for: everyone, usd: 1, per: day, unknown_price: maybe}", "must be `refuse` or `allow`"),
        ("{usd: 1, per: day}", "`budgets.for` is missing"),
        ("{for: everyone, usd: 1, per: day, on_crash: explode}", "must be `release` or `charge`"),
        ("{for: everyone, eur: 1, per: day}", "there is no key `eur` here"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(folder: Folder, line: str, told: str) -> None:
    found = mistakes(folder, line)
    assert any(mistake.startswith("3: ") and told in mistake for mistake in found), found
