"""Where things are kept: databases with their migrations, and content-addressed blobs.

Only stores (`_store.py` of a room) and the composition root come here; what the records mean is known by their rooms.
The schemas are in `plimsoll.storage.migrations`, the text index in `plimsoll.storage.search`, fast writing in
`plimsoll.storage.driver`.
"""

from ._blobs import BlobFolder, Blobs
from ._database import Database
from ._dump import clear_tables, dump_tables, load_table, load_tables, table_counts
from ._errors import StorageFullError
from ._keyfiles import KeyFolder
from ._places import PostgresPlace
from ._rows import in_sequence, insert_missing, put_row, put_rows

__all__ = [
    "BlobFolder",
    "Blobs",
    "Database",
    "KeyFolder",
    "PostgresPlace",
    "StorageFullError",
    "clear_tables",
    "dump_tables",
    "in_sequence",
    "insert_missing",
    "load_table",
    "load_tables",
    "put_row",
    "put_rows",
    "table_counts",
]
