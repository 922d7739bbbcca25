"""A guardrail on an answer that goes out piece by piece."""

from collections.abc import Mapping, Sequence
from typing import Any

from plimsoll.guardrails import Stage, Step, StreamReview
from plimsoll.models import Body, Chunks

from ..large import Asker, fed
from ..places import without_tokens
from ._calls import HeldCalls
from ._judge import Judge
from ._resumed import ResumedReview
from ._stages import CALLS

LABELS = frozenset({"role", "id", "type", "object", "index", "item_id", "call_id"})
"""Fields of a piece that are names: they go on at once."""
THOUGHTS = ("reasoning_content", "reasoning")
AFTER_THOUGHTS = frozenset({"content", "refusal", *CALLS})
"""What a model says when it has thought."""
_NOTHING: Body = {}
_BEGUN: Body = {"role": "assistant"}
_KEPT = ("index", "finish_reason", "native_finish_reason", "stop_reason")
"""What a choice says beside its message; what else a provider adds may tell what was taken out."""


class StreamGuard:
    """Lets the pieces of an answer through, a little later than they came, and never more than the policy allows.

    - Each text of each choice is a stream of its own. Pieces that arrive together go out as one.
    - Whatever else a piece holds keeps its place among the texts of its choice.
    - Calls of tools are held until the choice ends, and go out whole. So is everything in which texts lie deeper, such
      as citations; but thoughts that are signed go out with their signature, for it closes them.
    - Thoughts go out to their end when the model begins to say something else.
    - What is held back goes out before the reason why the choice ended, or with `finish`.
    - Tokens and their probabilities are left out where the policy looks at texts: they would tell what was taken out.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        # What is put back for the caller must be whole, as what is looked at.
        restores = bool(judge.placeholders.own)
        self._on_texts = judge.looks_at("output") or restores
        self._on_calls = judge.looks_at("tool_call") or restores
        self._streams: dict[tuple[int, str], StreamReview | ResumedReview] = {}
        self._waiting: dict[tuple[int, str], list[str]] = {}
        self._held: dict[tuple[int, str], list[Any]] = {}
        self._calls: dict[int, HeldCalls] = {}
        self._thinking: set[int] = set()

    @property
    def asker(self) -> Asker:
        """Whoever waits for the answer."""
        return self._judge.asker

    @property
    def held_characters(self) -> int:
        """How much the calls say that are held."""
        return sum(calls.characters for calls in self._calls.values())

    def weight(self, chunks: Chunks) -> int:
        """About how many characters `feed` would look at."""
        size = 0
        for chunk in chunks.chunks:
            for choice in chunk["choices"]:
                for value in (choice.get("delta") or _NOTHING).values():
                    if value.__class__ is str:
                        size += len(value)
                if choice.get("finish_reason") is not None and self._calls:
                    size += self.held_characters
        return size

    def feed(self, chunks: Chunks) -> Chunks | None:
        """What may go out now, or None. Raises GuardrailBlockedError when the policy stops the answer."""
        out: list[Body] = []
        for chunk in chunks.chunks:
            for choice in chunk["choices"]:
                delta = choice.get("delta") or _NOTHING
                # Text and nothing else: nearly every piece is that.
                text = delta.get("content")
                if (
                    len(delta) == 1
                    and text.__class__ is str
                    and self._on_texts
                    and choice.get("finish_reason") is None
                    and not self._thinking
                ):
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
        if self._on_texts and any(delta.get(name) for name in AFTER_THOUGHTS):
            delta = self._after_thoughts(index, delta, out)
        rest = {name: value for name, value in delta.items() if not self._takes(index, name, value)}
        if any(_is_signed(block) for block in _listed(delta.get("thinking_blocks"))):
            self._close_thoughts(index, out)
            self._let_go((index, "thinking_blocks"), out)
        finish = choice.get("finish_reason")
        if finish is not None:
            self._end(index, out)
        if rest or finish is not None:
            self._release_choice(index, out)
            out.append({"choices": [{**self._around(choice), "delta": self._named(rest)}]})

    def _takes(self, index: int, name: str, value: object) -> bool:
        """Whether a field of a piece is kept here until it may go out."""
        if name in CALLS:
            taken = bool(value) and self._on_calls
        else:
            taken = bool(value) and self._on_texts and name not in LABELS
        if not taken or not isinstance(value, str | Mapping | list | tuple):
            return False
        if isinstance(value, str):
            self._wait((index, name), value)
        elif name == "function_call" and isinstance(value, Mapping):
            self._calls.setdefault(index, HeldCalls()).add_old(value)
        elif name == "tool_calls" and not isinstance(value, Mapping):
            self._calls.setdefault(index, HeldCalls()).add(value)
        else:
            self._held.setdefault((index, name), []).append(value)
        return True

    def _around(self, choice: Body) -> Body:
        """A choice without its piece."""
        if self._on_texts:
            return kept_of_choice(self._judge, choice)
        return {name: value for name, value in choice.items() if name != "delta"}

    def _named(self, rest: Body) -> Body:
        """What of a piece goes on at once, as it may go on."""
        if not rest or rest == _BEGUN or not self._on_texts:
            return rest
        allowed: Body = without_tokens(self._judge.judged([rest], "output")[0])
        return allowed

    def _wait(self, key: tuple[int, str], text: str) -> None:
        if not text:
            return
        waiting = self._waiting.get(key)
        if waiting is None:
            self._waiting[key] = [text]
        else:
            waiting.append(text)
        if key[1] in THOUGHTS:
            self._thinking.add(key[0])

    def _release_choice(self, index: int, out: list[Body]) -> None:
        for key in tuple(self._waiting):
            if key[0] == index:
                self._release(key, out)

    def _release(self, key: tuple[int, str], out: list[Body]) -> None:
        texts = self._waiting.pop(key, None)
        if texts:
            stream = self._streams.get(key)
            if stream is None:
                stream = self._streams[key] = self._begun(*key)
            text = "".join(texts)
            step = stream.feed(text) if isinstance(stream, ResumedReview) else fed(stream, text, self.asker)
            self._send(key, step, out)

    def _begun(self, index: int, name: str) -> StreamReview | ResumedReview:
        judge = self._judge.of_text(index, name)
        return ResumedReview(judge, "output", name) if name in THOUGHTS else judge.stream(_place(name), name)

    def _end(self, index: int, out: list[Body]) -> None:
        self._release_choice(index, out)
        self._thinking.discard(index)
        for key in tuple(self._streams):
            if key[0] == index:
                self._send(key, self._streams.pop(key).close(), out)
        for key in tuple(self._held):
            if key[0] == index:
                self._let_go(key, out)
        calls = self._calls.pop(index, None)
        if calls:
            whole = self._judge.of_text(index, "content").judged(tuple(calls.whole()), "tool_call")
            out.extend(piece_of(index, piece) for piece in whole)

    def _after_thoughts(self, index: int, delta: Body, out: list[Body]) -> Body:
        """What is left of a piece that says something: what it thinks goes out before that, and to its end."""
        thoughts = [name for name in THOUGHTS if delta.get(name) and isinstance(delta[name], str)]
        for name in thoughts:
            self._wait((index, name), delta[name])
        if index in self._thinking:
            self._close_thoughts(index, out)
        return {name: value for name, value in delta.items() if name not in thoughts} if thoughts else delta

    def _close_thoughts(self, index: int, out: list[Body]) -> None:
        self._release_choice(index, out)
        self._thinking.discard(index)
        for name in THOUGHTS:
            stream = self._streams.get((index, name))
            if isinstance(stream, ResumedReview):
                self._send((index, name), stream.pause(), out)

    def _let_go(self, key: tuple[int, str], out: list[Body]) -> None:
        values = self._held.pop(key, None)
        if values:
            named = [{key[1]: value} for value in values]
            allowed = self._judge.of_text(*key).judged(named, _place(key[1]), joined=True)
            out.extend(piece_of(key[0], piece) for piece in map(without_tokens, allowed) if piece)

    def _send(self, key: tuple[int, str], step: Step, out: list[Body]) -> None:
        if step.text:
            out.append(piece_of(key[0], {key[1]: step.text}))
        if step.review is not None:
            self._judge.note(step.review, _place(key[1]))


def kept_of_choice(judge: Judge, choice: Body) -> Body:
    """What is told of a choice beside its message. Raises GuardrailBlockedError."""
    kept = {
        name: choice[name]
        for name in _KEPT
        if name in choice and (name != "stop_reason" or isinstance(choice[name], str))
    }
    return {**judge.judged([kept], "output")[0], "logprobs": None}


def _place(name: str) -> Stage:
    return "tool_call" if name in CALLS else "output"


def _is_signed(block: object) -> bool:
    return isinstance(block, Mapping) and bool(block.get("signature") or block.get("data"))


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def piece_of(index: int, delta: Body) -> Body:
    return {"choices": [{"index": index, "delta": delta, "finish_reason": None}]}
