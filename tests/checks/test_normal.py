"""Tricks of writing make no difference, and every character is known by its place."""

from hypothesis import given
from hypothesis import strategies as st

from plimsoll.checks.patterns._normal import normalise


def test_ordinary_text_stays_as_it_is() -> None:
    for text in ("plain", "Grüße, “quoted”: naïve", "привет", "日本語"):
        normal, origins = normalise(text)
        assert (normal, origins) == (text, None)


def test_wide_mathematical_and_foreign_forms_become_plain_ones() -> None:
    assert normalise("\uff14\uff11\u0661\u06f2\U0001d7d8").text == "41120"
    assert normalise("\U0001d422\U0001d420\uff4e\uff4f\uff52\uff45").text == "ignore"
    assert normalise("a\u00a0b\u3000c\u2013d").text == "a b c-d"


def test_what_is_invisible_is_left_out() -> None:
    assert normalise("a\u200bb\u00adc\ufe0f\U000e0041d") == ("abcd", [0, 2, 4, 7])


def test_half_a_pair_becomes_a_character() -> None:
    assert normalise("a\ud800").text == "a\ufffd"


@given(st.text(), st.text())
def test_each_character_is_looked_at_by_itself(first: str, second: str) -> None:
    whole, left, right = normalise(first + second), normalise(first), normalise(second)
    assert whole.text == left.text + right.text
    places = [
        *(left.origins or range(len(left.text))),
        *(len(first) + at for at in right.origins or range(len(right.text))),
    ]
    assert list(whole.origins or range(len(whole.text))) == places


@given(st.text())
def test_it_can_be_written_in_utf8_and_is_its_own_normal_form(text: str) -> None:
    normal = normalise(text).text
    assert normalise(normal.encode().decode()).text == normal


@given(
    st.lists(
        st.sampled_from("a\u200b\u00a0\u2010\uff11\u2018\u2011\u3000\u00ad\ud800\U000e0041\ufe0f\uff21 "), max_size=40
    )
)
def test_many_special_characters_at_once_become_what_each_becomes(signs: list[str]) -> None:
    assert normalise("".join(signs)).text == "".join(normalise(sign).text for sign in signs)
