"""The suite for checks."""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import pytest

from plimsoll.checks import NO_CONTEXT, Check, Context, Found
from plimsoll.guardrails import Action, Policy, Rule, stops

from ._texts import HOSTILE, LARGE, SHAPES
from ._work import work_of

_NAME: Final = re.compile(r"[a-z][a-z0-9_/-]{0,62}")
_MOST_REASON: Final = 200
_QUOTED: Final = 12
"""So many characters of a text in a reason are a quotation."""
_SIZE: Final = 2_000
_TIMES: Final = 4
_SLACK: Final = 2
"""Four times the text may take eight times the steps; by the square it would be sixteen."""
_FIXED: Final = 2_000
FULL: Final = Context(
    "output", "Where is the harbour?", "You are a guide of the port.", ("The harbour is in Oslo.", "It is open.")
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A text in which a check finds something, and what it may know beside it."""

    text: str
    context: Context = NO_CONTEXT


class CheckConformance:
    """Inherit it and override the fixtures `make` and `samples`; pytest then runs every case against your check.

    ```python
    class TestMine(CheckConformance):
        @pytest.fixture
        def make(self) -> Callable[[], Check]:
            return lambda: make_check("mine", {})

        @pytest.fixture
        def samples(self) -> Sequence[Sample]:
            return [Sample("Never odd or even")]
    ```
    """

    @pytest.fixture
    def make(self) -> Callable[[], Check]:
        """Makes what is tested; nothing is in its place yet."""
        raise NotImplementedError

    @pytest.fixture
    def samples(self) -> Sequence[Sample]:
        """Some texts in which it finds something."""
        raise NotImplementedError

    @pytest.fixture
    def check(self, make: Callable[[], Check]) -> Check:
        """What is tested."""
        return make()

    def test_it_says_what_it_is(self, check: Check) -> None:
        """A name and kinds that can stand in a policy and a placeholder, and a version that can stand in a trace."""
        assert _NAME.fullmatch(check.name)
        assert all(_NAME.fullmatch(kind) for kind in check.kinds)
        assert len(set(check.kinds)) == len(check.kinds) > 0
        assert 0 < len(check.version) <= 64  # noqa: PLR2004  # a digest
        assert check.version.isprintable()

    def test_it_finds_something(self, check: Check, samples: Sequence[Sample]) -> None:
        """In each of the samples, and nothing that cannot be."""
        assert samples
        for sample in samples:
            assert _checked(check, sample.text, sample.context), sample.text[:80]

    def test_made_again_it_is_the_same(self, make: Callable[[], Check], samples: Sequence[Sample]) -> None:
        """With the same version and the same answers."""
        one, other = make(), make()
        assert one.version == other.version
        for sample in samples:
            assert list(one.find(sample.text, sample.context)) == list(other.find(sample.text, sample.context))

    def test_what_it_saw_before_makes_no_difference(self, check: Check, samples: Sequence[Sample]) -> None:
        """The same text and context, the same findings; also after texts that are meant to break it."""
        before = [list(check.find(one.text, one.context)) for one in samples]
        for text in HOSTILE.values():
            check.find(text)
        assert [list(check.find(one.text, one.context)) for one in samples] == before

    def test_many_threads_may_ask_at_once(self, make: Callable[[], Check], samples: Sequence[Sample]) -> None:
        """A check that was never asked before, too."""
        texts = [*samples, *(Sample(text) for text in ("", "x", HOSTILE["NUL"]))] * 8
        alone = [list(make().find(one.text, one.context)) for one in texts[: len(texts) // 8]] * 8
        check = make()
        with ThreadPoolExecutor(8) as pool:
            assert [list(found) for found in pool.map(lambda one: check.find(one.text, one.context), texts)] == alone

    @pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
    def test_no_text_breaks_it(self, check: Check, samples: Sequence[Sample], text: str) -> None:
        """Not alone, not with a context, and not beside what it finds."""
        _checked(check, text, NO_CONTEXT)
        _checked(check, text, FULL)
        for sample in samples[:1]:
            _checked(check, f"{text[:5000]} {sample.text} {text[:5000]}", sample.context)

    @pytest.mark.parametrize("made", LARGE.values(), ids=LARGE)
    def test_no_text_is_too_large(self, check: Check, made: Callable[[], str]) -> None:
        """Whoever needs more than time in proportion to a text never comes to an end here."""
        _checked(check, made(), NO_CONTEXT)

    @pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
    def test_its_work_grows_with_the_text_and_not_faster(self, check: Check, shape: str) -> None:
        """Counted in steps of Python, with texts that repeat what a check may stumble over."""
        check.find(shape * 3, FULL)
        small = (shape * _SIZE)[:_SIZE]
        large = (shape * _SIZE * _TIMES)[: _SIZE * _TIMES]
        few, many = (work_of(lambda text=text: check.find(text, FULL)) for text in (small, large))  # type: ignore[misc]  # a default
        assert many <= _SLACK * _TIMES * few + _FIXED

    def test_an_answer_that_streams_gets_the_verdict_that_it_gets_as_a_whole(
        self, check: Check, samples: Sequence[Sample]
    ) -> None:
        """With the same text, wherever it is cut; sentence by sentence where the check says `by_sentence`."""
        actions: tuple[Action, ...] = ("redact", "block")
        for action in actions:
            policy = Policy("conformance", [Rule(check, ("output",), action)])
            for sample in samples:
                text = f"It is so. {sample.text} And that was all of it.\n{sample.text}"
                whole = policy.review(text, "output", sample.context)
                for size in (1, 3, 17, len(text)):
                    stream = policy.stream("output", sample.context)
                    steps = [*(stream.feed(text[at : at + size]) for at in range(0, len(text), size)), stream.close()]
                    (verdict,) = [step.review for step in steps if step.review is not None]
                    assert (verdict.action, verdict.reason) == (whole.action, whole.reason)
                    assert verdict.findings == whole.findings
                    if not stops(whole.action):
                        assert "".join(step.text for step in steps) == whole.text

    def test_reasons_hold_nothing_of_the_text(self, check: Check, samples: Sequence[Sample]) -> None:
        """They go into traces, where texts need not stand."""
        for sample in samples:
            for found in check.find(sample.text, sample.context):
                assert len(found.reason) <= _MOST_REASON
                assert found.reason.isprintable()
                pieces = {found.reason[at : at + _QUOTED] for at in range(len(found.reason) - _QUOTED + 1)}
                assert not any(piece in sample.text for piece in pieces), found.reason


def _checked(check: Check, text: str, context: Context) -> Sequence[Found]:
    """What is found, once it is sure that all of it can be: places, kinds, scores, and the order."""
    found = check.find(text, context)
    kinds = frozenset(check.kinds)
    at = 0
    for one in found:
        assert at <= one.start < one.end <= len(text)
        assert one.kind in kinds
        assert 0 < one.score <= 1
        assert one.confidence is None or 0 <= one.confidence <= 1
        at = one.start
    return found
