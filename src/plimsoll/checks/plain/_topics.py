"""Is a text about something that it may, or may not, be about: topics are described by a few sentences each.

A text is near a topic by the mean of two cosines: to the nearest of its sentences, and to their centre. `chance` turns
that into a score; its two numbers were fitted by logistic regression on clinc150 (CC BY 3.0), to topics as narrow as an
intent and as wide as a domain alike, with five sentences for each (`python -m tools.train_checks.topics`).
"""

import math
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from .._errors import CheckOptionsError
from .._types import NO_CONTEXT, Context, Found
from ._versions import version_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

THRESHOLD: Final = 0.8
OFF_TOPIC: Final = "off_topic"
MOST_TOPICS: Final = 50
MOST_EXAMPLES: Final = 50

_STEEPNESS, _BIAS = 12.4, -2.6
_ALLOWED: Final = 0.5
"""Likelier than that a text is about a topic that is allowed."""
_FEWEST_WORDS: Final = 3
_FEWEST_OFF_TOPIC: Final = 5
"""Greetings and thanks are shorter, and belong to every topic."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LONGEST_EXAMPLE: Final = 1000
_WORD: Final = re.compile(r"\w{2,}")
_SENTENCE: Final = re.compile(r"[^.!?\n\u3002\uff01\uff1f]{1,400}[.!?\u3002\uff01\uff1f]*")
_EMBEDDER: Final = "builtin/static"
_EXAMPLE: Final = 'write `deny: {medicine: ["Which pills help?", "Is this rash dangerous?"]}`'


class TopicsCheck:
    """Finds stretches about topics that are denied, and texts about none that is allowed (`off_topic`).

    Without `allow` answers that stream are judged sentence by sentence; with it they are held to the end, since only
    the whole says what an answer is about. Texts of less than three words are about nothing, and of less than five off
    no topic.
    """

    def __init__(
        self, allow: Mapping[str, tuple[str, ...]], deny: Mapping[str, tuple[str, ...]], *, threshold: float = THRESHOLD
    ) -> None:
        self.name = "topics"
        self.kinds = (*deny, *((OFF_TOPIC,) if allow else ()))
        self.by_sentence = not allow
        self.words_only = bool(allow)
        self.version = version_of(
            1, {k: list(v) for k, v in allow.items()}, {k: list(v) for k, v in deny.items()}, threshold
        )
        self._allow, self._deny, self._threshold = allow, deny, threshold
        self._made: _Topics | None = None
        self._lock = threading.Lock()

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # it needs none
        """What it finds, in the order of the text. Raises what the embedder raises."""
        if not _has_words(text):
            return ()
        topics = self._topics()
        blocks = [(start, end) for start, end in _blocks(text) if _has_words(text[start:end])]
        chances = topics.chances([text[start:end] for start, end in blocks])
        found = [
            Found(start, end, name, round(chance, 4), f"near {len(self._deny[name])} sentences")
            for (start, end), row in zip(blocks, chances, strict=True)
            for name, chance in self._denied(row)
        ]
        if self._allow and _has_words(text, _FEWEST_OFF_TOPIC):
            whole = topics.chances([text])[0]
            best = max(whole[name] for name in self._allow)
            if best < _ALLOWED:
                found.append(Found(0, len(text), OFF_TOPIC, round(1 - best, 4), "near no topic that is allowed"))
        return sorted(found, key=lambda one: (one.start, one.end))

    def _denied(self, chances: Mapping[str, float]) -> Iterator[tuple[str, float]]:
        """Those denied topics that are likely, and likelier than every one that is allowed."""
        least = max([self._threshold, *(chances[name] for name in self._allow)])
        return ((name, chances[name]) for name in self._deny if chances[name] >= least)

    def _topics(self) -> "_Topics":
        with self._lock:
            if self._made is None:
                self._made = _Topics({**self._allow, **self._deny})
            return self._made


class _Topics:
    """The sentences of all topics as vectors."""

    def __init__(self, topics: Mapping[str, tuple[str, ...]]) -> None:
        import numpy as np

        from plimsoll.models.catalogue import make_embedder

        self._embedder = make_embedder(_EMBEDDER)
        self._vectors = {name: self._embedder.embed(list(examples)) for name, examples in topics.items()}
        self._centres: dict[str, Any] = {}
        for name, vectors in self._vectors.items():
            centre = vectors.mean(axis=0)
            self._centres[name] = centre / max(float(np.linalg.norm(centre)), 1e-9)

    def chances(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """For each text how likely it is about each topic."""
        if not texts:
            return []
        rows: Vectors = self._embedder.embed(texts)
        near = {
            name: ((rows @ vectors.T).max(axis=1) + rows @ self._centres[name]) / 2
            for name, vectors in self._vectors.items()
        }
        return [{name: _chance(float(one[number])) for name, one in near.items()} for number in range(len(texts))]


def topics(
    allow: Mapping[str, Any] | None = None, deny: Mapping[str, Any] | None = None, *, threshold: float = THRESHOLD
) -> TopicsCheck:
    """Looks what a text is about; each topic has a name and a few sentences. Raises CheckOptionsError."""
    allowed, denied = _read("allow", allow or {}), _read("deny", deny or {})
    if not allowed and not denied:
        raise CheckOptionsError("topics", "it needs `allow` or `deny`", _EXAMPLE, "options")
    both = sorted(allowed.keys() & denied.keys())
    if both:
        raise CheckOptionsError("topics", f"`{both[0]}` is allowed and denied", "take it away in one of them", "deny")
    return TopicsCheck(allowed, denied, threshold=threshold)


def _read(key: str, given: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    if len(given) > MOST_TOPICS:
        raise CheckOptionsError("topics", f"`{key}` has more than {MOST_TOPICS} topics", "join some of them", key)
    for name, examples in given.items():
        if not _NAME.fullmatch(str(name)) or name == OFF_TOPIC:
            what = f"a topic of `{key}` has a name that it cannot have"
            raise CheckOptionsError("topics", what, "use lower-case letters, digits, `-` and `_`", key)
        if not _are_sentences(examples):
            what = f"`{name}` must have 1 to {MOST_EXAMPLES} sentences of at most {_LONGEST_EXAMPLE} characters"
            raise CheckOptionsError("topics", what, _EXAMPLE, key)
    return {name: tuple(examples) for name, examples in given.items()}


def _are_sentences(examples: object) -> bool:
    return (
        isinstance(examples, list | tuple)
        and 0 < len(examples) <= MOST_EXAMPLES
        and all(isinstance(one, str) and one.strip() and len(one) <= _LONGEST_EXAMPLE for one in examples)
    )


def _chance(near: float) -> float:
    return 1 / (1 + math.exp(-(_STEEPNESS * near + _BIAS)))


def _has_words(text: str, fewest: int = _FEWEST_WORDS) -> bool:
    return sum(1 for _ in zip(range(fewest), _WORD.finditer(text), strict=False)) == fewest


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Its sentences; what has no end for long is cut, and what stands between two cuts is looked at for itself."""
    return (one.span() for one in _SENTENCE.finditer(text))
