"""Bytes become characters."""

import codecs
import re
from itertools import islice

from charset_normalizer import CharsetMatches, from_bytes

from ._errors import NotTextError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NAMES = {"cp1252": "windows-1252", "cp1250": "windows-1250", "cp1251": "windows-1251", "cp932": "shift_jis"}

# Enough to recognise an encoding by; the whole file is decoded afterwards.
_SAMPLE_BYTES = 200_000
_SAMPLE_LINES = 1000
_CONTROLS = bytes(c for c in range(32) if c not in b"\t\n\r\x0b\x0c\x1b")
_CONTROL_SHARE = 0.02

# What text files are really written in. With all of Python's encodings to choose from, short texts are taken for things
# like HP Roman-8.
_PLAUSIBLE = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874", "koi8_r",
    "koi8_u", "cp932", "euc_jp", "gb18030", "big5", "cp949",
)  # fmt: skip

# Encodings that a web page may ask for; Python's registry also holds some that are no character sets at all.
_DECLARABLE = re.compile(
    r"(?i)(windows-|cp)125\d|iso-?8859-\d+|latin-?1|us-ascii|koi8-[ru]|gb\w+|big5\w*|shift_jis|euc-\w+"
)
_WEB_LATIN = re.compile(r"(?i)iso-?8859-1|latin-?1|us-ascii")

# In Western text these signs do not stand between two letters; in Central European text read as Western they do.
_WRONG_LATIN = re.compile(r"[a-z][¡£¥¦¯¹³¼¾¿][a-z]")
_LATIN_SLACK = 0.01


def decode(data: bytes, name: str, *, declared: str = "") -> tuple[str, str]:
    """The text of `data`, and a note for the reader when it had to be guessed or mended (else empty).

    In this order: a byte order mark, UTF-8, the encoding that the file itself declares, a guess.
    Raises NotTextError for binary data.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _lenient(data[len(mark) :], encoding)
    _refuse_binary(data, name)
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        encoding = _declared(data, declared) or _guess(data, name)
    text, mended = _lenient(data, encoding)
    return text, mended or f"read as {_NAMES.get(encoding, encoding)}"


def _lenient(data: bytes, encoding: str) -> tuple[str, str]:
    try:
        return data.decode(encoding), ""
    except UnicodeDecodeError:
        name = _NAMES.get(encoding, encoding)
        return data.decode(encoding, errors="replace"), f"read as {name}; characters that are not valid were replaced"


def _refuse_binary(data: bytes, name: str) -> None:
    sample = data[:_SAMPLE_BYTES]
    controls = len(sample) - len(sample.translate(None, delete=_CONTROLS))
    if b"\x00" in data or controls > _CONTROL_SHARE * len(sample):
        raise NotTextError(name)


def _declared(data: bytes, declared: str) -> str:
    """The declared encoding when it is a known character set that fits; web pages say Latin-1 and mean windows-1252."""
    if not _DECLARABLE.fullmatch(declared):
        return ""
    encoding = "cp1252" if _WEB_LATIN.fullmatch(declared) else declared.lower()
    try:
        data.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return ""
    return encoding


def _guess(data: bytes, name: str) -> str:
    # Lines of pure ASCII say nothing, and the recogniser only looks at a few places.
    lines = islice((line for line in data.split(b"\n") if not line.isascii()), _SAMPLE_LINES)
    sample = b"\n".join(lines)[:_SAMPLE_BYTES]
    matches = from_bytes(sample, cp_isolation=list(_PLAUSIBLE))
    if not matches:
        raise NotTextError(name)
    if _WRONG_LATIN.search(sample.decode("cp1252", errors="replace")):
        return next((match.encoding for match in matches if match.encoding != "cp1252"), "cp1252")
    return "cp1252" if _may_be_western(matches) else matches[0].encoding


def _may_be_western(matches: CharsetMatches) -> bool:
    """Whether windows-1252 explains the bytes as well as the best guess: among equals it is by far the most common."""
    best = matches[0]
    rival = next((match for match in matches if "cp1252" in match.could_be_from_charset), None)
    return rival is not None and rival.chaos <= best.chaos and rival.coherence >= best.coherence - _LATIN_SLACK
