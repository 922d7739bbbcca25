"""The HTTP door: OpenAI's API, the console's pages, health and metrics.

It translates requests, calls one function of `Service`, and translates back; only this door knows HTTP statuses. How
an answer is made is in `plimsoll.flows.serve`. `PlatformService` fills `Service` from the platform that
`plimsoll.bootstrap` composes.
"""

from ._app import create_app
from ._errors import ListenError, PortInUseError
from ._platform import PlatformService
from ._server import run_server
from ._service import ServedModel, Service
from ._settings import ApiSettings

__all__ = [
    "ApiSettings",
    "ListenError",
    "PlatformService",
    "PortInUseError",
    "ServedModel",
    "Service",
    "create_app",
    "run_server",
]
