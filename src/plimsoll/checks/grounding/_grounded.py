"""Is each sentence of an answer borne out by the passages that it is to rest on?"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from plimsoll.kernel.digest import Json

from .._types import NO_CONTEXT, Context, Found
from ._markers import without_markers
from ._options import known_options, one_of
from .words import Sentence, Word, sentences

if TYPE_CHECKING:
    from .support import Judged, Source

_RULES: Final = "3"
_DIGEST_CHARACTERS: Final = 8
UNSUPPORTED: Final = "unsupported"
LEAST: Final[Mapping[str, float]] = {"normal": 0.5, "strict": 0.3, "lenient": 0.75}
"""The score from which a sentence counts as a finding."""
_WORDS_LEAST: Final = 0.6
"""What a number, a name or an opposite counts at least that the passages do not have."""
_LEAST_CONTENT: Final = 2
_MANY_LINKS: Final = 3
_KEPT_QUESTIONS: Final = 8
_NO_CLAIM: Final = re.compile(
    r"(?i)\b(?:do(?:es)?(?:n['\u2019]t| not) (?:know|say|mention|state|specify|contain|provide|include|answer|have)|"
    r"(?:can(?:not|['\u2019]t| not)|could(?:n['\u2019]t| not)|unable to|was not able to) "
    r"(?:find|answer|determine|tell|help|say|confirm|provide|assist)|"
    r"(?:no|not enough|insufficient) (?:information|mention|details?|context|answer)|"
    r"(?:is|are)(?:n['\u2019]t| not) (?:mentioned|stated|specified|given|provided|clear|covered|included)|"
    r"i['\u2019]m (?:sorry|not sure)|i am (?:sorry|not sure)|i apologi[sz]e|you['\u2019]re welcome|let me know if|"
    r"(?:happy|glad) to help|here (?:is|are)|here['\u2019]s)\b"
)
"""What says that nothing is known, or says nothing at all."""


class Grounded:
    """Finds sentences that the passages do not bear out. See `grounded`."""

    name = "grounded"
    kinds = (UNSUPPORTED,)
    by_sentence = True
    words_only = True

    def __init__(self, *, strictness: str = "normal", spans: str = "sentence", without_passages: str = "all") -> None:
        self._least = LEAST[strictness]
        self._words = spans == "words"
        self._all_without = without_passages == "all"

    @property
    def version(self) -> str:
        """A number for the rules here, and the first characters of the digest of the weights."""
        return f"{_RULES}-{_weights_digest()[:_DIGEST_CHARACTERS]}"

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:
        """The sentences that state something and that the passages do not bear out.

        Without any passage that is every sentence which states something. Raises GroundingWeightsError, and
        EmbedderFilesError when the word vectors are not there.
        """
        text = without_markers(text)
        if not any(passage.strip() for passage in context.passages):
            return [_bare(one) for one in sentences(text) if self._all_without and _states(text, one)]
        return [found for one, score in judge(text, context) for found in self._found(text, one, score)]

    def answer_score(self, text: str, context: Context) -> float:
        """How much speaks against the answer as a whole, 0 to 1; for evaluation, where one number is wanted.

        Sentences that state nothing count too. Without any passage it is 1 for an answer that states something.
        """
        text = without_markers(text)
        if not any(passage.strip() for passage in context.passages):
            return float(any(_states(text, one) for one in sentences(text)))
        return _answer_score(text, context)

    def _found(self, text: str, one: "Judged", score: float) -> Iterator[Found]:
        if not _states(text, one.sentence):
            return
        score = max(score, _WORDS_LEAST) if one.numbers or one.names or one.antonyms else score
        if score < self._least:
            return
        reason = _reason(one)
        words = _wrong_words(one) if self._words else ()
        if not words:
            yield Found(one.sentence.start, one.sentence.end, UNSUPPORTED, score, reason)
        for word in sorted(set(words)):
            yield Found(word.start, word.end, UNSUPPORTED, score, reason)


def grounded(options: Mapping[str, Json]) -> Grounded:
    """The check `grounded`; `context.passages` hold what the text is to rest on. Raises CheckOptionsError.

    `strictness`: `normal`, `strict` or `lenient`. `spans`: `sentence`, or `words` for only those numbers, names and
    opposites that the passages do not have, or else the other words that they do not have, where there are any.
    `without_passages`: what is found when no passage is given: `all` sentences that state something, or `none`.
    """
    known_options("grounded", options, ("strictness", "spans", "without_passages"))
    return Grounded(
        strictness=one_of("grounded", options, "strictness", tuple(LEAST)),
        spans=one_of("grounded", options, "spans", ("sentence", "words")),
        without_passages=one_of("grounded", options, "without_passages", ("all", "none")),
    )


@cache
def _weights_digest() -> str:
    """What the weights must have; they are compared with it when they are read."""
    file = files(__package__) / "support" / "weights" / "grounding.safetensors.digest"
    return file.read_text("utf-8").strip().rpartition(":")[2]


def judge(text: str, context: Context) -> "list[tuple[Judged, float]]":
    """Each sentence of a text with how much speaks against it."""
    from .support import builtin_support  # numpy is only wanted when a text is looked at

    found, _ = _judged(text, context)
    support = builtin_support()
    scores = support.sentence_scores(support.logits([one.facts for one in found]))
    return list(zip(found, scores, strict=True))


def _answer_score(text: str, context: Context) -> float:
    from .support import builtin_support  # numpy is only wanted when a text is looked at

    found, source = _judged(text, context)
    support = builtin_support()
    words = sum(len(one.sentence.words) for one in found)
    return support.answer_score(support.logits([one.facts for one in found]), words, len(source.stems))


def _judged(text: str, context: Context) -> "tuple[list[Judged], Source]":
    from .support import builtin_meaning, judged, study  # numpy is only wanted when needed

    source, meaning = study(context.passages), builtin_meaning()
    known = _asked(context.question)
    return [judged(one, source, known, meaning) for one in sentences(text)], source


@lru_cache(maxsize=_KEPT_QUESTIONS)
def _asked(question: str) -> frozenset[str]:
    """What a question says, kept for all sentences of its answer."""
    return frozenset(word.stem for one in sentences(question) for word in one.words if word.content)


def _wrong_words(one: "Judged") -> tuple[Word, ...]:
    """What of a sentence is most likely wrong: its numbers, names and opposites, or else its other new words."""
    return (*one.numbers, *one.names, *one.antonyms) or (one.new if len(one.new) >= _LEAST_CONTENT else ())


def _bare(sentence: Sentence) -> Found:
    return Found(sentence.start, sentence.end, UNSUPPORTED, 1.0, "there is no passage to rest on")


def _states(text: str, sentence: Sentence) -> bool:
    """Whether a sentence states something that could be borne out."""
    written = text[sentence.start : sentence.end]
    content = sum(word.content for word in sentence.words)
    if content < _LEAST_CONTENT and not any(word.value is not None for word in sentence.words):
        return False
    return not written.rstrip("\"'\u201d\u2019) ").endswith(("?", "\uff1f")) and _NO_CLAIM.search(written) is None


def _reason(one: "Judged") -> str:
    reasons = (
        (one.numbers, "number not in the passages"),
        (one.names, "name not in the passages"),
        (one.antonyms or one.negated, "the passages say the opposite"),
        (len(one.new) >= _LEAST_CONTENT, "words not in the passages"),
        (one.links >= _MANY_LINKS, "joins what stands apart in the passages"),
    )
    return next((reason for holds, reason in reasons if holds), "little in the passages says this")
