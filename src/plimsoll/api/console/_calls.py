"""How what is served can be called, as examples to paste."""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from .._service import Gives, ServedModel

_MESSAGE: Final = '{"role": "user", "content": "Your question"}'
_TEXT: Final = "Your text"


@dataclass(frozen=True, slots=True)
class Example:
    """One way to call something."""

    title: str
    code: str


@dataclass(frozen=True, slots=True)
class Call:
    """What an example needs to know."""

    model: str
    address: str
    """The server as the visitor calls it."""
    environment: str = ""
    """To be named in a header; empty for the one that answers by itself."""
    with_key: bool = False
    """The examples must show a key."""
    is_endpoint: bool = True
    """It has a prompt and documents of its own; otherwise it is a route that is passed through."""


def examples(model: ServedModel, call: Call) -> tuple[Example, ...]:
    """All the ways in which one thing can be called."""
    return tuple(Example(title, make(call)) for title, make in _EXAMPLES[model.gives])


def _curl(call: Call, path: str, body: str) -> str:
    lines = [f"curl {shlex.quote(f'{call.address}{path}')}", "-H 'Content-Type: application/json'"]
    if call.with_key:
        lines.append('-H "Authorization: Bearer $PLIMSOLL_KEY"')
    if call.environment:
        lines.append(f"-H {shlex.quote(f'x-plimsoll-environment: {call.environment}')}")
    lines.append(f"-d {shlex.quote(body)}")
    return " \\\n  ".join(lines)


def _python(call: Call, *, package: str, maker: str, base: str, lines: list[str]) -> str:
    key = 'os.environ["PLIMSOLL_KEY"]' if call.with_key else '"not-needed"'
    headers = json.dumps({"x-plimsoll-environment": call.environment})
    return "\n".join(
        [
            *(["import os"] if call.with_key else []),
            f"from {package} import {maker}",
            "",
            f"client = {maker}(",
            f"    base_url={json.dumps(call.address + base)},",
            f"    api_key={key},",
            *([f"    default_headers={headers},"] if call.environment else []),
            ")",
            *lines,
        ]
    )


def _openai(call: Call, lines: list[str]) -> str:
    return _python(call, package="openai", maker="OpenAI", base="/v1", lines=lines)


def _chat_curl(call: Call) -> str:
    body = f'{{\n    "model": {json.dumps(call.model)},\n    "messages": [{_MESSAGE}]\n  }}'
    return _curl(call, "/v1/chat/completions", body)


def _chat(call: Call) -> str:
    lines = [
        "answer = client.chat.completions.create(",
        f"    model={json.dumps(call.model)},",
        f"    messages=[{_MESSAGE}],",
        ")",
        "print(answer.choices[0].message.content)",
    ]
    return _openai(call, [*lines, 'print(answer.plimsoll["citations"])'] if call.is_endpoint else lines)


def _responses(call: Call) -> str:
    return _openai(
        call,
        [
            "answer = client.responses.create(",
            f"    model={json.dumps(call.model)},",
            '    input="Your question",',
            ")",
            "print(answer.output_text)",
        ],
    )


def _messages(call: Call) -> str:
    lines = [
        "answer = client.messages.create(",
        f"    model={json.dumps(call.model)},",
        "    max_tokens=1000,",
        f"    messages=[{_MESSAGE}],",
        ")",
        "print(answer.content[0].text)",
    ]
    return _python(call, package="anthropic", maker="Anthropic", base="", lines=lines)


def _vectors_curl(call: Call) -> str:
    return _curl(call, "/v1/embeddings", json.dumps({"model": call.model, "input": [_TEXT]}))


def _vectors(call: Call) -> str:
    return _openai(
        call,
        [
            f'found = client.embeddings.create(model={json.dumps(call.model)}, input=["{_TEXT}"])',
            "print(len(found.data[0].embedding))",
        ],
    )


def _predict_curl(call: Call) -> str:
    return _curl(call, f"/v1/predict/{call.model}", json.dumps({"inputs": [{"text": _TEXT}]}))


def _predict(call: Call) -> str:
    path = json.dumps(f"/predict/{call.model}")
    return _openai(
        call,
        [f'print(client.post({path}, cast_to=object, body={{"inputs": [{{"text": "{_TEXT}"}}]}}))'],
    )


_EXAMPLES: Final[Mapping[Gives, tuple[tuple[str, Callable[[Call], str]], ...]]] = {
    "chat": (
        ("Shell", _chat_curl),
        ("Python, with the official openai package", _chat),
        ("The same as a response", _responses),
        ("Python, with the official anthropic package", _messages),
    ),
    "embeddings": (("Shell", _vectors_curl), ("Python, with the official openai package", _vectors)),
    "predict": (("Shell", _predict_curl), ("Python, with the official openai package", _predict)),
}
