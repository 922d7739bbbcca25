"""A model server that fails on demand: OpenAI, Anthropic, Google and Bedrock on one loopback port.

What it does is written into the model's name, after a tilde: `m~fault=hang_mid`, `m~latency=0.05~rate=50~tokens=20`,
`m~status=429~retry_after=2`; `~every=10` does it to every tenth request for that name alone. `m~fault=held` stops in
the middle of its answer until `Upstream.gate` is opened. `GET /control/stats` tells what was asked and billed,
`POST /control/reset` forgets it. `python -m tests.upstream PORT` runs it by itself.
"""

from ._behaviour import Behaviour, Fault
from ._server import Upstream, upstream

__all__ = ["Behaviour", "Fault", "Upstream", "upstream"]
