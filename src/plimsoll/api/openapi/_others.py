"""What is answered beside the companies' APIs: health, metrics, and traces that others send."""

from typing import Any, Literal

from msgspec import Struct

from ..wire import Operation

_TELEMETRY = ("application/json", "application/x-protobuf")


class HealthOut(Struct):
    """The process answers."""

    status: Literal["ok"]


class ReadyOut(Struct):
    """Whether requests can be answered; `reason` where they cannot."""

    status: Literal["ready", "not ready"]
    reason: str | None = None


OPERATIONS = (
    Operation("get", "/healthz", "Alive.", None, HealthOut, envelope="none", open=True),
    Operation("get", "/readyz", "Ready.", None, ReadyOut, envelope="none", open=True, extra_statuses=(503,)),
    Operation("get", "/metrics", "Prometheus metrics.", envelope="none", media_types=("text/plain",)),
    Operation("get", "/openapi.json", "This description.", None, dict[str, Any], envelope="none"),
    *(
        Operation("post", f"/v1/{kind}", f"OpenTelemetry {kind} (OTLP/HTTP).", envelope="none", media_types=_TELEMETRY)
        for kind in ("traces", "logs", "metrics")
    ),
)
"""Its calls."""
