"""How documents may be cut: settings, what a chunker is given, and what it gives back."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Literal, Protocol

from plimsoll.documents import Document
from plimsoll.models import Embedder
from plimsoll.models.catalogue import count_tokens

from .._errors import SettingError
from .._types import Chunk

Unit = Literal["characters", "tokens", "sentences"]
Context = Literal["none", "headings", "auto"]
Method = Literal["cluster", "percentile"]
Option = str | int | float | bool


@dataclass(frozen=True, slots=True)
class KindRule:
    """What `size` and `overlap` of a built-in kind count, their defaults, and the sizes that make sense."""

    unit: Unit
    size: int
    overlap: int
    least: int
    most: int


KINDS: Mapping[str, KindRule] = {
    "recursive": KindRule("characters", 1000, 150, 200, 8000),
    "tokens": KindRule("tokens", 256, 32, 16, 4096),
    "structure": KindRule("characters", 1000, 0, 200, 8000),
    "sentences": KindRule("sentences", 6, 1, 1, 100),
    "semantic": KindRule("characters", 1000, 0, 200, 8000),
    "parent_child": KindRule("characters", 400, 40, 100, 8000),
    "page": KindRule("characters", 4000, 0, 200, 20_000),
}
"""The built-in kinds of chunkers by name; the first is the default."""

DEFAULT_KIND = "recursive"
PARENT_FACTOR = 5
"""A parent is so many times as long as the chunks in it, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class ChunkSettings:
    """How a document is cut. `size` and `overlap` are in the unit of the kind (`KINDS`), characters for a plug-in.

    Raises SettingError for numbers that cannot work.
    """

    size: int = KINDS[DEFAULT_KIND].size
    """No chunk is longer; characters are Unicode code points."""
    overlap: int = KINDS[DEFAULT_KIND].overlap
    """At most so much of a chunk's beginning is also the end of the chunk before it."""
    kind: str = DEFAULT_KIND
    """A name of `KINDS`, of an installed plug-in, or `module:function`."""
    parent_size: int | None = None
    """Most characters of a parent, for `parent_child`; None is five times `size`."""
    method: Method = "cluster"
    """How `semantic` finds its cuts: the best of all partings, or where neighbours differ most."""
    percentile: int = 90
    """For the method `percentile`: the share of seams, in per cent, that are not cut."""
    context: Context = "headings"
    """What is told above each chunk: nothing, the headings it stands under, or also a header made from the document."""
    options: Mapping[str, Option] = field(default_factory=dict)
    """What a plug-in wants to know beside this."""

    def __post_init__(self) -> None:
        if self.size < 1:
            raise SettingError("chunk size", self.size, "at least 1")
        if not 0 <= self.overlap < self.size:
            raise SettingError("chunk overlap", self.overlap, f"from 0 to {self.size - 1}, less than the chunk size")
        if self.parent_size is not None and self.parent_size < self.size:
            raise SettingError("chunk parent_size", self.parent_size, f"at least {self.size}, the chunk size")
        if not 1 <= self.percentile <= 99:  # noqa: PLR2004  # said in the next line
            raise SettingError("chunk percentile", self.percentile, "from 1 to 99")

    @property
    def most_of_parent(self) -> int:
        """Characters of a parent, at most."""
        return PARENT_FACTOR * self.size if self.parent_size is None else self.parent_size

    @classmethod
    def of_kind(cls, kind: str) -> "ChunkSettings":
        """The settings that a kind has where nothing else is said."""
        rule = KINDS.get(kind, KINDS[DEFAULT_KIND])
        return cls(rule.size, rule.overlap, kind)


@dataclass(frozen=True, slots=True)
class Cut:
    """A stretch of a document's text that becomes a chunk."""

    start: int
    end: int
    parent: tuple[int, int] | None = None
    """First and last character of the larger stretch that a reader is given in its place."""
    headings: tuple[str, ...] | None = None
    """What it stands under, outermost first; None takes what the document's own headings say."""


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Counts the tokens of a text, as one tokenizer does."""

    fingerprint: str
    """Changes whenever the same text could have another number of tokens."""
    count: Callable[[str], int]


@dataclass(frozen=True, slots=True)
class ChunkTools:
    """What some kinds need beside the text."""

    tokens: TokenCount | None = None
    """For `tokens`."""
    embedder: Embedder | None = None
    """For `semantic`."""

    @classmethod
    def usual(cls, embedder: Embedder | None = None) -> "ChunkTools":
        """Tokens as the built-in tokenizer counts them, and the embedder of the index."""
        return cls(TokenCount(f"wordllama {version('wordllama')}", count_tokens), embedder)


class Chunker(Protocol):
    """One way to cut documents. Its `cut` is deterministic and takes time in proportion to the text."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same document could be cut in another way."""

    def cut(self, document: Document) -> Iterable[Cut]:
        """The cuts, with neither starts nor ends going back. Those that are only white space are passed over."""


class Contextualizer(Protocol):
    """Writes what stands above chunks, `Chunk.context`: where they come from, in words that are searched with them."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same chunks could get other contexts; part of cache keys."""

    def contexts(self, document: Document, chunks: Sequence[Chunk]) -> Sequence[str]:
        """One for each chunk; empty where there is nothing to say."""
