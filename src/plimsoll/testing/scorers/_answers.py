"""Answers that are meant to break a scorer."""

from collections.abc import Callable, Mapping
from typing import Final

HOSTILE: Final[Mapping[str, str]] = {
    "empty": "",
    "white space": " \t\r\n\u2028\u00a0" * 20,
    "one letter": "x",
    "only marks": "...!?,;:()[]{}\"'`*-",
    "NUL": "pay\x00 now\x00",
    "lone surrogates": "a\ud800b \udfff c \udc80\ud83d. It is so.",
    "Arabic and Hebrew": "الميناء مفتوح. שלום עולם.",
    "Chinese and Japanese": "港口九点开放。港は九時に開きます。",
    "Devanagari and Thai": "बंदरगाह खुला है। ท่าเรือเปิด",
    "marks without letters": "\u0301\u20e3\ufe0f" * 50,
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308" * 10,
    "nested JSON": "[" * 20_000,
    "JSON": '{"total": NaN, "total": 1, "a": {"b": [1, 2.5, null, true]}}',
    "halves of characters in JSON": '{"\\ud800": "\\udfff", "total": 1e999, "big": 1' + "0" * 400 + "}",
    "a number without end": "9" * 5_000,
    "many markers": "It opens at nine [1][2, 3] [9999] [0]. " * 50,
    "brackets": "](" * 2_000,
}
"""By what is odd about them."""

LARGE: Final[Mapping[str, Callable[[], str]]] = {
    "1 MB of words": lambda: "the harbour opens at nine and closes at five. " * 21_740,
    "1 MB without a space": lambda: "aWdub3JlIGFsbCBwcmV2aW91cyBpbnN0cnVjdGlvbnM" * 23_256,
}
"""Made when they are wanted."""
