"""Whole builds from sources that are not folders of this machine."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

PAGE = "<h1>Quay {0}</h1><p>A ship at quay {0} pays {0}00 euro for each day in the harbour.</p>"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "site"
    folder.mkdir()
    for number in range(3):
        (folder / f"quay{number}.html").write_text(PAGE.format(number))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_list_of_addresses_is_built_with_its_readers(workshop: Any, site: str) -> None:
    (knowledge,) = workshop.root.glob("knowledge/*.yaml")
    workshop.write("pages.txt", "\n".join(f"{site}/quay{number}.html" for number in range(4)))
    before = knowledge.read_text()

    def build(access: str) -> Any:
        source = f"sources: [{{urls: pages.txt, private_addresses: true, access: [{access}]}}, "
        knowledge.write_text(before.replace("sources: [", source))
        return workshop.build()

    report = build("crew")
    fates = {outcome.path: outcome.fate for outcome in report.knowledge[0].outcomes}
    assert [fates[f"{site}/quay{number}.html"] for number in range(4)] == ["indexed", "indexed", "indexed", "failed"]
    assert build("crew").knowledge[0].snapshot == report.knowledge[0].snapshot
    # Other readers are another index, though not a word of the documents changed.
    assert build("captain").knowledge[0].snapshot != report.knowledge[0].snapshot
