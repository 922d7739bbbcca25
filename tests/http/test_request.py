"""Addresses and headers: what is sent, and what is refused because it could smuggle something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.http import UnsendableRequestError
from plimsoll.http._request import head_of, target_of


@pytest.mark.parametrize(
    ("url", "host", "port", "is_tls", "host_header", "path"),
    [
        ("http://h", "h", 80, False, "h", "/"),
        ("https://API.Example.com/v1/x?y=z", "api.example.com", 443, True, "api.example.com", "/v1/x?y=z"),
        ("http://h:443/", "h", 443, False, "h:443", "/"),
        ("https://h:443/", "h", 443, True, "h", "/"),
        ("http://[::1]:8080/a", "::1", 8080, False, "[::1]:8080", "/a"),
        ("http://[2001:DB8:0::1]?q", "2001:db8::1", 80, False, "[2001:db8::1]", "/?q"),
        ("https://bücher.example/", "xn--bcher-kva.example", 443, True, "xn--bcher-kva.example", "/"),
        ("http://model_server.svc.:1/", "model_server.svc.", 1, False, "model_server.svc.:1", "/"),
        ("https://h/model/a%3Ab/invoke", "h", 443, True, "h", "/model/a%3Ab/invoke"),
    ],
)
def test_addresses(url: str, host: str, port: int, *, is_tls: bool, host_header: str, path: str) -> None:
    target = target_of("POST", url)
    assert (target.origin.host, target.origin.port, target.origin.is_tls) == (host, port, is_tls)
    assert target.opening.startswith(f"POST {path} HTTP/1.1\r\nhost: {host_header}\r\n")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h/path",
        "//h/path",
        "ftp://h/",
        "http:///x",
        "http://user:pw@h/",
        "http://h/#part",
        "http://h/a b",
        "http://h/\r\nX: y",
        "http://h\t/",
        "http://h/\x7f",
        "http://h/ü",
        "http://h:0/",
        "http://h:70000/",
        "http://h:x/",
        "http://[::1/",
        "http://[v1.x]/",
        "http://h$x/",
        "http://-/",
        "http://ü" + "x" * 70 + "/",
        "http://\udc80/",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(UnsendableRequestError) as caught:
        target_of("GET", url)
    assert "pw" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("method", ["", "GET ", "GE\r\nT", "CONNECT", "GÉT"])
def test_methods_that_are_refused(method: str) -> None:
    with pytest.raises(UnsendableRequestError):
        target_of(method, "http://h/")


@pytest.mark.parametrize(
    "header",
    [
        ("x", "a\r\nX-Evil: 1"),
        ("x", "a\nb"),
        ("x", "a\rb"),
        ("x", "a\0b"),
        ("x", "数"),
        ("x\r\ny", "a"),
        ("x y", "a"),
        ("x:", "a"),
        ("", "a"),
        ("Content-Length", "5"),
        ("transfer-encoding", "chunked"),
        ("Host", "elsewhere"),
        ("Accept-Encoding", "gzip"),
        ("Connection", "close"),
    ],
)
def test_headers_that_are_refused(header: tuple[str, str]) -> None:
    with pytest.raises(UnsendableRequestError) as caught:
        head_of("POST", target_of("POST", "http://h/"), [header], 0)
    assert caught.value.message.isprintable()
    assert "Evil" not in caught.value.message


@given(st.text(max_size=20), st.text(max_size=40))
def test_a_header_is_one_line_or_refused(name: str, value: str) -> None:
    target = target_of("GET", "http://h/")
    try:
        head = head_of("GET", target, [(name, value)], 0)
    except UnsendableRequestError:
        return
    lines = head.decode("latin-1").split("\r\n")
    assert lines[3:] == [f"{name}: {value}", "", ""]
    assert not set("\r\n\0") & set(lines[3])


@given(st.text(max_size=60))
def test_any_address_is_understood_or_refused(rest: str) -> None:
    try:
        target = target_of("GET", f"http://{rest}")
    except UnsendableRequestError:
        return
    assert target.opening.isascii()
    assert target.opening.count("\r\n") == target.opening.count("\n") == 3


@pytest.mark.parametrize(
    ("method", "length", "says"), [("GET", 0, False), ("GET", 3, True), ("POST", 0, True), ("DELETE", 0, False)]
)
def test_the_length_of_the_body_is_said_where_there_may_be_one(method: str, length: int, *, says: bool) -> None:
    head = head_of(method, target_of(method, "http://h/"), [], length)
    assert (f"content-length: {length}\r\n".encode() in head) is says
