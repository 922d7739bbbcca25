"""Our spans, sent to somebody else's collector over OTLP/HTTP."""

from ._exporter import Exporter

__all__ = ["Exporter"]
