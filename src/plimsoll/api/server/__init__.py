"""The server under the HTTP door: a port, processes, limits of a connection, TLS, CORS, and the log.

It knows nothing of what is answered; that is the application's, which `plimsoll.api.create_app` makes. How much a
process takes on at a time is in `plimsoll.api.load`.
"""

from ._errors import CertificateError, OriginError, WorkerStartError
from ._listen import bind, url_of
from ._logs import logging_to
from ._run import Inherited, report_failure, run_server, run_worker, run_workers
from ._server import Server
from ._settings import Limits, ServerSettings, TlsFiles

__all__ = [
    "CertificateError",
    "Inherited",
    "Limits",
    "OriginError",
    "Server",
    "ServerSettings",
    "TlsFiles",
    "WorkerStartError",
    "bind",
    "logging_to",
    "report_failure",
    "run_server",
    "run_worker",
    "run_workers",
    "url_of",
]
