"""The three APIs that answer in words: how each is asked, and where its answer and its errors stand."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Surface:
    """One of them."""

    name: str
    path: str
    ask: Callable[[str], dict[str, Any]]
    text: Callable[[Json], str]
    """Of a whole answer."""
    delta: Callable[[Json], str]
    """The text that one event adds."""
    error: Callable[[Json], Json | None]
    """The error in an event, or in a body."""
    ends: Callable[[Json], bool]
    """Whether an event says that the answer ended well."""

    def body(self, model: str, text: str, *, stream: bool = False) -> dict[str, Any]:
        return {"model": model, **self.ask(text), **({"stream": True} if stream else {})}

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Told:
    """What a stream told."""

    events: tuple[Json, ...]
    text: str
    error: Json | None
    is_whole: bool


def read_stream(surface: Surface, raw: str) -> Told:
    """The events of a stream of server-sent events."""
    datas = [line.removeprefix("data: ") for line in raw.splitlines() if line.startswith("data: ")]
    events = tuple(json.loads(data) for data in datas if data != "[DONE]")
    errors = [error for event in events if (error := surface.error(event)) is not None]
    return Told(
        events=events,
        text="".join(map(surface.delta, events)),
        error=errors[0] if errors else None,
        is_whole=any(map(surface.ends, events)),
    )


def _chat_delta(event: Json) -> str:
    return "".join(choice["delta"].get("content") or "" for choice in event.get("choices", ()))


def _responses_error(event: Json) -> Json | None:
    if event.get("type") == "error":
        return event
    response = event.get("response") or {}
    found: Json | None = event.get("error") or response.get("error")
    return found


CHAT = Surface(
    name="chat",
    path="/v1/chat/completions",
    ask=lambda text: {"messages": [{"role": "user", "content": text}]},
    text=lambda answer: str(answer["choices"][0]["message"]["content"]),
    delta=_chat_delta,
    error=lambda event: event.get("error"),
    ends=lambda event: any(choice.get("finish_reason") for choice in event.get("choices", ())),
)
RESPONSES = Surface(
    name="responses",
    path="/v1/responses",
    ask=lambda text: {"input": text},
    text=lambda answer: "".join(
        part["text"] for item in answer["output"] if item["type"] == "message" for part in item["content"]
    ),
    delta=lambda event: event["delta"] if event["type"] == "response.output_text.delta" else "",
    error=_responses_error,
    ends=lambda event: event["type"] in {"response.completed", "response.incomplete"},
)
MESSAGES = Surface(
    name="messages",
    path="/v1/messages",
    ask=lambda text: {"messages": [{"role": "user", "content": text}], "max_tokens": 100},
    text=lambda answer: "".join(part["text"] for part in answer["content"] if part["type"] == "text"),
    delta=lambda event: event["delta"].get("text", "") if event["type"] == "content_block_delta" else "",
    error=lambda event: event.get("error"),
    ends=lambda event: event["type"] == "message_stop",
)
SURFACES = (CHAT, RESPONSES, MESSAGES)
