"""Texts and pairs of texts as token ids."""

from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from plimsoll.kernel.digest import digest_bytes

from ._errors import ModelFilesError


@dataclass(frozen=True, slots=True)
class Encoded:
    """The tokens of one text, or of a pair."""

    ids: list[int]
    types: list[int]
    """0 for the first text, 1 for the second, where the model tells them apart."""
    words: int
    """How many of the tokens come from the text itself: 0 for a text that says nothing."""


class TextTokenizer:
    """A model's own tokenizer, cutting at `most_tokens`. Safe to use from several threads."""

    def __init__(self, path: Path, *, model: str, most_tokens: int, lower: bool = False) -> None:
        """Raises ModelFilesError."""
        try:
            raw = path.read_bytes()
            self._tokenizer = Tokenizer.from_buffer(raw)
            self._tokenizer.no_padding()
            # Cuts the longer one of a pair, as sentence-transformers does.
            self._tokenizer.enable_truncation(most_tokens)
        except OSError as error:
            raise ModelFilesError(model, f"{path.name} cannot be read ({error.strerror})") from None
        except Exception as error:  # the Rust library raises a bare Exception for a file that it cannot read
            raise ModelFilesError(model, f"{path.name}: {error}") from error
        self.fingerprint = f"{digest_bytes(raw)}+{most_tokens}" + ("+lower" if lower else "")
        """Changes whenever the same text could get other tokens."""
        self._lower = lower

    def of(self, text: str, second: str | None = None) -> Encoded:
        """The tokens of a text or a pair, with those that the model wants around them."""
        found = self._tokenizer.encode(self._clean(text), None if second is None else self._clean(second))
        return Encoded(found.ids, found.type_ids, len(found.ids) - sum(found.special_tokens_mask))

    def _clean(self, text: str) -> str:
        # Half of a surrogate pair cannot be written in UTF-8, which the library wants.
        clean = text.encode("utf-8", "replace").decode("utf-8")
        return clean.lower() if self._lower else clean
