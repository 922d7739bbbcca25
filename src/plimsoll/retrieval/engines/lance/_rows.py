"""Chunks as rows of a dataset."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..._types import IndexedDocument
from ..._words import WORDS_FORMAT, words
from .._documents import NUMBER, TEXT, fields_of, for_everybody, group_hashes, pieces

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_FORMAT = f"1.{WORDS_FORMAT}"
"""Goes up whenever the same segments would give other rows."""
HEAD_SIGN = "^"
"""Stands before each word that is above a chunk and not in it: one full text index holds both."""


@dataclass(frozen=True, slots=True)
class KeyedDocument:
    """A document with its vectors, and what it is with them, as 32 hexadecimal digits."""

    key: str
    document: IndexedDocument
    vectors: NDArray[np.float32]


def schema(dimension: int, fields: Iterable[str] = ()) -> "pa.Schema":
    """The columns of a dataset; `fields` are those for filters, which come with the documents that have them."""
    import pyarrow as pa

    text, number, texts = pa.string(), pa.int64(), pa.list_(pa.string())
    columns = [
        ("key", text), ("ordinal", number), ("chunks", number), ("start", number), ("end", number), ("page", number),
        ("parent_start", number), ("parent_end", number), ("text", text), ("context", text), ("headings", texts),
        ("path", text), ("digest", text), ("title", text), ("language", text), ("metadata", pa.binary()),
        ("piece", text), ("length", number), ("words", text), ("text_words", number), ("head_words", number),
        ("everybody", pa.bool_()), ("access", texts), ("vector", pa.list_(pa.float32(), dimension)),
    ]  # fmt: skip
    return pa.schema([pa.field(*column) for column in columns] + [field_column(name) for name in fields])


def field_column(name: str) -> "pa.Field":
    """The column of a field by which documents can be filtered."""
    import pyarrow as pa

    kinds = {TEXT: pa.string(), NUMBER: pa.float64()}
    return pa.field(name, kinds.get(name[-1], pa.bool_()))


def table_of(documents: Sequence[KeyedDocument], dimension: int) -> "pa.Table":
    """The rows of some documents, those of each together and in the order of its chunks."""
    import pyarrow as pa

    rows = [row for each in documents for row in _rows(each)]
    names = dict.fromkeys(name for each in documents for name in fields_of(each.document))
    columns: dict[str, Any] = {}
    wanted = schema(dimension, names)
    vectors = np.concatenate([np.ascontiguousarray(each.vectors, np.float32) for each in documents]).reshape(-1)
    for field in wanted:
        if field.name == "vector":
            columns[field.name] = pa.FixedSizeListArray.from_arrays(pa.array(vectors), dimension)
        else:
            columns[field.name] = pa.array([row.get(field.name) for row in rows], field.type)
    return pa.table(columns, schema=wanted)


def _rows(keyed: KeyedDocument) -> Iterable[dict[str, Any]]:
    document = keyed.document
    same = {
        "key": keyed.key,
        "chunks": len(document.chunks),
        "path": document.path,
        "digest": document.digest,
        "title": document.title,
        "language": document.language,
        "metadata": msgspec.msgpack.encode(dict(document.metadata)),
        "length": len(document.text),
        "everybody": for_everybody(document),
        "access": group_hashes(document.access),
        **fields_of(document),
    }
    last, above = None, words("")
    for chunk, head, piece in zip(document.chunks, document.heads(), pieces(document), strict=True):
        if head != last:
            last, above = head, words(head)
        inside = words(chunk.text)
        yield {
            **same,
            "ordinal": chunk.ordinal,
            "start": chunk.start,
            "end": chunk.end,
            "page": chunk.page,
            "parent_start": chunk.parent[0] if chunk.parent else None,
            "parent_end": chunk.parent[1] if chunk.parent else None,
            "text": chunk.text,
            "context": chunk.context,
            "headings": list(chunk.headings),
            "piece": piece,
            "words": " ".join([*inside, *(HEAD_SIGN + word for word in above)]),
            "text_words": len(inside),
            "head_words": len(above),
        }
