"""The bytes in which a document is kept in a cache: JSON, read back identically."""

import msgspec

from ._errors import StoredDocumentError
from ._types import Document


def encode_document(document: Document) -> bytes:
    """The document as JSON (UTF-8)."""
    return msgspec.json.encode(document)


def decode_document(data: bytes) -> Document:
    """The document that `encode_document` turned into `data`.

    Raises StoredDocumentError (an IntegrityError) when these bytes are no such document.
    """
    try:
        return msgspec.json.decode(data, type=Document)
    except msgspec.MsgspecError as error:
        raise StoredDocumentError(str(error)) from error
