"""Where a database may be: a file (a `Path`), or a schema of a PostgreSQL server."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from ._errors import PlaceInvalidError

_SCHEMES = {"postgresql", "postgres"}
_SCHEMA_NAME = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}", re.ASCII)
_DEFAULT_PORT = "5432"


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """A schema of its own in a PostgreSQL database.

    `url` is what libpq understands: `postgresql://user:password@host:port/database?sslmode=verify-full`. A pooler
    between Plimsoll and the server must pool sessions, because settings and locks belong to one.
    The password is in no text that this class makes. Raises PlaceInvalidError.
    """

    url: str = field(repr=False)
    schema: str

    def __post_init__(self) -> None:
        if not _SCHEMA_NAME.fullmatch(self.schema):
            raise PlaceInvalidError(
                f"{self.schema!r} cannot be the name of a schema",
                "use small letters, digits and _, at most 63 of them, and no pg_ at the start",
            )
        if not _is_plain(self.url):
            # The url is not shown: whatever is wrong with it, it may hold a password.
            raise PlaceInvalidError(
                "the address of the PostgreSQL server cannot be read",
                "write postgresql://user:password@host:5432/database, and special characters as %40 and the like",
            )

    @property
    def server(self) -> str:
        """Host and port, for people: `db.example:5432`, or the folder of the server's socket."""
        parts = urlsplit(self.url)
        query = parse_qs(parts.query)
        hosts = parts.netloc.rpartition("@")[2] or ",".join(query.get("host", query.get("hostaddr", [])))
        if not hosts or hosts.startswith("/"):
            return hosts or "this machine's socket"
        port = query.get("port", [_DEFAULT_PORT])[0]
        return ", ".join(host if re.search(r":\d+$", host) else f"{host}:{port}" for host in hosts.split(","))

    def __str__(self) -> str:
        database = urlsplit(self.url).path.lstrip("/") or "(default)"
        return f"the database {database} on {self.server} (schema {self.schema})"

    def __repr__(self) -> str:
        return f"PostgresPlace(server={self.server!r}, schema={self.schema!r})"


def _is_plain(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    # An @ after the host is one of a password whose / or ? was not escaped: half of it would be taken for the host.
    rest = parts.path + parts.query + parts.fragment
    return parts.scheme in _SCHEMES and "@" not in rest and not parts.fragment and not re.search(r"\s", url)
