"""Servers that the tests of the gateway share."""

from collections.abc import Iterator

import pytest
from tests.gateway.echo import Echo, echo
from tests.gateway.port import ModelServer, model_server


@pytest.fixture(scope="module")
def models() -> Iterator[ModelServer]:
    """A model server that fails on demand."""
    with model_server() as server:
        yield server


@pytest.fixture(scope="module")
def echo_server() -> Iterator[Echo]:
    with echo() as held:
        yield held


@pytest.fixture
def heard(echo_server: Echo) -> Echo:
    """A model server that keeps what it is sent; it says "Good day." until a test tells it otherwise."""
    fresh = Echo(echo_server.url)
    for name in Echo.__dataclass_fields__:
        setattr(echo_server, name, getattr(fresh, name))
    return echo_server
