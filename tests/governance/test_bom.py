import json
from dataclasses import replace
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.governance.sample_release import AT, EMBEDDER, Draft, run_of, sample

from plimsoll.governance.provenance import ReleaseFacts, ml_bom
from plimsoll.governance.provenance._models import safe_address
from plimsoll.kernel.digest import Json, canonical_json, digest_json

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)
ODD = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def bom_of(facts: ReleaseFacts) -> dict[str, Any]:
    """The bill, read back from its text, after it was held against the standard's schema."""
    data = canonical_json(ml_bom(facts, made_at=AT)).decode()
    assert VALIDATOR.validate_str(data) is None
    bom: dict[str, Any] = json.loads(data)
    refs = [each["bom-ref"] for each in [*bom["components"], *bom.get("services", [])]]
    refs.append(bom["metadata"]["component"]["bom-ref"])
    assert len(refs) == len(set(refs))
    assert {ref for edge in bom["dependencies"] for ref in [edge["ref"], *edge.get("dependsOn", [])]} <= set(refs)
    return bom


def component(bom: dict[str, Any], name: str, kind: str) -> dict[str, Any]:
    (found,) = [
        each
        for each in bom["components"]
        if each["name"] == name and {"name": "plimsoll:kind", "value": kind} in each["properties"]
    ]
    return dict(found)


def values(component: dict[str, Any], name: str) -> list[str]:
    return [each["value"] for each in component["properties"] if each["name"] == f"plimsoll:{name}"]


def test_the_bill_names_the_application_and_the_release() -> None:
    facts = sample()
    manifest = facts.release.manifest
    bom = bom_of(facts)
    application = bom["metadata"]["component"]
    assert (application["type"], application["name"], application["version"]) == (
        "application",
        "skellan-quay",
        manifest.name,
    )
    assert application["hashes"] == [{"alg": "SHA-256", "content": manifest.digest.removeprefix("sha256:")}]
    assert application["description"] == facts.purpose
    assert bom["metadata"]["timestamp"] == "2026-03-04T05:06:07.000890Z"
    assert bom["metadata"]["tools"]["components"][0]["name"] == "plimsoll"


def test_every_version_is_a_component_with_its_digest_and_number() -> None:
    facts = sample()
    bom = bom_of(facts)
    for version in facts.versions:
        found = component(bom, version.name, version.kind)
        assert found["hashes"][0]["content"] == version.digest.removeprefix("sha256:")
        assert found["version"] == str(version.number)
        assert values(found, "number") == [str(version.number)]
    types = {kind: component(bom, name, kind)["data"][0]["type"] for kind, name in KINDS_OF_DATA}
    assert types == {"prompt": "configuration", "source": "dataset", "index": "other", "suite": "definition"}


KINDS_OF_DATA = [("prompt", "answer"), ("source", "documents"), ("index", "documents"), ("suite", "ask")]


def test_of_documents_there_are_counts_and_no_components() -> None:
    found = component(bom_of(sample()), "documents", "source")
    assert values(found, "documents") == ["3"]
    assert values(found, "documents:indexed") == ["2"]
    assert values(found, "documents:duplicate") == ["1"]


def test_the_model_of_a_route_has_a_card_with_what_was_measured() -> None:
    facts = sample()
    model = component(bom_of(facts), "builtin/reader", "model")
    assert model["type"] == "machine-learning-model"
    card = model["modelCard"]
    assert card["modelParameters"]["task"] == "extractive question answering"
    assert card["considerations"] == {"useCases": [facts.purpose]}
    assert card["quantitativeAnalysis"]["performanceMetrics"] == [
        {
            "type": "answer_contains",
            "value": "0.8125",
            "slice": "suite ask, 16 rows",
            "confidenceInterval": {"lowerBound": "0.57", "upperBound": "0.93"},
        },
        {"type": "latency_p95_ms", "value": "12.5", "slice": "suite ask, 16 rows"},
        {"type": "cost_usd_mean", "value": "not measured", "slice": "suite ask, 0 rows"},
    ]


def test_what_is_not_known_is_not_said() -> None:
    facts = sample(said={})
    (evidence,) = facts.release.manifest.evidence
    bom = bom_of(replace(facts, runs={evidence.run: {}}))
    card = component(bom, "builtin/reader", "model")["modelCard"]
    assert card.keys() == {"modelParameters"}
    assert card["modelParameters"].keys() == {"task", "inputs", "outputs"}
    assert "description" not in bom["metadata"]["component"]
    assert "services" not in bom


def test_an_embedder_is_known_by_the_fingerprint_in_its_index() -> None:
    found = component(bom_of(sample()), "builtin/static", "embedder")
    assert values(found, "fingerprint") == [EMBEDDER]
    assert found["modelCard"]["modelParameters"]["outputs"] == [{"format": "vector of 256 numbers"}]


def test_a_hosted_model_is_a_service_and_no_secret_is_told() -> None:
    facts = sample(
        model="openai/gpt-4.1-mini", base_url="https://user:hunter2@api.example.com:8443/v1?key=hunter2#hunter2"
    )
    bom = bom_of(facts)
    (service,) = bom["services"]
    assert (service["name"], service["provider"]) == ("openai/gpt-4.1-mini", {"name": "openai"})
    assert service["endpoints"] == ["https://api.example.com:8443/v1"]
    assert "authenticated" not in service
    assert "hunter2" not in json.dumps(bom)
    assert component(bom, "openai/gpt-4.1-mini", "model")["supplier"] == {"name": "openai"}


def test_that_a_key_is_needed_is_said_and_the_key_is_not() -> None:
    bom = bom_of(sample(model="openai/gpt-4.1-mini", api_key="${env:SOME_SECRET}"))
    assert bom["services"][0]["authenticated"] is True
    assert "SOME_SECRET" not in json.dumps(bom)


def test_dependencies_are_the_lineage() -> None:
    facts = sample()
    refs = {version.ref.key: f"{version.ref.key}@{version.digest}" for version in facts.versions}
    uses = {edge["ref"]: edge.get("dependsOn", []) for edge in bom_of(facts)["dependencies"]}
    assert uses[refs["index:documents"]] == sorted([refs["source:documents"], refs["knowledge:documents"]])
    assert uses[refs["route:default"]] == ["external-model:builtin/reader"]
    assert uses[refs["knowledge:documents"]] == ["external-embedder:builtin/static"]
    application = uses[facts.release.manifest.digest]
    assert refs["suite:ask"] in application
    assert refs["dataset:ask"] not in application
    assert uses[refs["suite:ask"]] == [refs["dataset:ask"]]


def test_a_trained_model_names_its_data() -> None:
    draft = Draft()
    rows = draft.add("dataset", "invoices", {"rows": [{"text": "x"}]})
    draft.add("adapter", "extract", {"base": "llama"}, rows)
    bom = bom_of(sample(draft=draft))
    adapter = component(bom, "extract", "adapter")
    assert adapter["type"] == "machine-learning-model"
    assert adapter["modelCard"]["modelParameters"]["datasets"] == [{"ref": f"dataset:invoices@{rows.digest}"}]


def test_the_same_release_has_the_same_bill_and_serial_number() -> None:
    assert canonical_json(ml_bom(sample(), made_at=AT)) == canonical_json(ml_bom(sample(), made_at=AT))
    numbers = {bom_of(facts)["serialNumber"] for facts in (sample(), sample(model="ollama/llama3.2"))}
    assert len(numbers) == 2


@settings(max_examples=40, deadline=None)
@given(ODD, ODD, st.one_of(ODD, st.none()), ODD)
def test_odd_names_and_contents_still_give_a_valid_bill(name: str, model: str, base_url: str | None, said: str) -> None:
    draft = Draft(app=said)
    draft.add("guardrail", name, ["a list"])
    draft.add("agent", name, {"tools": 7})
    bom_of(sample(draft=draft, name=name, said={"owner": said, "purpose": said}, model=model, base_url=base_url))


@pytest.mark.parametrize("content", [None, 7, "x", [], {}, {"rows": 3}, {"model": 7}, {"embed": []}])
def test_contents_of_unknown_shape_are_only_named(content: Json) -> None:
    draft = Draft()
    draft.add("source", "strange", content)
    draft.add("dataset", "strange", content)
    draft.add("route", "strange", content)
    draft.add("knowledge", "strange", content)
    suite = draft.add("suite", "strange", content)
    facts = draft.facts(suite, run_of(digest_json(content)))
    assert len(bom_of(facts)["components"]) == 5


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://api.example.com/v1", "https://api.example.com/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://a:b@127.0.0.1:80/", "http://127.0.0.1:80/"),
        ("https://x.example/%2e?key=1", "https://x.example"),
        ("https://x.example:port/", ""),
        ("ftp://x.example/", ""),
        ("https://exa mple/", ""),
        ("javascript:alert(1)", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_only_the_harmless_parts_of_an_address_are_told(url: str, shown: str) -> None:
    assert safe_address(url) == shown
