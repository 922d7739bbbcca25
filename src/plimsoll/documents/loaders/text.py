"""Plain text."""

from .._assemble import clean
from .._encoding import decode
from .._types import Extract, LoadSettings, PageText

VERSION = 1


def read(data: bytes, name: str, _settings: LoadSettings) -> Extract:
    """The text as it stands, in any encoding that can be recognised. Raises NotTextError for binary data."""
    text, note = decode(data, name)
    return Extract(pages=(PageText(clean(text)),), notes=(note,) if note else ())
