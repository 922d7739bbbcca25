"""Endpoint by stage by check: every cell, and every hole."""

from dataclasses import replace
from datetime import date

import pytest
from tests.flows.guard.yard import SaidCheck, Yard, policy, rule
from tests.flows.home import KEEPER

from plimsoll.flows.guard import PlaceMatrix, live_matrix, matrix
from plimsoll.flows.guard._places import Place, ReleasePlaces
from plimsoll.guardrails import STAGES, Policy, Rule, Stage
from plimsoll.guardrails._exemptions import Exemption
from plimsoll.kernel.digest import Json
from plimsoll.ledger import By
from plimsoll.releases import Evidence, Manifest


def of(*rules: Rule) -> PlaceMatrix:
    return matrix([Place("ask", "standard", policy(*rules))])[0]


@pytest.mark.parametrize("stage", STAGES)
def test_every_cell_says_what_is_checked_and_what_follows(stage: Stage) -> None:
    found = of(rule("alpha", stage, action="flag", at_least=0.4, on_error="ask", timeout_s=5.0))
    line = next(one for one in found.stages if one.stage == stage)
    (cell,) = line.cells
    assert (cell.check, cell.kinds, cell.action, cell.at_least) == ("alpha", ("one", "two"), "flag", 0.4)
    assert (cell.on_error, cell.timeout_s, cell.version) == ("ask", 5.0, "1")
    assert (line.hole, line.instead, line.blocked) == ("", None, "")


def test_a_stage_at_which_nothing_looks_is_a_hole() -> None:
    found = of(rule("alpha", "input"))
    assert found.holes == ("retrieved", "tool_call", "output")
    assert all(line.hole and not line.cells for line in found.stages if line.stage in found.holes)


def test_an_endpoint_without_a_guardrail_is_holes_alone() -> None:
    (found,) = matrix([Place("talk")])
    assert found.holes == STAGES
    assert {line.hole for line in found.stages} == {"no guardrail is named"}


@pytest.mark.parametrize(
    ("looks", "instead"),
    [
        (("output",), {"tool_call": "output"}),
        (("input",), {"tool_result": "input"}),
        (("input", "retrieved"), {"tool_result": "retrieved"}),
        (STAGES, {}),
    ],
)
def test_what_stands_in_for_a_stage_is_told(looks: tuple[Stage, ...], instead: dict[str, str]) -> None:
    found = of(rule("alpha", *looks))
    assert {line.stage: line.instead for line in found.stages if line.instead} == instead


@pytest.mark.parametrize(("made", "reads"), [(SaidCheck(), "at the end"), (SaidCheck(by_sentence=True), "by sentence")])
def test_a_cell_says_how_an_answer_that_streams_is_read(made: SaidCheck, reads: str) -> None:
    found = of(replace(rule(), check=made, stages=("input", "output")))
    told = {line.stage: cell.reads for line in found.stages for cell in line.cells}
    assert told == {"input": "whole", "tool_call": "held", "tool_result": "whole", "output": reads}


def test_patterns_stream() -> None:
    content: Json = {"checks": [{"check": "pattern", "pattern": "atlas", "on": ["output"], "action": "block"}]}
    found = matrix([Place("ask", "standard", Policy.from_json("standard", content))])[0]
    assert [cell.reads for cell in found.stages[-1].cells] == ["piece by piece"]


def test_a_policy_that_cannot_be_compiled_blocks_everything_and_is_no_hole() -> None:
    (found,) = matrix([Place("ask", "broken", Policy.load("broken", {"checks": [{"check": "nothing"}]}))])
    assert found.holes == ()
    assert all(line.blocked and not line.cells for line in found.stages)


def test_exceptions_stand_in_the_cell_from_which_they_are() -> None:
    exemption = Exemption(frozenset({"tester"}), frozenset({"ask"}), date(2027, 3, 31), "load test")
    (cell,) = of(rule(exemptions=(exemption,))).stages[0].cells
    assert cell.exceptions == ("not for tester at ask until 2027-03-31: load test",)


def test_the_places_of_a_release_are_its_endpoints_and_the_names_that_routes_serve(yard: Yard) -> None:
    places = ReleasePlaces(yard.home.registry, yard.home.releases, yard.parts.make_policy).of(yard.release)
    assert {name: place.guardrail for name, place in places.items()} == {
        "gpt": "standard",
        "ask": "standard",
        "talk": "",
    }
    assert places["ask"].policy is places["gpt"].policy


def test_what_is_live_is_told_by_environment(yard: Yard) -> None:
    draft = yard.home.releases.manifest(yard.release)
    manifest = Manifest(draft.app, draft.artifacts, (Evidence("ask", yard.release, yard.release, "pass"),))
    release = yard.home.releases.keep_release(manifest, by=KEEPER, source_commit="")
    by = By(yard.home.ledger.subject("ada"))
    yard.home.environments.ship(release, "production", by=by, reason="a test")
    found = live_matrix(yard.parts)
    assert {(one.environment, one.endpoint) for one in found} == {
        ("production", name) for name in ("gpt", "ask", "talk")
    }
    assert {one.release for one in found} == {manifest.digest}
