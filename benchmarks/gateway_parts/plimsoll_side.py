"""Plimsoll in the comparison: a project with one route for each behaviour of the upstream, released and shipped."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.gateway_parts.measure import BenchmarkError
from benchmarks.gateway_parts.products import KINDS, Product

COMMAND = (sys.executable, "-P", "-c", "from plimsoll.cli import main; main()")
BUDGETS = (
    "budgets:\n  - {for: everyone, usd: 1000000, per: month}\n  - {for: each key, usd: 1000000, per: day}\n"
    "  - {for: each team, tokens: 1000000000, per: minute}\n  - {for: each key, requests: 100000000, per: minute}\n"
)
GUARDRAIL = (
    "checks:\n  - {check: pii, on: [input, output], action: redact}\n"
    "  - {check: injection, on: [input], action: block}\n"
)
PRICE = "price: {input_usd_per_million: 0.4, output_usd_per_million: 1.6}\n"
FILES = {
    "prompts/answer.yaml": 'system: Answer briefly.\ntemplate: "{{ question }}"\n',
    "endpoints/ask.yaml": "kind: chat\nprompt: answer\nroute: instant\n",
    "evals/ask.yaml": "dataset: ask\nendpoint: ask\nscorers: [answer_contains]\n"
    "thresholds: {answer_contains: {at_least: 0}}\n",
    "datasets/ask.jsonl": '{"question": "What is on the side of a ship?", "answers": ["mark"]}\n',
}


def plimsoll(folder: Path, port: int, upstream: int, *, everything: bool) -> Product:
    """One process of `plimsoll serve`, with everything off or everything on. Raises BenchmarkError."""
    name = "plimsoll on" if everything else "plimsoll off"
    project = folder / name.replace(" ", "-")
    environ = {"PLIMSOLL_HOME": str(project / ".plimsoll"), "PLIMSOLL_ACTOR": "benchmark"}
    write_project(project, upstream, everything=everything)
    release = run(project, environ, "release", "--json")["release"]["name"]
    run(project, environ, "ship", release, "production", "--reason", "benchmark")
    headers: dict[str, str] = {}
    if everything:
        run(project, environ, "actor", "create", "caller", "--role", "developer", "--team", "bench")
        made = run(project, environ, "key", "create", "caller", "--only", "call", "--json")
        headers["authorization"] = f"Bearer {made['secret']}"
    command = (*COMMAND, "-C", str(project), "serve", "--env", "production", "--port", str(port))
    return Product(name, port, command, environ, headers=lambda _: headers)


def write_project(project: Path, upstream: int, *, everything: bool) -> None:
    """A project whose routes pass through whatever names its model `bench-…`."""
    app = "name: bench\nenvironments: [production]\n"
    files = {"plimsoll.yaml": app + BUDGETS if everything else app, **FILES}
    for kind in KINDS:
        address = f"http://127.0.0.1:{upstream}/{kind}/v1"
        route = f"model: openai_compatible/bench\nbase_url: {address}\nserves: [bench-{kind}]\n"
        files[f"routes/{kind}.yaml"] = route + f"guardrail: standard\n{PRICE}" if everything else route
    if everything:
        files["guardrails/standard.yaml"] = GUARDRAIL
    for path, text in files.items():
        file = project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def run(project: Path, environ: Mapping[str, str], *words: str) -> Any:
    """Run a command of Plimsoll in the project; what it prints with `--json`. Raises BenchmarkError."""
    done = subprocess.run(
        [*COMMAND, "-C", str(project), *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environ},
        timeout=300,
    )
    if done.returncode:
        message = f"plimsoll {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        raise BenchmarkError(message)
    return json.loads(done.stdout) if "--json" in words else None
