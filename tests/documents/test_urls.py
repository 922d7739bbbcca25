import json
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from plimsoll.documents import DocumentError
from plimsoll.documents.sources import FetchError, ServerFailedError, SourceFile, SourceUnreachableError, UrlList
from plimsoll.documents.sources._http import Getter

MOST = 100_000


@dataclass
class Site:
    """A web server of this machine. `pages` says what it answers: status, headers and body by path."""

    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    address: str = ""

    def page(self, path: str, body: bytes = b"text", status: int = 200, **headers: str) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = (status, {"Content-Length": str(len(body)), **named}, body)
        return self.address + path


@contextmanager
def served(site: Site, certificate: ssl.SSLContext | None = None) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            status, headers, body = site.pages.get(self.path, (404, {}, b""))
            if status == 200 and headers.get("ETag") and self.headers.get("If-None-Match") == headers["ETag"]:
                status, headers, body = 304, {}, b""
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Clients that go away in the middle are part of these tests."""

    server = Server(("127.0.0.1", 0), Handler)
    if certificate is not None:
        server.socket = certificate.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    site.address = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    with served(Site()) as site:
        yield site


def listed(tmp_path: Path, *lines: str, private: bool = True) -> UrlList:
    place = tmp_path / "pages.txt"
    place.write_text("\n".join(lines))
    return UrlList(place, private_addresses=private, timeout_s=20)


def one(urls: UrlList) -> SourceFile:
    (file,) = urls.scan().files
    return file


def refusal(urls: UrlList, known: str = "") -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        urls.fetch(one(urls), known=known, max_bytes=MOST)
    assert caught.value.hint
    return caught.value


def test_a_list_has_addresses_and_objects_and_comments(tmp_path: Path) -> None:
    line = {"url": "https://example.org/b", "title": "B", "access": ["legal"], "metadata": {"year": 2024}}
    urls = listed(tmp_path, "# papers", "", "https://example.org/a.pdf#page=2", json.dumps(line))
    first, second = urls.scan().files
    assert (first.path, first.access, first.metadata) == ("https://example.org/a.pdf", ("*",), {})
    assert (second.path, second.access) == ("https://example.org/b", ("legal",))
    assert second.metadata == {"title": "B", "year": 2024}


@pytest.mark.parametrize(
    "line",
    ["ftp://example.org/a", "file:///etc/passwd", "a.pdf", "http://", '{"url": 3}', '{"url"', '{"uri": "http://a"}',
     '{"access": "x"}', "https://me:secret@example.org/a.pdf", "https://example.org:99999/a.pdf"],
)  # fmt: skip
def test_a_line_that_is_no_address_is_skipped_with_its_number(tmp_path: Path, line: str) -> None:
    result = listed(tmp_path, "https://example.org/a.pdf", line).scan()
    assert [file.path for file in result.files] == ["https://example.org/a.pdf"]
    assert result.skipped[0].path.endswith("pages.txt, line 2")
    assert result.skipped[0].hint


FOR_LEGAL = '{"url": "https://example.org/a.pdf", "access": ["legal"]}'


@pytest.mark.parametrize(
    "lines",
    [
        ["https://example.org/a.pdf", FOR_LEGAL],
        [FOR_LEGAL, "https://example.org/a.pdf"],
        [FOR_LEGAL, "https://EXAMPLE.org:443/a.pdf#page=2"],
        [FOR_LEGAL, FOR_LEGAL.replace("legal", "board"), FOR_LEGAL],
    ],
)
def test_an_address_that_stands_twice_for_different_readers_is_left_out(tmp_path: Path, lines: list[str]) -> None:
    result = listed(tmp_path, *lines, "https://example.org/b.pdf").scan()
    assert [file.path for file in result.files] == ["https://example.org/b.pdf"]
    (skipped,) = [item for item in result.skipped if item.path == "https://example.org/a.pdf"]
    assert "[legal]" in skipped.reason
    assert skipped.hint


def test_an_address_that_stands_twice_for_the_same_readers_is_there_once(tmp_path: Path) -> None:
    result = listed(tmp_path, FOR_LEGAL, FOR_LEGAL).scan()
    assert [(file.path, file.access) for file in result.files] == [("https://example.org/a.pdf", ("legal",))]
    assert result.skipped[0].path.endswith("pages.txt, line 2")


@pytest.mark.parametrize(
    "facts", ['"access": "legal"', '"access": []', '"acess": ["legal"]', '"access": ["a"], "access": ["*"]']
)
def test_readers_that_are_not_understood_are_not_taken_from_another_line(tmp_path: Path, facts: str) -> None:
    line = f'{{"url": "https://example.org/a.pdf", {facts}}}'
    for lines in (["https://example.org/a.pdf", line], [line, "https://example.org/a.pdf"]):
        result = listed(tmp_path, *lines).scan()
        assert result.files == ()
        assert [item.path for item in result.skipped] == ["https://example.org/a.pdf"]


def test_a_pipe_in_the_place_of_a_list_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pages.txt")
    with pytest.raises(SourceUnreachableError, match="not a regular file"):
        UrlList(tmp_path / "pages.txt").scan()


def test_a_list_may_itself_be_at_an_address(site: Site) -> None:
    place = site.page("/list", b"https://example.org/a.txt\n")
    assert one(UrlList(place, private_addresses=True)).path == "https://example.org/a.txt"


def test_a_list_that_is_not_there_stops_everything(site: Site, tmp_path: Path) -> None:
    for place in (tmp_path / "none.txt", f"{site.address}/none"):
        with pytest.raises(SourceUnreachableError, match="none"):
            UrlList(place, private_addresses=True).scan()


def test_what_did_not_change_is_not_sent_again(site: Site, tmp_path: Path) -> None:
    urls = listed(tmp_path, site.page("/a.txt", b"first", ETag='"1"'))
    first = urls.fetch(one(urls), known="", max_bytes=MOST)
    assert first is not None
    assert first.data == b"first"
    assert urls.fetch(one(urls), known=first.version, max_bytes=MOST) is None
    site.page("/a.txt", b"second", ETag='"2"')
    second = urls.fetch(one(urls), known=first.version, max_bytes=MOST)
    assert second is not None
    assert second.data == b"second"
    assert "if-none-match" not in site.asked[0][1]
    assert site.asked[1][1]["if-none-match"] == '"1"'


@pytest.mark.parametrize(
    ("path", "kind", "suffix"),
    [
        ("/page", "text/html; charset=utf-8", ".html"),
        ("/", "text/html", "/index.html"),
        ("/get?file=a.pdf", "text/html", ".html"),
        ("/a.pdf?v=2", "application/octet-stream", ".pdf"),
        ("/notes.md", "text/plain", ".md"),
        ("/a.pdf", "application/pdf", ".pdf"),
        ("/report.php", "application/pdf", ".pdf"),
    ],
)
def test_the_kind_is_told_by_the_server_or_by_the_address(
    site: Site, tmp_path: Path, path: str, kind: str, suffix: str
) -> None:
    urls = listed(tmp_path, site.page(path, Content_Type=kind))
    fetched = urls.fetch(one(urls), known="", max_bytes=MOST)
    assert fetched is not None
    assert fetched.name.removesuffix("l").endswith(suffix.removesuffix("l"))


def test_a_kind_that_cannot_be_read_is_said(site: Site, tmp_path: Path) -> None:
    error = refusal(listed(tmp_path, site.page("/film", Content_Type="video/mp4")))
    assert "video/mp4" in error.message


def test_redirects_are_followed_a_few_times(site: Site, tmp_path: Path) -> None:
    site.page("/end.txt", b"there")
    urls = listed(tmp_path, site.page("/a.txt", b"", 302, Location="/end.txt"))
    fetched = urls.fetch(one(urls), known="", max_bytes=MOST)
    assert fetched is not None
    assert fetched.data == b"there"
    site.page("/a.txt", b"", 302, Location="/a.txt")
    assert "redirects" in refusal(urls).message
    assert len(site.asked) == 2 + 6


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/", "http://[::1", "http://u:p@127.0.0.1/", ""]
)
def test_redirects_to_anything_else_are_refused(site: Site, tmp_path: Path, location: str) -> None:
    urls = listed(tmp_path, site.page("/a.txt", b"", 302, Location=location))
    with pytest.raises(FetchError):
        urls.fetch(one(urls), known="", max_bytes=MOST)
    assert len(site.asked) <= 6


def test_private_addresses_are_refused_unless_they_are_allowed(site: Site, tmp_path: Path) -> None:
    urls = listed(tmp_path, site.page("/a.txt"), private=False)
    error = refusal(urls)
    assert (error.code, site.asked) == ("document_private_address", [])
    assert "private_addresses" in error.hint


def test_a_server_that_fails_is_another_thing_than_a_page_that_is_gone(site: Site, tmp_path: Path) -> None:
    urls = listed(tmp_path, site.page("/a.txt", b"", 503))
    assert isinstance(refusal(urls), ServerFailedError)
    site.page("/a.txt", b"", 410)
    gone = refusal(urls)
    assert not isinstance(gone, ServerFailedError)
    assert "410" in gone.message


def test_too_large_an_answer_is_not_read_to_its_end(site: Site, tmp_path: Path) -> None:
    urls = listed(tmp_path, site.page("/a.txt", b"x" * (MOST + 1)))
    assert refusal(urls).code == "document_too_large"
    site.pages["/a.txt"] = (200, {}, b"x" * (MOST + 1))
    assert refusal(urls).code == "document_too_large"


def test_an_answer_that_is_cut_off_is_a_failure_of_the_server(site: Site, tmp_path: Path) -> None:
    site.pages["/a.txt"] = (200, {"Content-Length": "100"}, b"half")
    assert isinstance(refusal(listed(tmp_path, f"{site.address}/a.txt")), ServerFailedError)


def test_compressed_answers_are_refused(site: Site, tmp_path: Path) -> None:
    assert "compresses" in refusal(listed(tmp_path, site.page("/a.txt", Content_Encoding="gzip"))).message


def test_a_certificate_that_nobody_trusts_is_refused_and_a_trusted_one_is_not(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(certificate)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with served(Site(), certificate) as site:
        urls = listed(tmp_path, site.page("/a.txt", b"encrypted"))
        assert "certificate" in refusal(urls).message
        assert site.asked == []
        fetched = replace(urls, trust=lambda: trusting).fetch(one(urls), known="", max_bytes=MOST)
    assert fetched is not None
    assert fetched.data == b"encrypted"


def test_from_https_no_redirect_leads_to_an_unencrypted_address(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(certificate)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with served(Site(), certificate) as site:
        urls = listed(tmp_path, site.page("/a.txt", b"", 302, Location="http://127.0.0.1/a.txt"))
        assert "not encrypted" in refusal(replace(urls, trust=lambda: trusting)).message


@contextmanager
def dripping(start: bytes, drop: bytes) -> Iterator[str]:
    """A server that answers `start`, and then `drop` again and again until the other side goes away."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            with suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65_536)
                    connection.sendall(start)
                    while True:
                        connection.sendall(drop)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/a.txt"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


OK = b"HTTP/1.1 200 OK\r\n"
DRIPS = {
    "no end of a line": (b"HTTP/1.1 200 OK", b"K"),
    "no end of a head": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "no end of a header": (OK + b"X: ", b"x"),
    "no end of the size of a piece": (OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"),
    "no end of the last headers": (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", b"X: y\r\n"),
    "no end of a body": (OK + b"\r\n", b"x"),
}


@pytest.mark.parametrize(("start", "drop"), DRIPS.values(), ids=list(DRIPS))
def test_an_answer_without_an_end_is_waited_for_until_the_deadline(start: bytes, drop: bytes) -> None:
    with dripping(start, drop) as url:
        ticks = iter(range(10_000))
        getter = Getter(1000, private_addresses=True, clock=lambda: float(next(ticks)))
        with pytest.raises(DocumentError):
            getter.get(url, headers={}, max_bytes=100_000_000)
    assert next(ticks) < 9_000


@pytest.mark.parametrize("location", ["http://{private}/a.txt", "//{private}/a.txt", "http://a@{private}/a.txt"])
def test_redirects_to_private_addresses_are_refused(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str
) -> None:
    # One address of this machine stands for a public server here, and another for its private network.
    monkeypatch.setattr("plimsoll.documents.sources._http.is_public", lambda address: address == "127.0.0.1")
    private = site.address.removeprefix("http://").replace("127.0.0.1", "127.0.0.2")
    urls = listed(tmp_path, site.page("/a.txt", b"", 302, Location=location.format(private=private)), private=False)
    with pytest.raises(FetchError, match=r"private network|user name"):
        urls.fetch(one(urls), known="", max_bytes=MOST)
    assert len(site.asked) == 1
