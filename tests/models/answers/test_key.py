"""Which calls share an answer, and which must not."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from plimsoll.models.answers import Scope
from plimsoll.models.answers._key import Keys, keys_of

SCOPE = Scope("acme", "sha256:1", "default", "sha256:9")
BODY: dict[str, Any] = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "How do I reset my password?"},
    ],
    "temperature": 0.2,
}


def keys(scope: Scope = SCOPE, **changed: Any) -> Keys:
    made = keys_of(scope, {**BODY, **changed})
    assert made is not None
    return made


def last(content: Any) -> list[Any]:
    return [*BODY["messages"][:-1], {"role": "user", "content": content}]


def test_what_does_not_change_an_answer_does_not_change_its_key() -> None:
    told: dict[str, Any] = {
        "user": "u1",
        "metadata": {"a": "b"},
        "stream": True,
        "stream_options": {},
        "safety_identifier": "s",
    }
    assert keys(**told).key == keys().key
    reordered = dict(reversed(BODY.items()))
    made = keys_of(SCOPE, reordered)
    assert made is not None
    assert made.key == keys().key


def test_everything_else_does() -> None:
    different = [
        keys(seed=1),
        keys(n=2),
        keys(temperature=0.3),
        keys(tools=[{"type": "function"}]),
        keys(response_format={"type": "json_object"}),
        keys(messages=last("How do I reset my passwords?")),
        keys(unknown=1),
        *(
            keys(scope)
            for scope in (
                Scope("other", "sha256:1", "default", "sha256:9"),
                Scope("acme", "sha256:2", "default", "sha256:9"),
                Scope("acme", "sha256:1", "big", "sha256:9"),
                Scope("acme", "sha256:1", "default", "sha256:8"),
            )
        ),
        keys(),
    ]
    assert len({made.key for made in different}) == len(different)


def test_only_the_last_question_is_left_out_of_a_partition() -> None:
    assert keys(messages=last("Anything else?")).partition == keys().partition
    assert keys(messages=last([{"type": "text", "text": "Parts"}])).partition == keys().partition
    assert keys(messages=last([{"type": "text", "text": "Parts"}])).question == "Parts"
    others = [
        keys(),
        keys(temperature=0.3),
        keys(messages=BODY["messages"][1:]),
        keys(Scope("other", "sha256:1", "default", "sha256:9")),
        keys_of(SCOPE, BODY, "another embedder"),
    ]
    assert len({made.partition for made in others if made is not None}) == len(others)


def test_a_call_that_is_more_than_a_question_is_only_compared_as_a_whole() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    more: list[dict[str, Any]] = [
        {"messages": last([{"type": "text", "text": "What is this?"}, image])},
        {"messages": last([image])},
        {"messages": last("  ")},
        {"messages": last(None)},
        {"messages": [*BODY["messages"], {"role": "tool", "tool_call_id": "1", "content": "x"}]},
        {"messages": [{"role": "user", "content": "Hi", "name": "Ada"}]},
        {"messages": []},
        {"tools": [{"type": "function"}]},
        {"modalities": ["audio"]},
    ]
    assert [keys(**one).partition for one in more] == [""] * len(more)


def test_what_cannot_be_written_down_is_not_kept() -> None:
    assert keys_of(SCOPE, {"messages": last("\ud800")}) is None


def test_no_zero_character_reaches_a_database() -> None:
    made = keys(user="a\0b", messages=last("c\0d"))
    assert "\0" not in f"{made.user_id}{made.question}{made.asked}"


@given(st.tuples(*[st.text(max_size=8)] * 4), st.tuples(*[st.text(max_size=8)] * 4))
def test_no_two_scopes_share_a_key(one: tuple[str, str, str, str], other: tuple[str, str, str, str]) -> None:
    """Also where the border between two of their parts is moved."""
    assert (keys(Scope(*one)).key == keys(Scope(*other)).key) == (one == other)
