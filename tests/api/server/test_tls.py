"""TLS with a certificate that is replaced while the server runs."""

import socket
import ssl
from pathlib import Path

import pytest
import trustme
from tests.api.server.conftest import WAIT_S, Running, Serve, Talker, eventually

from plimsoll.api.server import CertificateError, Server, ServerSettings, TlsFiles


def write(folder: Path, *names: str) -> tuple[TlsFiles, trustme.CA]:
    authority = trustme.CA()
    made = authority.issue_cert(*names)
    files = TlsFiles(folder / "cert.pem", folder / "key.pem")
    files.certificate.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
    files.key.write_bytes(made.private_key_pem.bytes())
    return files, authority


def get(server: Running, authority: trustme.CA) -> bytes:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        secure.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        answer = b""
        while piece := secure.recv(65536):
            answer += piece
        return answer


def trusted(server: Running, authority: trustme.CA) -> bool:
    try:
        return get(server, authority).endswith(b"here")
    except ssl.SSLError:
        return False


def test_a_certificate_is_replaced_without_a_pause(serve: Serve, talker: Talker, tmp_path: Path) -> None:
    files, old = write(tmp_path, "localhost")
    server = serve(talker, tls=files)
    assert trusted(server, old)
    _, new = write(tmp_path, "localhost")
    assert not trusted(server, new)
    server.server.reload()
    assert eventually(lambda: trusted(server, new))
    assert not trusted(server, old)


def test_an_idle_client_that_never_says_goodbye_does_not_hold_up_the_end(
    serve: Serve, talker: Talker, tmp_path: Path
) -> None:
    files, authority = write(tmp_path, "localhost")
    server = serve(talker, tls=files, drain_s=3600, linger_s=0)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        secure.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert secure.recv(65536).startswith(b"HTTP/1.1 200 ")
        server.stop()
        # The event loop itself gives up after 30 seconds.
        server.thread.join(20)
        assert not server.thread.is_alive()


def test_a_bad_new_certificate_leaves_the_old_one(
    serve: Serve, talker: Talker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files, authority = write(tmp_path, "localhost")
    server = serve(talker, tls=files)
    files.certificate.write_text("no certificate")
    server.server.reload()
    assert eventually(lambda: "the old certificate stays" in caplog.text)
    assert trusted(server, authority)


def test_old_versions_of_tls_are_refused(serve: Serve, talker: Talker, tmp_path: Path) -> None:
    files, authority = write(tmp_path, "localhost")
    server = serve(talker, tls=files)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as plain,
        pytest.raises(ssl.SSLError),
        context.wrap_socket(plain, server_hostname="localhost"),
    ):
        pass


def test_a_certificate_that_cannot_be_used_is_found_at_the_start(talker: Talker, tmp_path: Path) -> None:
    files, _ = write(tmp_path, "localhost")
    with pytest.raises(CertificateError, match="No such file"):
        Server(talker, ServerSettings(tls=TlsFiles(tmp_path / "none.pem", files.key)))
    with pytest.raises(CertificateError, match="cannot be used"):
        Server(talker, ServerSettings(tls=TlsFiles(files.key, files.key)))


def test_a_key_that_does_not_belong_to_the_certificate(talker: Talker, tmp_path: Path) -> None:
    files, _ = write(tmp_path, "localhost")
    stranger = trustme.CA().issue_cert("localhost").private_key_pem.bytes()
    files.key.write_bytes(stranger)
    with pytest.raises(CertificateError, match="mismatch"):
        Server(talker, ServerSettings(tls=files))


def test_an_encrypted_key_is_refused_and_nobody_is_asked_for_a_password(talker: Talker, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    files, _ = write(tmp_path, "localhost")
    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"password"),
    )
    files.key.write_bytes(locked)
    with pytest.raises(CertificateError, match="encrypted"):
        Server(talker, ServerSettings(tls=files))
