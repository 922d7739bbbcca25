"""The real door over a scripted platform, and what each version of the official clients makes of it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.api.conftest import running
from tests.api.sdk.scripted import KEY, Scripted
from tests.conftest import must_skip

from plimsoll.api import ApiSettings, create_app

ROOT = Path(__file__).resolve().parents[3]
CLIENTS = Path(__file__).parent / "clients"
OLDER = ROOT / ".venv-sdk"
"""Where `make sdks` puts older versions, each in a folder of its own: `openai-1`, …"""


def run_client(script: str, folder: Path | None, address: str) -> dict[str, Any]:
    """What a client's script prints, run with the installed version or with one of a folder."""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment["PYTHONPATH"] = "" if folder is None else str(folder)
    ran = subprocess.run(
        [sys.executable, "-P", str(CLIENTS / script), address],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@contextmanager
def asked(script: str, version: str) -> Iterator[tuple[dict[str, Any], Scripted]]:
    """What a version of a client found, and the platform that it called; `installed` is the one of the environment."""
    folder = None if version == "installed" else OLDER / version
    if folder is not None and not folder.is_dir():
        must_skip(f"{version} of the official clients is not in {OLDER.name} (make sdks)")
    service = Scripted()
    with running(create_app(service, settings=ApiSettings(api_key=KEY))) as address:
        found = run_client(script, folder, address)
        assert service.left.wait(60)
        yield found, service


@pytest.fixture(scope="module", params=["installed", "openai-2", "openai-1"])
def openai_client(request: pytest.FixtureRequest) -> Iterator[tuple[dict[str, Any], Scripted]]:
    with asked("with_openai.py", request.param) as found:
        yield found


@pytest.fixture(scope="module", params=["installed", "anthropic-1", "anthropic-0"])
def anthropic_client(request: pytest.FixtureRequest) -> Iterator[tuple[dict[str, Any], Scripted]]:
    with asked("with_anthropic.py", request.param) as found:
        yield found
