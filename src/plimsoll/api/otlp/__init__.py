"""The door for traces that others send: OTLP over HTTP, in protobuf and JSON."""

from ._receiver import OtlpReceiver
from ._refusing import LOGS, METRICS, Refusing

__all__ = ["LOGS", "METRICS", "OtlpReceiver", "Refusing"]
