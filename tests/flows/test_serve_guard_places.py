"""A guardrail gives the same verdict however an answer is cut, and whatever stands between its pieces."""

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.checks import NO_CONTEXT, Context, Found
from plimsoll.flows.serve._errors import GuardrailBlockedError, TokensUnreadableError
from plimsoll.flows.serve.guarding import Guard, Passing
from plimsoll.flows.serve.large import LARGE_BYTES
from plimsoll.flows.serve.places import texts_in, without_tokens
from plimsoll.guardrails import Policy
from plimsoll.models import Body, Chunks, Passage, Quote

MAIL = "bob@example.org"
CHECKS: list[dict[str, Any]] = [
    {"check": "pii", "kinds": ["email", "credit_card"], "on": ["input", "output"], "action": "redact"},
    {"check": "blocklist", "name": "rival", "words": ["zeus ltd"], "on": ["input", "output"], "action": "block"},
]
POLICY = Policy.from_json("standard", {"checks": CHECKS})
Delta = dict[str, Any]


def deltas_of(pieces: Sequence[Delta], *, together: int = 1) -> Iterator[Delta]:
    """What comes out of a stream with these pieces, of which some arrive together."""
    stream = Guard(POLICY).stream()
    assert stream is not None
    chunks: list[Delta] = [{"choices": [{"index": 0, "delta": piece, "finish_reason": None}]} for piece in pieces]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    for at in range(0, len(chunks), together):
        allowed = stream.feed(Chunks(tuple(chunks[at : at + together])))
        for chunk in () if allowed is None else allowed.chunks:
            yield dict(chunk["choices"][0]["delta"])


WORDS = ("bob@exam", "ple.org", " and ", "4111-1111", "-1111-1111", "Zeus", " Ltd", "x", " ", "é")
FIELDS = ("reasoning_content", "content", "refusal")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(WORDS)), min_size=1, max_size=14),
    st.integers(1, 4),
)
def test_every_text_of_a_choice_is_judged_as_a_whole(pieces: list[tuple[str, str]], together: int) -> None:
    """A text that goes on after others came between is stopped rather than let through in two halves."""
    whole = {name: "".join(text for field, text in pieces if field == name) for name in FIELDS}
    expected = {name: POLICY.review(text, "output") for name, text in whole.items()}
    said = dict.fromkeys(FIELDS, "")
    blocked = False
    try:
        for delta in deltas_of([{name: text} for name, text in pieces], together=together):
            for name in FIELDS:
                said[name] += delta.get(name) or ""
    except GuardrailBlockedError:
        blocked = True
    for name, review in expected.items():
        if review.action == "block":
            assert blocked
        elif not blocked:
            assert said[name] == review.text
        for hidden in (MAIL, "4111-1111-1111-1111", "Zeus Ltd"):
            # A number that is part of a longer word is none.
            assert hidden not in said[name] or hidden in review.text


def test_a_thought_that_goes_on_cannot_undo_what_went_out() -> None:
    pieces = [{"reasoning_content": "I see bob@exam"}, {"content": "Well."}, {"reasoning_content": "ple.org"}]
    with pytest.raises(GuardrailBlockedError) as caught:
        list(deltas_of(pieces))
    assert "found_across_parts" in str(caught.value)
    pieces[2] = {"reasoning_content": "inations, bob@example.org"}
    out = list(deltas_of(pieces))
    assert "".join(one.get("reasoning_content", "") for one in out) == "I see bob@examinations, [EMAIL]"


ARGUMENTS = (
    '{"card":4111111111111111}',
    '{"id":"bob\\u0040example.org"}',
    '{"to":"bob@example.org","n":[1,2]}',
    '{"a":"Zeus","b":"Ltd"}',
    '{"a":"Zeus\\u0020Ltd"}',
    '{"Zeus\\u0020Ltd":1}',
    '{"a":"{\\"b\\":\\"bob\\\\u0040example.org\\"}"}',
    '{"a":"bob\\u0040example.org"',
    '{"a":"C:\\\\new","b":"\\u00e9 bob@example.org"}',
    "to bob@example.org",
    "{}",
    '["bob@example.org",4111111111111111]',
)


def called(arguments: str) -> dict[str, Any]:
    return {"id": "c1", "type": "function", "function": {"name": "mail", "arguments": arguments}}


def verdict_of(work: Any) -> Any:
    try:
        return work()
    except GuardrailBlockedError as error:
        return error.message


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ARGUMENTS), st.lists(st.integers(0, 40), max_size=4), st.booleans())
def test_a_call_gets_the_same_verdict_streamed_and_whole(arguments: str, cuts: list[int], old: bool) -> None:
    """So it does in the form of a call that was used before there could be several."""
    ends = [*sorted(cuts), len(arguments)]
    parts = [arguments[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
    message: Body = {"function_call": called(arguments)["function"]} if old else {"tool_calls": [called(arguments)]}

    def whole() -> Any:
        body = {"choices": [{"index": 0, "message": {"role": "assistant", "content": None, **message}}]}
        answered = Guard(POLICY).answer(body)["choices"][0]["message"]
        return answered["function_call"] if old else answered["tool_calls"][0]["function"]

    def streamed() -> Any:
        first = {"name": "mail", "arguments": ""} if old else called("")
        pieces = [first, *({"arguments": part} if old else {"function": {"arguments": part}} for part in parts)]
        deltas = [{"function_call": piece} if old else {"tool_calls": [{"index": 0, **piece}]} for piece in pieces]
        out = [one for one in deltas_of(deltas) if one]
        assert len(out) == 1, "a call goes out in one piece"
        return out[0]["function_call"] if old else out[0]["tool_calls"][0]["function"]

    found = verdict_of(whole)
    assert verdict_of(streamed) == found
    assert MAIL not in json.dumps(found)
    if isinstance(found, dict):
        left = found["arguments"]
        for hidden in ("u0040", "4111"):
            assert hidden not in left
        if arguments.startswith(("{", "[")):
            json.loads(left)


def test_names_numbers_and_keys_are_found_and_marked_as_fixed() -> None:
    call = called('{"a": 1}')
    found = texts_in([{"tool_calls": [call], "metadata": {"id": "m1", "own": 4111111111111111, "few": 12}}])
    assert {one.text: one.fixed for one in found} == {
        "c1": "found_in_a_name",
        "mail": "found_in_a_name",
        '{"a": 1}': "",
        "m1": "",
        "own": "found_in_a_key",
        "few": "found_in_a_key",
        "4111111111111111": "found_in_a_number",
    }
    own = texts_in([{"id": "c1", "type": "text", "n": 4111111111111111}], free=True)
    assert {one.text: one.fixed for one in own} == {"c1": "", "text": "", "4111111111111111": ""}


BLOB = "iVBORw0KGgo" * 200


@pytest.mark.parametrize(
    ("part", "texts"),
    [
        ({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{BLOB}"}}, ["data:image/png;base64,"]),
        ({"type": "input_audio", "input_audio": {"data": BLOB, "format": "wav"}}, ["wav"]),
        ({"source": {"type": "base64", "media_type": "image/png", "data": BLOB}}, ["image/png"]),
        ({"source": {"type": "base64", "media_type": "text/csv", "data": "YTti"}}, ["YTti", "a;b", "text/csv"]),
        ({"image_url": {"url": "data:image/png;base64,AKIA"}}, ["data:image/png;base64,", "AKIA"]),
        ({"source": {"type": "text", "media_type": "text/plain", "data": BLOB}}, [BLOB, "text/plain"]),
        ({"type": "text", "text": f"data:image/png;base64,{BLOB}"}, [f"data:image/png;base64,{BLOB}"]),
        ({"vendor": {"url": f"data:image/png;base64,{BLOB}"}}, [f"data:image/png;base64,{BLOB}", "vendor"]),
    ],
)
def test_only_base64_at_a_place_for_it_is_no_text(part: Body, texts: list[str]) -> None:
    assert sorted(one.text for one in texts_in([{"content": [part]}])) == sorted(texts)
    assert any(BLOB in one.text for one in texts_in([{"metadata": [part]}])) == (BLOB in json.dumps(part))


def test_lists_of_numbers_are_left_out_of_an_answer_and_nothing_else() -> None:
    kept = {"a": [], "b": ["x", 1], "c": {"d": 1}, "index": 0}
    assert without_tokens(kept) is kept
    assert without_tokens({**kept, "token_ids": None, "x": [1, 2.5], "y": [[1], {"z": [3], "q": "r"}]}) == {
        **kept,
        "y": [{"q": "r"}],
    }


def test_a_choice_tells_only_what_is_known_to_tell_nothing() -> None:
    message = {"role": "assistant", "content": "Hi", "tool_calls": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "stop_reason": 128009, "vendor": {"x": "y"}}
    told = Guard(POLICY).answer({"choices": [choice], "prompt_token_ids": [1], "citations": [MAIL]})
    expected = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    assert told == {"choices": [expected], "citations": ["[EMAIL]"]}


@pytest.mark.parametrize("field", [{name: "Zeus Ltd"} for name in ("finish_reason", "stop_reason", "index")])
def test_the_reason_why_a_choice_ended_is_no_hiding_place(field: Delta) -> None:
    message = {"role": "assistant", "content": "Hi"}
    with pytest.raises(GuardrailBlockedError):
        Guard(POLICY).answer({"choices": [{"index": 0, "message": message, "finish_reason": "stop", **field}]})
    stream = Guard(POLICY).stream()
    assert stream is not None
    with pytest.raises(GuardrailBlockedError):
        stream.feed(Chunks(({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", **field}]},)))


@pytest.mark.parametrize("delta", [{"role": "Zeus Ltd"}, {"item_id": "Zeus Ltd"}])
def test_what_goes_on_at_once_has_been_looked_at(delta: Delta) -> None:
    with pytest.raises(GuardrailBlockedError):
        list(deltas_of([delta]))


def test_quotations_are_told_without_what_was_taken_out() -> None:
    quote = Quote(1, "p1", "hr.md", 1, 0, 20, f"It is {MAIL}.")
    plain = Quote(1, "p1", "hr.md", 1, 0, 20, "It is Bob.")
    guard = Guard(POLICY)
    assert guard.quotes((plain,), "Bob") == ((plain,), "Bob")
    quotes, span = guard.quotes((quote,), "Bob")
    assert [one.text for one in quotes] == ["It is [EMAIL]."]
    assert span is None
    with pytest.raises(GuardrailBlockedError):
        guard.quotes((), "Zeus Ltd")


def test_every_part_of_a_passage_that_a_prompt_shows_is_looked_at() -> None:
    checks = [{**check, "on": ["retrieved", "output"]} for check in CHECKS]
    guard = Guard(Policy.from_json("found", {"checks": checks}))
    passage = Passage("p1", f"{MAIL}.md", f"By {MAIL}", 1, 0, 5, f"Ask {MAIL}", 1.0)
    rival = Passage("p2", "a.md", "Zeus Ltd", 1, 0, 5, "Hello", 1.0)
    (found,) = guard.passages((passage, rival))
    assert (found.document, found.title, found.text) == ("[EMAIL]", "By [EMAIL]", "Ask [EMAIL]")
    assert [one.document for one in guard.shown((passage, rival))] == ["[EMAIL]", "a.md"]


def test_tokens_are_refused_only_where_somebody_would_read_them() -> None:
    with pytest.raises(TokensUnreadableError):
        Guard(POLICY).inputs({"input": [[1, 2]]})
    checks = [{**check, "on": ["output"]} for check in CHECKS]
    body = {"input": [[1, 2]]}
    assert Guard(Policy.from_json("said", {"checks": checks})).inputs(body) is body


@dataclass
class Where:
    """A check that notes in which thread it was asked."""

    name: str = "where"
    kinds: tuple[str, ...] = ("place",)
    version: str = "1"
    threads: list[int] = field(default_factory=list)

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # only where counts
        self.threads.append(threading.get_ident())
        return ()


@pytest.mark.parametrize("size", [10, LARGE_BYTES])
@pytest.mark.parametrize("what", ["text", "a call", "a call without an end"])
def test_a_large_piece_of_a_stream_is_looked_at_beside_the_loop(size: int, what: str) -> None:
    check = Where()
    content = {"checks": [{"check": "where", "on": ["output"], "action": "redact"}]}
    passing = Passing(Guard(Policy.from_json("own", content, {"where": check})))
    delta: Delta = {"tool_calls": [{"index": 0, **called("x" * size)}]} if "call" in what else {"content": "x" * size}

    async def story() -> int:
        finish = None if what == "a call without an end" else "stop"
        choice = {"index": 0, "delta": delta, "finish_reason": None}
        assert passing.begin()
        await passing.pieces(Chunks(({"choices": [choice]},)))
        if finish:
            rest = {"index": 0, "delta": {"content": "x" * size} if what == "text" else {}, "finish_reason": finish}
            await passing.pieces(Chunks(({"choices": [rest]},)))
        await passing.rest()
        return threading.get_ident()

    here = asyncio.run(story())
    assert check.threads
    assert (here in check.threads) == (size < LARGE_BYTES)
