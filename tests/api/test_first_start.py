"""The first start of a server that others can reach makes one admin key, and shows it once."""

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.api.harbour import Harbour
from tests.flows.conftest import Workshop

from plimsoll.access import RIGHTS
from plimsoll.api.server import bind
from plimsoll.cli import main
from plimsoll.cli.run import reachable_by_others
from plimsoll.flows.promote import Wish, ship
from plimsoll.kernel.clock import utc_now

# An address of no machine (RFC 5737): everything is done but listening.
ELSEWHERE = "192.0.2.1"
KEY = re.compile(r"plim_[a-z2-9]{4}[0-9a-f]{6}_[A-Za-z0-9_-]{43}")

Start = Callable[..., str]


@pytest.fixture
def harbour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Harbour]:
    for name in ("PLIMSOLL_HOME", "PLIMSOLL_API_KEY", "PLIMSOLL_KEY", "PLIMSOLL_DATABASE", "PLIMSOLL_KEYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PLIMSOLL_ACTOR", "ada")
    workshop = Workshop(tmp_path / "harbour")
    harbour = Harbour(workshop)
    harbour.ship()
    yield harbour
    workshop.close()


@pytest.fixture
def start(harbour: Harbour, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Start:
    """Start the server; gives what it prints on standard error."""
    # The look before a key is made finds an address of this machine; only the server itself does not.
    monkeypatch.setattr("plimsoll.api.server.bind", lambda _host, _port: bind("127.0.0.1", 0))

    def start(host: str = ELSEWHERE, port: int = 0) -> str:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["-C", str(harbour.workshop.root), "serve", "--host", host, "--port", str(port)])
        assert ended.value.code in {2, 3}
        printed = capfd.readouterr()
        assert printed.out == ""
        return printed.err

    return start


@pytest.mark.parametrize(
    ("host", "reachable"),
    [
        ("127.0.0.1", False),
        ("127.9.9.9", False),
        ("::1", False),
        ("localhost", False),
        ("0.0.0.0", True),  # noqa: S104 (only a text here)
        ("::", True),
        ("192.0.2.1", True),
        ("my-machine", True),
        ("localhost.example.com", True),
        ("", True),
    ],
)
def test_which_addresses_others_can_reach(host: str, *, reachable: bool) -> None:
    assert reachable_by_others(host) is reachable


def test_the_first_start_shows_one_admin_key_and_the_second_none(
    harbour: Harbour, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = start()
    (secret,) = KEY.findall(said)
    assert f"  {secret}" in said.splitlines()
    assert "shown once" in said
    acting = harbour.platform.access.authenticate(secret, utc_now())
    assert acting.rights == set(RIGHTS)
    assert secret not in caplog.text
    kept = b"".join(path.read_bytes() for path in harbour.workshop.root.rglob("*") if path.is_file())
    assert secret[-30:].encode() not in kept
    assert KEY.search(start()) is None
    assert len(harbour.platform.access.keys()) == 1


def test_whoever_started_it_became_the_first_actor_before(harbour: Harbour, start: Start) -> None:
    start()
    assert [(actor.name, actor.kind) for actor in harbour.platform.access.actors()] == [
        ("ada", "person"),
        ("first admin", "service"),
    ]


def test_on_loopback_no_key_is_made(harbour: Harbour, start: Start) -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} on 127.0.0.1 is used" in start("127.0.0.1", port)
    assert harbour.platform.access.keys() == ()


def test_with_a_shared_key_no_other_is_made(harbour: Harbour, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLIMSOLL_API_KEY", "sesame")
    assert KEY.search(start()) is None
    assert harbour.platform.access.keys() == ()
    monkeypatch.setenv("PLIMSOLL_API_KEY", "plim_not-a-shared-one")
    assert KEY.search(start()) is not None


def test_starting_a_server_is_no_way_to_become_admin(
    harbour: Harbour, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLIMSOLL_ACTOR", "mallory")
    said = start()
    assert "mallory may not make one" in said
    assert "plimsoll key create ACTOR" in said
    assert harbour.platform.access.keys() == ()


def test_status_says_who_shares_the_traffic(harbour: Harbour, capfd: pytest.CaptureFixture[str]) -> None:
    harbour.workshop.write("prompts/answer.yaml", "system: Answer shortly.\n")
    candidate = harbour.freeze()
    ship(candidate, Wish("staging", share=0.07), harbour.platform.promote_parts())
    with pytest.raises(SystemExit):
        main(["-C", str(harbour.workshop.root), "status"])
    assert f"{candidate.manifest.name} answers 7 % of the traffic of staging" in capfd.readouterr().out
