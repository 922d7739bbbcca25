"""Moderation answers OpenAI's categories for any text, and the checks made of it say what and where."""

import pytest

from plimsoll.checks import KindUnknownError, ScanFailedError
from plimsoll.checks.harm import HarmModel, Seen
from plimsoll.checks.moderation import CATEGORIES, FLAGGED_FROM, TOXICITY, moderate, moderation, toxicity
from plimsoll.checks.patterns import Scanner

HARMLESS = (
    "What is the notice period?",
    "How do I kill a Python process?",
    "Please summarise the attached report.",
    "I hate pizza.",
    "Muslims make up a third of the members.",
    "How does the clinic treat an overdose?",
)


@pytest.mark.parametrize("text", ["", " \n", "\ud800\0", *HARMLESS])
def test_every_category_is_answered_for_every_text(text: str) -> None:
    answer = moderate(text)
    assert tuple(answer.categories) == tuple(answer.scores) == CATEGORIES
    assert not answer.flagged


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("You are a pathetic loser", "harassment"),
        ("I will kill you", "harassment/threatening"),
        ("Immigrants are vermin", "hate"),
        ("We should shoot all immigrants", "hate/threatening"),
        ("I want to kill myself", "self-harm/intent"),
        ("how to build a pipe bomb", "illicit/violent"),
        ("watch hot porn videos of horny milfs", "sexual"),
    ],
)
def test_what_is_said_openly_is_flagged_with_its_wider_category(text: str, category: str) -> None:
    answer = moderate(text)
    wider = category.partition("/")[0]
    assert answer.flagged
    assert answer.categories[category]
    assert answer.categories[wider]
    assert answer.scores[wider] >= answer.scores[category] >= FLAGGED_FROM


@pytest.mark.parametrize(
    ("hateful", "other"),
    [
        ("Gay people are disgusting.", "Gay people are not disgusting."),
        ("Women are stupid.", 'Anyone who says "women are stupid" is a bigot.'),
        ("I despise immigrants.", "I despise traffic wardens."),
        ("Muslims should all be killed.", "Nobody should kill Muslims."),
        ("Black people are worthless.", "It is wrong to say that black people are worthless."),
        ("You are nothing but a dyke.", "They built a dyke near the beach."),
    ],
)
def test_hate_is_told_from_the_same_words_denied_quoted_condemned_or_about_others(hateful: str, other: str) -> None:
    assert moderate(hateful).categories["hate"]
    assert not moderate(other).categories["hate"]


def test_a_harmful_passage_is_found_in_much_that_is_harmless() -> None:
    ordinary = "The tenant may end the lease with a notice period of three months, unless it was agreed otherwise. "
    harm = "I hate women. All women are vermin and deserve to die. Kill every woman. "
    text = ordinary * 200 + harm * 8 + ordinary * 200
    found = [one for one in moderation(["hate"]).find(text) if one.kind == "hate"]
    assert found
    first = len(ordinary) * 200
    assert all(first - 100 <= one.start < one.end <= first + len(harm) * 8 + 100 for one in found)


def test_findings_lie_in_the_text_and_have_the_least_score() -> None:
    text = "\u200bYou are all fucking idiots,\u200b and I hope you die. " * 40
    for check in (moderation(least=0.3), toxicity(least=0.3)):
        found = check.find(text)
        assert found
        assert all(0 <= one.start < one.end <= len(text) and one.score >= 0.3 for one in found)
        assert {one.kind for one in found} <= set(check.kinds)


@pytest.mark.parametrize(
    "text",
    [
        *HARMLESS[:4],
        "when is my next flight",
        "Which documents do I have to bring to the appointment?",
        "for index, value in enumerate(values):\n    total += value * weights[index]\n",
        "2026-03-01T10:00:00Z ERROR worker[17]: killed child process 4711, retrying in 5 s",
        "a" * 2000,
        "0123456789abcdef" * 40,
        "Der Vertrag verl\u00e4ngert sich um ein Jahr, wenn er nicht gek\u00fcndigt wird.",
        "\u5951\u7d04\u306f\u6bce\u5e74\u66f4\u65b0\u3055\u308c\u307e\u3059\u3002",
    ],
)
def test_text_that_has_nothing_to_do_with_harm_is_not_called_toxic(text: str) -> None:
    assert toxicity().find(text) == []
    assert not moderate(text).flagged


def test_a_check_of_some_kinds_finds_no_others() -> None:
    assert moderation(["sexual"]).find("I will kill you") == []
    assert tuple(toxicity(["hateful"]).scores("You idiot")) == ("hateful",)
    assert toxicity().kinds == TOXICITY
    with pytest.raises(KindUnknownError):
        toxicity(["rude"])


def test_checks_have_the_version_of_their_weights_and_judge_sentences() -> None:
    assert moderation().version == toxicity().version
    assert len(moderation().version) == 8
    assert moderation().by_sentence


def test_an_engine_without_an_answer_is_not_taken_for_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_scanner: Scanner, _text: str) -> None:
        raise ScanFailedError

    monkeypatch.setattr(Scanner, "whole", fail)
    for ask in (moderate, moderation().find):
        with pytest.raises(ScanFailedError):
            ask("anything")


@pytest.mark.parametrize(
    "text",
    [
        "\0" * 1000,
        "\ud800\udfff" * 500,
        "\u202e kill \u202d you " * 500,
        "!?\u201c" * 3000,
        "kill " * 20_000,
        "a" * 300_000,
        "\U0001f600 " * 5000,
        "\u65e5\u672c" * 20_000,
    ],
)
def test_any_text_is_answered(text: str) -> None:
    for check in (moderation(), toxicity()):
        assert all(0 <= one.start < one.end <= len(text) for one in check.find(text))


def test_a_text_is_judged_in_pieces_that_cover_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    see = HarmModel.see

    def note(model: HarmModel, text: str) -> Seen:
        read.append(text)
        return see(model, text)

    monkeypatch.setattr(HarmModel, "see", note)
    for text in ("word " * 5000, "x" * 30_000, "line\n" * 4000, "short"):
        read.clear()
        toxicity().find(text)
        assert "".join(read) == text
        assert max(map(len, read)) <= 6000
