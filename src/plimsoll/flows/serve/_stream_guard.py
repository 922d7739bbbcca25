"""A guardrail on an answer that goes out piece by piece."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from plimsoll.guardrails import Policy, Review, Stage, Step, StreamReview
from plimsoll.models import Body, Chunks

CALLS = ("tool_calls", "function_call")
"""Fields of a message in which a model calls something."""
_LABELS = frozenset({"role", "id", "type", "object", "index", "item_id", "call_id"})
"""Text fields of a piece that are none: they go on at once."""
_THOUGHTS = ("reasoning_content", "reasoning")
_NOTHING: Body = {}
Note = Callable[[Review, Stage], Review]


class Judged(Protocol):
    """What of some JSON values may go on; with `joined` also what they say together."""

    def __call__(self, values: Sequence[Any], stage: Stage, *, joined: bool = False) -> Sequence[Any]:
        """Raises GuardrailBlockedError."""


class StreamGuard:
    """Lets the pieces of an answer through, a little later than they came, and never more than the policy allows.

    - Each text of each choice is a stream of its own. Pieces that arrive together go out as one.
    - Whatever else a piece holds keeps its place among the texts of its choice.
    - Calls of tools are held until the choice ends, and go out whole. So is everything in which texts lie deeper, such
      as citations; but thoughts that are signed go out with their signature, for it closes them.
    - What is held back goes out before the reason why the choice ended, or with `finish`.
    - Probabilities of tokens are left out where the policy looks at texts: they would tell what was taken out.
    """

    def __init__(self, policy: Policy, note: Note, judged: Judged) -> None:
        self._policy = policy
        self._note = note
        self._judged = judged
        self._on_texts = "output" in policy.stages
        self._calls_at: Stage = call_stage(policy)
        self._streams: dict[tuple[int, str], StreamReview] = {}
        self._waiting: dict[tuple[int, str], list[str]] = {}
        self._held: dict[tuple[int, str], list[Any]] = {}
        self._calls: dict[int, dict[int, dict[str, Any]]] = {}

    def feed(self, chunks: Chunks) -> Chunks | None:
        """What may go out now, or None. Raises GuardrailBlockedError when the policy stops the answer."""
        out: list[Body] = []
        for chunk in chunks.chunks:
            for choice in chunk["choices"]:
                delta = choice.get("delta") or _NOTHING
                # Text and nothing else: nearly every piece is that.
                text = delta.get("content")
                if len(delta) == 1 and text.__class__ is str and self._on_texts and choice.get("finish_reason") is None:
                    self._wait((choice.get("index", 0), "content"), text)
                else:
                    self._choice(choice, delta, out)
        for key in tuple(self._waiting):
            self._release(key, out)
        return Chunks(tuple(out)) if out else None

    def finish(self) -> Chunks | None:
        """What is still held of choices that were not ended, or None. Raises GuardrailBlockedError."""
        out: list[Body] = []
        for index in sorted({key[0] for key in (*self._waiting, *self._streams, *self._held)} | set(self._calls)):
            self._end(index, out)
        return Chunks(tuple(out)) if out else None

    def _choice(self, choice: Body, delta: Body, out: list[Body]) -> None:
        index = choice.get("index", 0)
        rest = {name: value for name, value in delta.items() if not self._takes(index, name, value)}
        if any(_is_signed(block) for block in _listed(delta.get("thinking_blocks"))):
            self._close_thoughts(index, out)
        finish = choice.get("finish_reason")
        if finish is not None:
            self._end(index, out)
        if rest or finish is not None:
            self._release_choice(index, out)
            out.append({"choices": [{**self._around(choice), "delta": rest}]})

    def _takes(self, index: int, name: str, value: object) -> bool:
        """Whether a field of a piece is kept here until it may go out."""
        if name in CALLS:
            taken = bool(value) and self._calls_at in self._policy.stages
        else:
            taken = bool(value) and self._on_texts and name not in _LABELS
        if not taken or not isinstance(value, str | Mapping | list | tuple):
            return False
        if isinstance(value, str):
            self._wait((index, name), value)
        elif name == "tool_calls" and not isinstance(value, Mapping):
            self._keep_calls(index, value)
        else:
            self._held.setdefault((index, name), []).append(value)
        return True

    def _around(self, choice: Body) -> Body:
        """A choice without its piece."""
        if not self._on_texts:
            return choice
        around = {name: value for name, value in choice.items() if name not in ("delta", "logprobs")}
        allowed: Body = self._judged([around], "output")[0]
        return {**allowed, "logprobs": None}

    def _wait(self, key: tuple[int, str], text: str) -> None:
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
                stage = self._calls_at if key[1] in CALLS else "output"
                stream = self._streams[key] = self._policy.stream(stage)
            self._send(key, stream.feed("".join(texts)), out)

    def _end(self, index: int, out: list[Body]) -> None:
        self._release_choice(index, out)
        for key in tuple(self._streams):
            if key[0] == index:
                self._send(key, self._streams.pop(key).close(), out)
        for key in tuple(self._held):
            if key[0] == index:
                self._let_go(key, out)
        calls = self._calls.pop(index, None)
        if calls:
            whole = [{**call, "index": number} for number, call in sorted(calls.items())]
            out.append(_piece(index, {"tool_calls": list(self._judged(whole, self._calls_at))}))

    def _close_thoughts(self, index: int, out: list[Body]) -> None:
        self._release_choice(index, out)
        for name in _THOUGHTS:
            stream = self._streams.pop((index, name), None)
            if stream is not None:
                self._send((index, name), stream.close(), out)
        self._let_go((index, "thinking_blocks"), out)

    def _let_go(self, key: tuple[int, str], out: list[Body]) -> None:
        values = self._held.pop(key, None)
        if values:
            stage = self._calls_at if key[1] in CALLS else "output"
            out.extend(_piece(key[0], {key[1]: value}) for value in self._judged(values, stage, joined=True))

    def _send(self, key: tuple[int, str], step: Step, out: list[Body]) -> None:
        if step.text:
            out.append(_piece(key[0], {key[1]: step.text}))
        if step.review is not None:
            self._note(step.review, self._calls_at if key[1] in CALLS else "output")

    def _keep_calls(self, index: int, pieces: Sequence[Body]) -> None:
        calls = self._calls.setdefault(index, {})
        for piece in pieces:
            call = calls.setdefault(piece.get("index", 0), {})
            for name, value in piece.items():
                if isinstance(value, Mapping):
                    _add(call.setdefault(name, {}), value)
                elif value is not None:
                    call[name] = value


def call_stage(policy: Policy) -> Stage:
    """The stage at which calls of tools are looked at: as any other output where the policy does not name them."""
    return "tool_call" if "tool_call" in policy.stages else "output"


def _add(said: dict[str, Any], value: Body) -> None:
    """Add a piece of a function, or of what else is called."""
    for name, more in value.items():
        before = said.get(name)
        if isinstance(before, str) and isinstance(more, str):
            said[name] = before + more
        elif more is not None:
            said[name] = more


def _is_signed(block: object) -> bool:
    return isinstance(block, Mapping) and bool(block.get("signature") or block.get("data"))


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _piece(index: int, delta: dict[str, Any]) -> Body:
    return {"choices": [{"index": index, "delta": delta, "finish_reason": None}]}
