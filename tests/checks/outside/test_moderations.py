"""The check `openai_moderation`: what is asked, what counts, and what is no verdict."""

import json
from typing import Any

import pytest
from tests.checks.outside.fakes import KEY, FakeOutside, always, answering, loopback, wired

from plimsoll.checks import CheckOptionsError, Found
from plimsoll.checks.moderation import CATEGORIES
from plimsoll.checks.outside import FACTORIES, NoVerdictError, OutsideCheck, Post, Reply
from plimsoll.kernel.errors import InvalidError

TEXT = "I will hit you."


def result(flagged: Any = None, **scores: Any) -> dict[str, Any]:
    """One result of the server; categories count from a score of 0.5."""
    all_scores = {**dict.fromkeys(CATEGORIES, 0.01), **scores}
    categories = {name: score is not None and score >= 0.5 for name, score in all_scores.items()}
    whole = any(categories.values()) if flagged is None else flagged
    return {"flagged": whole, "categories": categories, "category_scores": all_scores}


def replying(*results: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps({"id": "m", "model": "omni", "results": results}).encode())


def check(outside: FakeOutside | None, rule: Any = None, **options: Any) -> OutsideCheck:
    return FACTORIES["openai_moderation"]({"check": "openai_moderation", **(rule or {}), "options": options}, outside)


def found(rule: Any = None, **scores: Any) -> list[Found]:
    return list(check(FakeOutside(reply=replying(result(**scores))), rule).find(TEXT))


def test_what_the_server_flags_counts_with_its_score() -> None:
    assert found(violence=0.9, hate=0.4) == [Found(0, len(TEXT), "violence", 0.9)]
    assert found() == []


def test_with_a_threshold_every_score_counts() -> None:
    kinds = {one.kind: one.score for one in found({"at_least": 0.3}, violence=0.9, hate=0.4, sexual=0)}
    expected = {**dict.fromkeys(CATEGORIES, 0.01), "violence": 0.9, "hate": 0.4}
    del expected["sexual"]
    assert kinds == expected


def test_only_the_kinds_that_are_asked_for_count() -> None:
    assert [one.kind for one in found({"kinds": ["hate"]}, violence=0.9)] == []
    assert [one.kind for one in found({"kinds": ["hate", "violence"]}, violence=0.9)] == ["violence"]


def test_a_category_that_nobody_knew_is_not_passed_over() -> None:
    assert [one.kind for one in found(**{"new/kind": 0.8})] == ["other"]
    assert [one.kind for one in found(flagged=True)] == ["other"]


def test_what_is_asked() -> None:
    outside = FakeOutside(reply=replying(result()))
    check(outside).find(TEXT)
    post = outside.posts[0]
    assert post.url == "https://api.openai.com/v1/moderations"
    assert json.loads(post.body) == {"model": "omni-moderation-latest", "input": [TEXT]}
    assert dict(post.headers) == {"authorization": f"Bearer {KEY}"}
    assert not post.private_addresses


def test_a_route_says_address_and_key() -> None:
    outside = FakeOutside(reply=replying(result()), base_url="http://127.0.0.1:9/v1")
    check(outside, route="small").find(TEXT)
    assert (outside.posts[0].url, outside.posts[0].private_addresses) == ("http://127.0.0.1:9/v1/moderations", True)


def test_a_long_text_is_asked_about_in_pieces() -> None:
    def reply(post: Post) -> Reply:
        texts = json.loads(post.body)["input"]
        return replying(*(result(violence=0.9 if "hit" in text else 0.1) for text in texts))

    outside = FakeOutside(reply=reply)
    text = "word " * 20_000
    text = text[:70_000] + "hit " + text[70_004:]
    hits = check(outside).find(text)
    assert "hit" in text[hits[0].start : hits[0].end]
    assert (len(hits), len(outside.posts)) == (1, 2)
    assert "".join(piece for post in outside.posts for piece in json.loads(post.body)["input"]) == text
    with pytest.raises(InvalidError, match="at most 100,000 characters"):
        check(outside).find(text + "x")


def without(name: str) -> dict[str, Any]:
    one = result()
    for part in ("categories", "category_scores"):
        del one[part][name]
    return one


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b""),
        Reply(200, b"null"),
        Reply(200, b"[" * 100_000),
        Reply(200, b'{"results": []}'),
        Reply(200, b'{"results": [{}]}'),
        Reply(200, json.dumps({"results": [result(hate=float("nan"))]}).encode()),
        replying(result(hate=1.5)),
        replying(result(hate=-0.5)),
        replying({**result(), "flagged": "no"}),
        replying({**result(), "categories": []}),
        replying({"flagged": False, "categories": {"a": False}, "category_scores": {"a": 0.1}}),
        replying(result(), result()),
        replying(result(), status=401),
        replying(result(), status=429),
    ],
)
def test_any_other_answer_raises(reply: Reply) -> None:
    with pytest.raises(NoVerdictError):
        check(FakeOutside(reply=reply)).find(TEXT)


def test_a_server_that_knows_nothing_of_a_kind_gives_no_verdict_on_it() -> None:
    outside = FakeOutside(reply=replying(without("illicit")))
    assert check(outside).find(TEXT) == []
    with pytest.raises(NoVerdictError, match="illicit"):
        check(outside, {"kinds": ["illicit"]}).find(TEXT)


def test_over_the_wire() -> None:
    body = json.dumps({"results": [result(hate=0.7)]}).encode()
    with wired() as outside, loopback(always(answering(200, body))) as server:
        options = {"base_url": f"{server.url}/v1", "allow_http": True, "private_addresses": True}
        assert check(outside, **options).find(TEXT) == [Found(0, len(TEXT), "hate", 0.7)]
    assert server.heads[0].startswith("POST /v1/moderations ")
    assert f"authorization: Bearer {KEY}" in server.heads[0]


@pytest.mark.parametrize(
    ("rule", "options", "says"),
    [
        ({"kinds": ["rudeness"]}, {}, "finds no 'rudeness'"),
        ({}, {"api_key": "sk-abc"}, "must not stand in a file"),
        ({}, {"base_url": "http://x.example"}, "not encrypted"),
        ({}, {"route": "small", "base_url": "https://x.example"}, "a route says"),
        ({}, {"model": ""}, "`model`"),
        ({}, {"unheard": 1}, "no key `unheard`"),
    ],
)
def test_wrong_options_are_told(rule: Any, options: Any, says: str) -> None:
    with pytest.raises(CheckOptionsError) as caught:
        check(None, rule, **options)
    assert says in caught.value.message
    assert "abc" not in caught.value.message
