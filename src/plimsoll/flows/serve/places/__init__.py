"""The texts in a request or an answer, wherever they stand; what is to be made of them is decided elsewhere."""

from ._texts import Text, copied, is_escaped, joined_text, runs_of, texts_in

__all__ = ["Text", "copied", "is_escaped", "joined_text", "runs_of", "texts_in"]
