"""What the README claims about the gateway: its price for each request, beside its neighbours, on this machine.

    python benchmarks/gateway.py [--rounds 3] [--seconds 4] [--peers FOLDER] [--only NAME,NAME] [--idle 5000] [--json]

Each product runs on one core; the callers and a model server that costs almost nothing (both in C) run on another. The
products are measured in turns, round by round. nginx is a bare reverse proxy; `passthrough` is our server and our
client with nothing between them; `plimsoll off` has no key, no budget, no guardrail and no trace; `plimsoll on` has all
of them: key, budget reserved and settled, PII and injection checks, durable trace, cost. `--peers` is a folder made by
`benchmarks/gateway_parts/peers.sh`, with LiteLLM, TensorZero and Portkey.

Processor time is that of all processes of a product, divided by the requests. On a shared machine only ratios between
products of one run are worth something. Progress goes to stderr; the last line of stdout is one JSON object. Ends with
1 when a claim does not hold.
"""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    runpy.run_module("benchmarks.gateway_parts", run_name="__main__")
