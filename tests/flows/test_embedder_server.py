"""A server puts another model behind a name: seen by the watch, by a build, and in the end accepted by a revision."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
from tests.flows.conftest import FILES, Workshop
from tests.flows.test_refresh import Dock, newer

from plimsoll.models.catalogue import make_embedder
from plimsoll.models.embedders import EmbedderChangedError

WORDS = make_embedder("builtin/static")


class Model:
    """What stands behind the name at the moment."""

    turn = 0

    def vectors(self, texts: list[str]) -> list[list[float]]:
        rows: list[list[float]] = np.roll(WORDS.embed(texts), self.turn, axis=1).tolist()
        return rows


@pytest.fixture
def server() -> Iterator[tuple[str, Model]]:
    model = Model()

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # the name that the library asks for
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            rows = [
                {"object": "embedding", "index": place, "embedding": row}
                for place, row in enumerate(model.vectors(asked["input"]))
            ]
            usage = {"prompt_tokens": 1, "total_tokens": 1}
            answer = json.dumps({"object": "list", "data": rows, "model": asked["model"], "usage": usage}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as serving:
        serving.daemon_threads = True
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{serving.server_address[1]}/v1", model
        serving.shutdown()
        thread.join()


def test_another_model_behind_a_name_is_found_stops_builds_and_is_accepted_by_a_revision(
    workshop: Workshop, server: tuple[str, Model]
) -> None:
    url, model = server
    dock = Dock(workshop)

    def settings(more: str = "") -> None:
        embed = f"embed: {{model: openai_compatible/words, base_url: {url}, dimensions: 256{more}}}\n"
        workshop.write("knowledge/texts.yaml", f"{FILES['knowledge/texts.yaml']}{embed}refresh: {{gate: [ask]}}\n")

    settings()
    dock.ship(dock.release())
    first = dock.live
    watch = dock.platform.embedder_watch()
    assert [check.verdict for check in watch.check().checks] == ["same"]
    model.turn = 1
    (finding,) = watch.check().findings
    assert finding.embedder == "openai_compatible/words"
    newer(dock)
    with pytest.raises(EmbedderChangedError):
        dock.release()
    assert (dock.refresh().outcome, dock.live) == ("failed", first)
    settings(", revision: two")
    state = dock.refresh()
    assert state.outcome == "candidate"
    dock.ship(dock.platform.releases.release("harbour", state.release))
    assert [check.verdict for check in watch.check().checks] == ["same"]
