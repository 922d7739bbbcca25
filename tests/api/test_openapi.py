"""The description of the API is valid, whole, and true of the running server."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.api.conftest import running
from tests.api.sdk.scripted import KEY, Scripted

from plimsoll.api import ApiSettings, create_app
from plimsoll.api.admission import NEEDED, is_api_path
from plimsoll.api.openapi import document

DOCUMENT = document("1.2.3")
CHECKS: list[CheckFunction] = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
PAGES = {"/metrics", "/healthz", "/readyz", "/openapi.json"}
TELEMETRY = {"/v1/traces", "/v1/logs", "/v1/metrics"}


def test_the_document_is_openapi_3_1() -> None:
    assert (DOCUMENT["openapi"], DOCUMENT["info"]["version"]) == ("3.1.0", "1.2.3")
    schemathesis.openapi.from_dict(DOCUMENT).validate()


def test_every_call_of_the_server_is_in_it() -> None:
    served = {path.replace(":path}", "}") for path in NEEDED if is_api_path(path) or path in PAGES}
    assert set(DOCUMENT["paths"]) == served


def test_every_call_says_how_it_refuses() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for described in methods.values():
            refusals = set() if described.get("security") == [] else {"400", "401", "403", "429"}
            assert set(described["responses"]) >= {"200", *refusals}, path


def test_names_of_shapes_are_plain() -> None:
    assert [name for name in DOCUMENT["components"]["schemas"] if not name.isalnum()] == []


@pytest.fixture(scope="module")
def door() -> Iterator[str]:
    with running(create_app(Scripted(), settings=ApiSettings(api_key=KEY))) as address:
        yield address


SCHEMA: Any = schemathesis.openapi.from_dict(DOCUMENT).exclude(path=sorted(TELEMETRY))


@SCHEMA.parametrize()  # type: ignore[untyped-decorator]
@settings(max_examples=8, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_the_server_does_what_the_document_says(case: Any, door: str) -> None:
    response = case.call(base_url=door, headers={"Authorization": f"Bearer {KEY}"})
    case.validate_response(response, checks=CHECKS)
