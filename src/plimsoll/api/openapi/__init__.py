"""The description of this server's HTTP API (OpenAPI 3.1), made from the types that requests are read with."""

from ._document import document
from ._endpoint import openapi_json

__all__ = ["document", "openapi_json"]
