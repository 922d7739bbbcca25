"""Object storage for tests: a real S3 server of the test run, and one that fails in ways that can be chosen."""

import logging
import secrets
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from plimsoll.storage.bucket import BucketKeys, BucketPlace, Patience

ACCESS_KEY = "AKIAHARBOUR"
SECRET_KEY = "kept-out-of-every-text"  # noqa: S105  # it opens nothing
HASTY = Patience(
    connect_s=2,
    silence_s=5,
    bulk_s=20,
    retries=2,
    first_pause_s=0.01,
    longest_pause_s=0.05,
    in_all_s=10,
)
_ACCOUNT = "123456789012"


@dataclass(frozen=True)
class ObjectStorage:
    """A running S3 server with one bucket."""

    endpoint: str
    bucket: str

    def place(self, prefix: str | None = None, *, bucket: str | None = None) -> BucketPlace:
        """A prefix that nobody used yet."""
        prefix = f"tests/{secrets.token_hex(8)}" if prefix is None else prefix
        keys = BucketKeys(ACCESS_KEY, SECRET_KEY)
        return BucketPlace(f"s3://{bucket or self.bucket}/{prefix}", endpoint=self.endpoint, keys=keys)

    @property
    def objects(self) -> dict[str, Any]:
        """What the server keeps, by name, to look at it and to change it behind everybody's back."""
        from moto.backends import get_backend

        keys: dict[str, Any] = get_backend("s3")[_ACCOUNT]["aws"].buckets[self.bucket].keys
        return keys

    def make_old(self, place: BucketPlace) -> None:
        """Make everything under a prefix as old as 2001."""
        for name in list(self.objects.keys()):
            if name.startswith(place.prefix + "/"):
                self.objects[name].last_modified = datetime(2001, 9, 9, tzinfo=UTC).replace(tzinfo=None)


@contextmanager
def object_storage() -> Iterator[ObjectStorage]:
    """A real S3 server (moto) on a free port of loopback, in a thread of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from moto.backends import get_backend
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        # Servers of one process share what they keep.
        bucket = f"harbour-{secrets.token_hex(4)}"
        get_backend("s3")[_ACCOUNT]["aws"].create_bucket(bucket, "us-east-1")
    try:
        yield ObjectStorage(f"http://{host}:{port}", bucket)
    finally:
        server.stop()


@dataclass
class Reply:
    """What the failing server says to one request; `cut` closes the connection after so many bytes of the body."""

    status: int = 200
    body: bytes = b""
    cut: int | None = None
    headers: dict[str, str] = field(default_factory=dict)


Script = Callable[[str, str, int], Reply]
"""From method, path and the number of the request to what is said."""


@dataclass
class FailingStorage:
    """A server that follows a script, and remembers what it was asked."""

    endpoint: str
    asked: list[tuple[str, str]]

    def place(self) -> BucketPlace:
        """A bucket on it."""
        return BucketPlace("s3://harbour/p", endpoint=self.endpoint, keys=BucketKeys(ACCESS_KEY, SECRET_KEY))


def refusal(status: int, code: str) -> Reply:
    """An error as S3 words it, with what must not be passed on."""
    body = (
        f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>no {SECRET_KEY}</Message>'
        f"<AWSAccessKeyId>{ACCESS_KEY}</AWSAccessKeyId></Error>"
    )
    return Reply(status, body.encode(), headers={"Content-Type": "application/xml"})


@contextmanager
def failing_storage(script: Script, certificate: ssl.SSLContext | None = None) -> Iterator[FailingStorage]:
    """A small server on loopback that follows a script; with a certificate, over TLS under the name localhost."""
    asked: list[tuple[str, str]] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with lock:
                asked.append((self.command, self.path))
                number = len(asked)
            reply = script(self.command, self.path, number)
            self.send_response(reply.status)
            standard = {"Last-Modified": "Sat, 21 Nov 2026 10:00:00 GMT", "ETag": '"1"'}
            for name, value in {**standard, "Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body if reply.cut is None else reply.body[: reply.cut])
            if reply.cut is not None:
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True

        do_GET = do_PUT = do_HEAD = do_DELETE = answer  # noqa: N815  # names that http.server looks for

        def log_request(self, *_args: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint = f"http://127.0.0.1:{server.server_port}"
    if certificate is not None:
        server.socket = certificate.wrap_socket(server.socket, server_side=True)
        endpoint = f"https://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield FailingStorage(endpoint, asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
