"""TLS: a certificate that can be replaced while the server runs."""

import logging
import ssl

from ._errors import CertificateError
from ._settings import TlsFiles

_log = logging.getLogger("plimsoll.server")


def tls_context(files: TlsFiles) -> ssl.SSLContext:
    """A context for servers: TLS 1.2 or newer, no client certificates. Raises CertificateError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        # Without a password function OpenSSL would ask on the terminal, and a service would hang there.
        context.load_cert_chain(files.certificate, files.key, password=_no_password)
    except (OSError, ValueError) as error:
        raise CertificateError(files.certificate, files.key, _reason(error)) from error
    return context


def reload_tls(context: ssl.SSLContext, files: TlsFiles) -> bool:
    """Take the files' present content for new connections; a bad pair changes nothing and is logged."""
    try:
        tls_context(files)
    except CertificateError as error:
        _log.error("the old certificate stays: %s", error.message)
        return False
    context.load_cert_chain(files.certificate, files.key, password=_no_password)
    _log.info("the certificate was read again")
    return True


def _no_password() -> str:
    message = "the key is encrypted"
    raise ValueError(message)


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "it is not PEM").replace("_", " ").lower()
    return getattr(error, "strerror", None) or str(error)
