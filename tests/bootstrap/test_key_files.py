"""Keys of providers that stand in files: read at the start, and again when the files change."""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.flows.conftest import Workshop

from plimsoll.bootstrap._key_files import (
    LOOK_AGAIN_S,
    KeyFile,
    KeyFileError,
    RekeyedChatModel,
    RekeyedEmbeddingModel,
)
from plimsoll.bootstrap._routes import RouteMaker
from plimsoll.models import ChatEnd, ChatRequest, Chunks, Completion, Embeddings, Message, Usage, text_piece
from plimsoll.models.prices import most_of
from plimsoll.project import ProjectInvalidError, load_project
from plimsoll.settings import SecretMissingError, read_settings

OLD, NEW = "sk-old-0123456789", "sk-new-9876543210"
REQUEST = ChatRequest.of((Message("user", "Hello?"),))


class EchoModel:
    """Answers with the key that it was made with."""

    def __init__(self, key: str) -> None:
        self.key, self.closed = key, False
        self.name = "openai/echo"

    async def complete(self, _: ChatRequest) -> Completion:
        return Completion({"choices": [{"message": {"content": self.key}}]}, ChatEnd(Usage(1, 1)))

    async def stream(self, _: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        yield text_piece(self.key)
        yield ChatEnd(Usage(1, 1))

    async def embed_texts(self, _inputs: Any, _parameters: Any) -> Embeddings:
        return Embeddings((), Usage(1, 0), self.key)

    async def close(self) -> None:
        self.closed = True


@dataclass
class Desk:
    """A key file, a clock, and how often a model was made."""

    path: Path
    at: float = 100.0
    made: list[EchoModel] = field(default_factory=list)

    def model(self) -> RekeyedChatModel:
        return RekeyedChatModel(
            "openai/echo", KeyFile(self.path.parent, self.path.name, "routes/r.yaml"), self.make, now=lambda: self.at
        )

    def vectors(self) -> RekeyedEmbeddingModel:
        return RekeyedEmbeddingModel(
            "openai/echo", KeyFile(self.path.parent, self.path.name, "routes/r.yaml"), self.make, now=lambda: self.at
        )

    def make(self, key: str) -> EchoModel:
        self.made.append(EchoModel(key))
        return self.made[-1]

    def replace(self, text: str) -> None:
        """As secret stores do it: another file takes the name."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(text)
        fresh.rename(self.path)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    path = tmp_path / "openai"
    path.write_text(OLD + "\n")
    return Desk(path)


async def heard(model: RekeyedChatModel, *, stream: bool) -> str:
    if not stream:
        return (await model.complete(REQUEST)).text
    return "".join([event.text async for event in model.stream(REQUEST) if isinstance(event, Chunks)])


@pytest.mark.parametrize("stream", [False, True])
def test_a_key_is_read_at_the_start_and_again_when_its_file_changes(desk: Desk, *, stream: bool) -> None:
    async def story() -> list[str]:
        model, found = desk.model(), []
        found.append(await heard(model, stream=stream))
        desk.replace(NEW)
        found.append(await heard(model, stream=stream))  # looked at a moment ago
        desk.at += LOOK_AGAIN_S
        found.append(await heard(model, stream=stream))
        desk.at += LOOK_AGAIN_S
        found.append(await heard(model, stream=stream))
        await model.close()
        return found

    assert asyncio.run(story()) == [OLD, OLD, NEW, NEW]
    assert [model.key for model in desk.made] == [OLD, NEW]
    assert desk.made[-1].closed


def test_the_same_key_in_another_file_makes_no_other_model(desk: Desk) -> None:
    async def story() -> str:
        model = desk.vectors()
        desk.replace(f"  {OLD}\n\n")
        desk.at += LOOK_AGAIN_S
        return (await model.embed_texts(["x"], {})).model

    assert asyncio.run(story()) == OLD
    assert len(desk.made) == 1


def test_a_file_that_is_written_in_place_is_seen_too(desk: Desk) -> None:
    async def story() -> str:
        model = desk.model()
        desk.path.write_text(NEW)
        os.utime(desk.path, ns=(1, 1))
        desk.at += LOOK_AGAIN_S
        return await heard(model, stream=False)

    assert asyncio.run(story()) == NEW


def test_while_the_file_is_gone_the_last_key_goes_on_and_the_log_says_so_once(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> list[str]:
        model, found = desk.model(), []
        desk.path.unlink()
        for _ in range(3):
            desk.at += LOOK_AGAIN_S
            found.append(await heard(model, stream=False))
        desk.path.write_text(NEW)
        desk.at += LOOK_AGAIN_S
        found.append(await heard(model, stream=False))
        return found

    with caplog.at_level(logging.WARNING, "plimsoll.keys"):
        assert asyncio.run(story()) == [OLD, OLD, OLD, NEW]
    (record,) = caplog.records
    assert record.getMessage() == (
        "routes/r.yaml needs the key in the file openai, which does not exist; the last key goes on"
    )
    assert OLD not in caplog.text
    assert NEW not in caplog.text


@pytest.mark.parametrize("stream", [False, True])
def test_without_a_key_every_call_says_which_file_is_missing_until_it_is_there(desk: Desk, *, stream: bool) -> None:
    desk.path.unlink()

    async def story() -> str:
        model = desk.model()
        for _ in range(2):
            with pytest.raises(SecretMissingError, match=r"routes/r\.yaml needs the key in the file openai") as caught:
                await heard(model, stream=stream)
            assert caught.value.code == "secret_missing"
        await model.close()
        desk.path.write_text(NEW)
        desk.at += LOOK_AGAIN_S
        return await heard(model, stream=stream)

    assert asyncio.run(story()) == NEW


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"sk-1\nsk-2", "has more than one line, or characters that cannot be sent"),
        (b"sk-\x00", "has more than one line, or characters that cannot be sent"),
        ("sk-ß".encode(), "has characters that cannot be sent"),
        (b"A" * 20_000, "is too long for a key"),
    ],
)
def test_what_is_no_key_is_told_without_being_shown(desk: Desk, content: bytes, why: str) -> None:
    desk.path.write_bytes(content)
    with pytest.raises(KeyFileError) as caught:
        KeyFile(desk.path.parent, desk.path.name, "routes/r.yaml").read()
    assert caught.value.message.endswith(f", which {why}")
    assert "sk-" not in f"{caught.value} {caught.value.hint} {caught.value!r}"
    with pytest.raises(KeyFileError, match="cannot be read"):
        KeyFile(desk.path.parent, ".", "routes/r.yaml").read()


def test_a_route_names_its_file_from_the_projects_folder(workshop: Workshop) -> None:
    workshop.write("routes/hosted.yaml", "model: openai/gpt-4.1-mini\napi_key_file: keys/openai\nserves: [hosted]\n")
    content = load_project(workshop.root).routes["hosted"].content()
    maker = RouteMaker(read_settings(workshop.root, {}), lambda: None, workshop.root)  # type: ignore[arg-type, return-value]
    (missing,), targets = maker.check("hosted", content)
    assert (targets, missing.named) == (1, ("keys/openai", "routes/hosted.yaml"))
    with pytest.raises(KeyFileError, match="which does not exist"):
        maker.require("hosted", content)
    workshop.write("keys/openai", OLD)
    assert maker.check("hosted", content) == ([], 1)
    route = maker.route("hosted", content)
    assert OLD not in repr(route)
    assert OLD not in repr(content)
    asyncio.run(maker.close())


def test_a_route_has_one_key(workshop: Workshop) -> None:
    workshop.write(
        "routes/hosted.yaml", "model: openai/gpt-4.1-mini\napi_key: ${env:A}\napi_key_file: /run/secrets/openai\n"
    )
    with pytest.raises(ProjectInvalidError) as caught:
        load_project(workshop.root)
    assert "`api_key` and `api_key_file` say the same" in str(caught.value.mistakes)


def test_a_route_without_a_file_stays_the_version_that_it_is(workshop: Workshop) -> None:
    workshop.write("routes/hosted.yaml", "model: openai/gpt-4.1-mini\n")
    content: Any = load_project(workshop.root).routes["hosted"].content()
    assert "api_key_file" not in content["targets"][0]


def test_what_a_model_reads_stands_in_its_route(workshop: Workshop) -> None:
    workshop.write(
        "routes/own.yaml",
        "model: vllm/qwen\ncontext_window: 32000\nprice: {input_usd_per_million: 1, output_usd_per_million: 1}\n",
    )
    content = load_project(workshop.root).routes["own"].content()
    maker = RouteMaker(read_settings(workshop.root, {}), lambda: None, workshop.root)  # type: ignore[arg-type, return-value]
    body = {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}]}
    tokens, cost = maker.route("own", content).worst_case(most_of(body, output_tokens=10))
    assert (32_000 < tokens < 33_000, cost) == (True, tokens * 10**6)
    asyncio.run(maker.close())


def test_the_server_of_the_model_sees_the_new_key(workshop: Workshop) -> None:
    answer = b'{"choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}]}'
    heard: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(x.split(":")[1]) for x in head.splitlines() if x.lower().startswith("content-length"))
        await reader.readexactly(length)
        heard.extend(line.split()[-1] for line in head.splitlines() if line.lower().startswith("authorization"))
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
        await writer.drain()
        writer.close()

    async def story() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        workshop.write("keys/openai", OLD)
        workshop.write(
            "routes/hosted.yaml",
            f"model: openai/m\nbase_url: http://127.0.0.1:{port}/v1\napi_key_file: keys/openai\n",
        )
        content = load_project(workshop.root).routes["hosted"].content()
        maker = RouteMaker(read_settings(workshop.root, {}), lambda: None, workshop.root)  # type: ignore[arg-type, return-value]
        model: Any = maker.route("hosted", content).model
        await model.complete(REQUEST)
        workshop.write("keys/openai", NEW)
        model._targets[0].model._look_at = 0.0
        await model.complete(REQUEST)
        await maker.close()
        server.close()
        await server.wait_closed()

    asyncio.run(story())
    assert heard == [OLD, NEW]
