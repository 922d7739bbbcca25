"""The HTTP door: OpenAI's API, the console's pages, health and metrics.

It translates requests, calls one function of `Service`, and translates back; only this door knows HTTP statuses. How
an answer is made is in `plimsoll.flows.serve`. `PlatformService` fills `Service` from the platform that
`plimsoll.bootstrap` composes.
"""

from ._app import create_app
from ._errors import ListenError, PortInUseError
from ._platform import PlatformService
from ._service import ServedModel, Service
from ._settings import ApiSettings
from .server import ServerSettings, run_server

__all__ = [
    "ApiSettings",
    "ListenError",
    "PlatformService",
    "PortInUseError",
    "ServedModel",
    "ServerSettings",
    "Service",
    "create_app",
    "run_server",
]
