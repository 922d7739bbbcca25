"""A guardrail on an answer that goes out piece by piece."""

from collections.abc import Callable
from typing import Any

from plimsoll.guardrails import Policy, Review, Stage, Step, StreamReview
from plimsoll.models import Body, Chunks

TEXTS = ("content", "reasoning_content", "refusal")
"""Fields of a message that hold text."""
_NOTHING: Body = {}
Note = Callable[[Review, Stage], Review]


class StreamGuard:
    """Lets the pieces of an answer through, a little later than they came, and never more than the policy allows.

    - Each text of each choice is a stream of its own. Pieces that arrive together go out as one.
    - Whatever else a piece holds keeps its place among the texts of its choice.
    - With a policy on tool calls their pieces are held until the choice ends, and go out whole.
    - What is held back goes out before the reason why the choice ended.
    """

    def __init__(self, policy: Policy, note: Note) -> None:
        self._policy = policy
        self._note = note
        self._on_texts = "output" in policy.stages
        self._on_calls = "tool_call" in policy.stages
        self._streams: dict[tuple[int, str], StreamReview] = {}
        self._waiting: dict[tuple[int, str], list[str]] = {}
        self._calls: dict[int, dict[int, dict[str, Any]]] = {}

    def feed(self, chunks: Chunks) -> Chunks | None:
        """What may go out now, or None. Raises GuardrailBlockedError when the policy stops the answer."""
        out: list[Body] = []
        for chunk in chunks.chunks:
            for choice in chunk["choices"]:
                delta = choice.get("delta") or _NOTHING
                # Text and nothing else: nearly every piece is that.
                if len(delta) == 1 and "content" in delta and self._on_texts and choice.get("finish_reason") is None:
                    self._wait((choice.get("index", 0), "content"), delta["content"])
                else:
                    self._choice(choice, delta, out)
        for key in tuple(self._waiting):
            self._release(key, out)
        return Chunks(tuple(out)) if out else None

    def _choice(self, choice: Body, delta: Body, out: list[Body]) -> None:
        index = choice.get("index", 0)
        rest = dict(delta)
        if self._on_texts:
            for name in TEXTS:
                self._wait((index, name), rest.pop(name, None))
        if self._on_calls and rest.get("tool_calls"):
            self._keep_calls(index, rest.pop("tool_calls"))
        finish = choice.get("finish_reason")
        if finish is not None:
            self._end(index, out)
        if rest or finish is not None:
            self._release_choice(index, out)
            out.append({"choices": [{**choice, "delta": rest, "logprobs": None}]})

    def _wait(self, key: tuple[int, str], text: str | None) -> None:
        if not text:
            return
        waiting = self._waiting.get(key)
        if waiting is None:
            self._waiting[key] = [text]
        else:
            waiting.append(text)

    def _release_choice(self, index: int, out: list[Body]) -> None:
        for key in tuple(self._waiting):
            if key[0] == index:
                self._release(key, out)

    def _release(self, key: tuple[int, str], out: list[Body]) -> None:
        texts = self._waiting.pop(key, None)
        if texts:
            stream = self._streams.get(key)
            if stream is None:
                stream = self._streams[key] = self._policy.stream("output")
            self._send(key, stream.feed("".join(texts)), out)

    def _end(self, index: int, out: list[Body]) -> None:
        self._release_choice(index, out)
        for key in tuple(self._streams):
            if key[0] == index:
                self._send(key, self._streams.pop(key).close(), out)
        calls = self._calls.pop(index, None)
        if calls:
            allowed = [self._call(number, call) for number, call in sorted(calls.items())]
            out.append(_piece(index, {"tool_calls": allowed}))

    def _send(self, key: tuple[int, str], step: Step, out: list[Body]) -> None:
        if step.text:
            out.append(_piece(key[0], {key[1]: step.text}))
        if step.review is not None:
            self._note(step.review, "output")

    def _keep_calls(self, index: int, pieces: list[dict[str, Any]]) -> None:
        calls = self._calls.setdefault(index, {})
        for piece in pieces:
            call = calls.setdefault(piece.get("index", 0), {"function": {"name": "", "arguments": ""}})
            function = piece.get("function") or {}
            call |= {name: value for name, value in piece.items() if name != "function" and value is not None}
            call["function"]["name"] += function.get("name") or ""
            call["function"]["arguments"] += function.get("arguments") or ""

    def _call(self, number: int, call: dict[str, Any]) -> dict[str, Any]:
        review = self._note(self._policy.review(call["function"]["arguments"], "tool_call"), "tool_call")
        return {**call, "index": number, "function": {**call["function"], "arguments": review.text}}


def _piece(index: int, delta: dict[str, Any]) -> Body:
    return {"choices": [{"index": index, "delta": delta, "finish_reason": None}]}
