"""The figures that come with Plimsoll, by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ._cost import COST_MEAN
from ._latency import FIRST_TOKEN_P95, LATENCY_P50, LATENCY_P95
from ._types import Figure

FIGURES: Final[Mapping[str, Figure]] = MappingProxyType(
    {figure.name: figure for figure in (LATENCY_P95, LATENCY_P50, FIRST_TOKEN_P95, COST_MEAN)}
)
