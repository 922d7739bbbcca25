"""Cosines of texts, by an embedder that runs here."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from plimsoll.kernel.digest import digest_bytes, hex_part

from ..options import Option, choice

if TYPE_CHECKING:
    from plimsoll.models import Embedder

MODELS: Final = ("builtin/static", "builtin/minilm")
MODEL: Final[Option] = choice("model", MODELS, MODELS[0])
"""Which embedder; `builtin/minilm` needs the extra `onnx` and its files."""

_DIGITS: Final = 8


def nearness(model: str, one: str, others: Sequence[str]) -> float:
    """The greatest cosine of a text with others, 0 where it is below; from 0 to 1."""
    vectors = _embedder(model).embed([_sound(text) for text in (one, *others)])
    return max((min(1.0, max(0.0, float(vectors[0] @ other))) for other in vectors[1:]), default=0.0)


def version_of(model: str) -> str:
    """A number for the rule, and the first digits of what tells this embedder from every other."""
    return f"1-{hex_part(digest_bytes(_embedder(model).fingerprint.encode()))[:_DIGITS]}"


def _sound(text: str) -> str:
    """Text that can be encoded: halves of characters are replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


@cache
def _embedder(model: str) -> "Embedder":
    from plimsoll.models.catalogue import make_embedder  # numpy is only wanted when a text is looked at

    return make_embedder(model)
