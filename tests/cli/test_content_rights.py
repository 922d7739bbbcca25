"""What people asked is shown to whoever may read traces; to others only when it was, and what it used."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run
from tests.flows.conftest import Workshop

from plimsoll.access.limits._spans import stretch
from plimsoll.access.limits._types import Window
from plimsoll.access.limits.escrow import Ask, Batch

QUESTION = "How many weeks of parental leave are there?"
USER = "cleo@example.org"
As = Callable[..., Any]


@pytest.fixture
def as_who(run: Run, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> As:
    """Run a command with `--json` as the owner of one key; a question was asked, and a user's budget is nearly used."""
    root = workshop.root
    keys = {}
    assert run("build", folder=root).code == 0
    for name, role in (("vera", "viewer"), ("dora", "developer")):
        assert run("actor", "create", name, "--role", role, folder=root).code == 0
        keys[name] = run("key", "create", name, "--json", folder=root).json["secret"]
    assert run("ask", QUESTION, folder=root).code == 0
    _use_up(root)

    def do(who: str, *arguments: str, code: int = 0) -> Any:
        monkeypatch.setenv("PLIMSOLL_KEY", keys[who])
        ended = run(*arguments, "--json", folder=root)
        assert ended.code == code, ended.out + ended.err
        plain = run(*arguments, folder=root)
        return json.loads(ended.out), ended.out + plain.out + plain.err

    return do


def _use_up(root: Path) -> None:
    from plimsoll.bootstrap import open_platform
    from plimsoll.settings import read_settings

    platform = open_platform(read_settings(root), root)
    try:
        now_s = datetime.now(UTC).timestamp()
        asks = tuple(
            Ask(
                Window("harbour", scope, "requests", "month", stretch("month", now_s)[0]),
                10, spent=9, overrun=0, reserved=0, keep=0, alert_at=(0.8,),
            )
            for scope in (f"user:{USER}", "team:legal")
        )  # fmt: skip
        platform.consumption.exchange(Batch("w", 1, now_s, 30.0, asks, skew_s=0.0, reclaims=False))
    finally:
        platform.close()


def test_a_list_of_requests_without_the_right_to_read_them_holds_ids_times_and_sums(as_who: As) -> None:
    whole, _ = as_who("dora", "trace", "list")
    assert whole[0]["question"] == QUESTION
    bare, said = as_who("vera", "trace", "list")
    assert bare[0]["id"] == whole[0]["id"]
    assert bare[0]["input_tokens"] == whole[0]["input_tokens"]
    assert set(bare[0]) == {
        "id", "app", "endpoint", "environment", "release_name", "started_at", "latency_ms", "status", "surface",
        "model", "target", "cached", "source", "input_tokens", "output_tokens", "cost_usd",
    }  # fmt: skip
    assert "parental" not in said


def test_nobody_finds_words_that_they_may_not_read(as_who: As) -> None:
    for option in ("--text", "--user", "--key", "--joined"):
        refused, _ = as_who("vera", "trace", "list", option, "parental", code=2)
        assert refused["error"]["code"] == "right_missing"
    assert as_who("vera", "trace", "list", "--status", "ok")[0]
    for command in (("trace", "show"), ("lineage",), ("replay",)):
        refused, _ = as_who("vera", *command, "ab", code=2)
        assert refused["error"]["code"] == "right_missing"


def test_the_status_names_no_question_and_no_user_without_that_right(as_who: As) -> None:
    whole, said = as_who("dora", "status")
    assert whole["latest_requests"][0]["question"] == QUESTION
    assert {one["for"] for one in whole["budgets"]} == {f"user:{USER}", "team:legal"}
    bare, said = as_who("vera", "status")
    assert "question" not in bare["latest_requests"][0]
    assert {one["for"] for one in bare["budgets"]} == {"team:legal"}
    assert "parental" not in said
    assert USER not in said


def test_what_a_user_used_is_for_whoever_may_read_traces(as_who: As) -> None:
    whole, _ = as_who("dora", "budget", "show")
    assert {one["for"] for one in [*whole["windows"], *whole["alerts"]]} == {f"user:{USER}", "team:legal"}
    bare, said = as_who("vera", "budget", "show")
    assert {one["for"] for one in [*bare["windows"], *bare["alerts"]]} == {"team:legal"}
    assert USER not in said
    assert "1 window of a user is not shown" in said
    refused, _ = as_who("vera", "budget", "show", f"user:{USER}", code=2)
    assert refused["error"]["code"] == "right_missing"
    assert as_who("vera", "budget", "show", "team:legal")[0]["windows"]
