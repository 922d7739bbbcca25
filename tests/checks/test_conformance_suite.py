"""The conformance suite says no to checks that do not keep to what checks keep to."""

import itertools
from collections.abc import Callable, Iterator, Sequence

import pytest

from plimsoll.checks import NO_CONTEXT, Check, Context, Found
from plimsoll.testing.checks import HOSTILE, SHAPES, CheckConformance, Sample, work_of

SUITE = CheckConformance()
SAMPLES = [Sample("a secret harbour")]


class Finds:
    """A check that finds what a function says."""

    name = "finds"
    version = "1"
    kinds: tuple[str, ...] = ("odd",)

    def __init__(self, find: Callable[[str], Sequence[Found]]) -> None:
        self._find = find

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # it needs none
        return self._find(text)


def sound(text: str) -> Sequence[Found]:
    return [Found(0, len(text), "odd")] if "secret" in text else ()


def quadratic(text: str) -> Sequence[Found]:
    some = text[::20]
    return [Found(0, 1, "odd") for one, other in itertools.product(some, some) if one == other == ""]


def test_a_sound_check_passes() -> None:
    check = Finds(sound)
    SUITE.test_it_says_what_it_is(check)
    SUITE.test_it_finds_something(check, SAMPLES)
    SUITE.test_made_again_it_is_the_same(lambda: check, SAMPLES)
    SUITE.test_what_it_saw_before_makes_no_difference(check, SAMPLES)
    SUITE.test_many_threads_may_ask_at_once(lambda: check, SAMPLES)
    SUITE.test_reasons_hold_nothing_of_the_text(check, SAMPLES)
    SUITE.test_an_answer_that_streams_gets_the_verdict_that_it_gets_as_a_whole(check, SAMPLES)
    for text in HOSTILE.values():
        SUITE.test_no_text_breaks_it(check, SAMPLES, text)
    for shape in SHAPES.values():
        SUITE.test_its_work_grows_with_the_text_and_not_faster(check, shape)


@pytest.mark.parametrize(
    "found",
    [
        [],
        [Found(0, 99, "odd")],
        [Found(-1, 3, "odd")],
        [Found(3, 3, "odd")],
        [Found(0, 3, "even")],
        [Found(0, 3, "odd", 7.0)],
        [Found(0, 3, "odd", 0.0)],
        [Found(0, 3, "odd", confidence=1.5)],
        [Found(5, 9, "odd"), Found(0, 3, "odd")],
    ],
)
def test_what_cannot_be_found_is_refused(found: Sequence[Found]) -> None:
    with pytest.raises(AssertionError):
        SUITE.test_it_finds_something(Finds(lambda _text: found), SAMPLES)


@pytest.mark.parametrize(
    ("name", "kinds", "version"),
    [
        ("Odd Name", ("odd",), "1"),
        ("odd", (), "1"),
        ("odd", ("odd", "odd"), "1"),
        ("odd", ("Odd!",), "1"),
        ("odd", ("odd",), ""),
    ],
)
def test_what_no_policy_could_name_is_refused(name: str, kinds: tuple[str, ...], version: str) -> None:
    check = Finds(sound)
    check.name, check.kinds, check.version = name, kinds, version
    with pytest.raises(AssertionError):
        SUITE.test_it_says_what_it_is(check)


def test_a_check_that_remembers_is_refused() -> None:
    seen: list[str] = []

    def remembering(text: str) -> Sequence[Found]:
        seen.append(text)
        return [Found(0, 1, "odd", 1 / len(seen))] if text else ()

    with pytest.raises(AssertionError):
        SUITE.test_what_it_saw_before_makes_no_difference(Finds(remembering), SAMPLES)


def test_a_check_that_is_another_each_time_is_refused() -> None:
    numbers: Iterator[int] = itertools.count()

    def make() -> Check:
        check = Finds(sound)
        check.version = str(next(numbers))
        return check

    with pytest.raises(AssertionError):
        SUITE.test_made_again_it_is_the_same(make, SAMPLES)


def test_a_check_that_breaks_on_a_text_is_refused() -> None:
    def encoding(text: str) -> Sequence[Found]:
        return [Found(0, 1, "odd")] if text.encode() and "secret" in text else ()

    with pytest.raises(UnicodeEncodeError):
        SUITE.test_no_text_breaks_it(Finds(encoding), SAMPLES, HOSTILE["lone surrogates"])


def test_a_check_that_works_by_the_square_is_refused() -> None:
    with pytest.raises(AssertionError):
        SUITE.test_its_work_grows_with_the_text_and_not_faster(Finds(quadratic), SHAPES["words"])


def test_a_reason_that_quotes_the_text_is_refused() -> None:
    with pytest.raises(AssertionError):
        SUITE.test_reasons_hold_nothing_of_the_text(
            Finds(lambda text: [Found(0, 1, "odd", reason=f"found {text[:14]}")]), SAMPLES
        )


def test_work_is_the_same_each_time() -> None:
    def act() -> int:
        return sum(len(str(number)) for number in range(100))

    assert work_of(act) == work_of(act) > 100
