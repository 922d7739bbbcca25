"""Marks of many scripts that part a text, as sets for regular expressions."""

import re

WIDE_ENDS = "\u3002\uff01\uff1f\uff61\uff0e"
"""End a sentence of Chinese or Japanese; no space follows."""
ENDS = ".!?\u2026\u203c\u2047\u2048\u2049\u061f\u06d4\u0589\u0964\u0965\u104b\u1362\u17d4"
"""End a sentence where white space follows: Latin, Arabic, Urdu, Armenian, Devanagari, Burmese, Ethiopic, Khmer."""
CLOSERS = "\"')\\]\u201d\u2019\u00bb"
"""Quotation marks and brackets that still belong to the sentence they close."""
WIDE_CLOSERS = CLOSERS + "\u300d\u300f\uff09\u3011\u300b\u3009"
DASHES = "\u2013\u2014-"

SINGLE_SIGNS = "\u2e80-\u3001\u3003-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
"""Signs of Chinese and Japanese, which are written without spaces."""

ITEM = r"(?:[-*+\u2022\u2023\u25aa\u2013\u00b7\u25e6]|\(?\d{1,3}[.)]|\(?[A-Za-z]\))[^\S\n]"
"""What an item of a list begins with."""

SENTENCE_SEAM = re.compile(rf"(?<=[{ENDS}])[{CLOSERS}]*+\s++|\n\s*+|(?<=[{WIDE_ENDS}])")
"""Matches end where a sentence or a line may begin; good enough where a wrong one does no harm."""
