"""The gateways that are compared: how each is set up, started and called."""

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.gateway_parts.measure import HERE, http_request

KINDS = ("instant", "slow", "burst", "idle")
SYSTEM = "You answer questions about ships and harbours for a trading company, briefly and with care. " * 8
QUESTION = "What does the mark on the side of a ship show, and who may paint it when it has worn off?"
PEER_KEY = "sk-benchmark"  # a word that the peers expect; it opens nothing


@dataclass(frozen=True, slots=True)
class Product:
    """One gateway in one setting; port 0 means that it chooses one, and writes its address as `BASE http://…`."""

    name: str
    port: int
    command: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    path: Callable[[str], str] = lambda _: "/v1/chat/completions"
    model: Callable[[str], str] = lambda kind: f"bench-{kind}"
    headers: Callable[[str], Mapping[str, str]] = lambda _: {}
    streams: bool = True
    start_s: float = 60

    def request(self, kind: str, *, stream: bool = False) -> bytes:
        """A chat completion of about 1 KB, as this product wants it."""
        body = {
            "model": self.model(kind),
            "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}],
            "temperature": 0.2,
            "max_tokens": 2048,
            **({"stream": True} if stream else {}),
        }
        return http_request(self.port, self.path(kind), body, self.headers(kind))


def direct(upstream: int) -> Product:
    """No gateway at all: what the upstream and the callers take themselves."""
    return Product("direct", upstream, (), path=lambda kind: f"/{kind}/v1/chat/completions")


def nginx(folder: Path, port: int, upstream: int) -> Product | None:
    """Nginx as reverse proxy with kept connections: the yardstick."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        return None
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"""daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.err warn;
events {{ worker_connections 16384; }}
http {{
  access_log off; keepalive_requests 100000000; {temporary}
  upstream model {{ server 127.0.0.1:{upstream}; keepalive 512; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
    }}
  }}
}}
"""
    )
    command = (program, "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", str(folder / "nginx.err"))
    return Product("nginx", port, command, path=lambda kind: f"/{kind}/v1/chat/completions")


def passthrough(port: int, upstream: int) -> Product:
    """Our server and our client with nothing between them."""
    command = (sys.executable, str(HERE / "passthrough.py"), str(port), f"http://127.0.0.1:{upstream}")
    return Product("passthrough", port, command, path=lambda kind: f"/{kind}/v1/chat/completions")


def litellm(folder: Path, port: int, upstream: int, peers: Path) -> Product | None:
    """LiteLLM's proxy, set up as its documentation says for production, without a database."""
    program = peers / "litellm" / "bin" / "litellm"
    if not program.exists():
        return None
    models = [
        {
            "model_name": f"bench-{kind}",
            "litellm_params": {
                "model": "openai/bench",
                "api_base": f"http://127.0.0.1:{upstream}/{kind}/v1",
                "api_key": "none",
            },
        }
        for kind in KINDS
    ]
    config = {
        "model_list": models,
        "litellm_settings": {
            "callbacks": [],
            "num_retries": 0,
            "request_timeout": 600,
            "set_verbose": False,
            "json_logs": True,
            "turn_off_message_logging": True,
        },
        "general_settings": {"master_key": PEER_KEY, "disable_spend_logs": True, "disable_error_logs": True},
        "router_settings": {"routing_strategy": "simple-shuffle"},
    }
    (folder / "litellm.yaml").write_text(json.dumps(config))
    environ = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_MODE": "PRODUCTION"}
    command = (str(program), "--config", str(folder / "litellm.yaml"), "--port", str(port), "--host", "127.0.0.1")
    return Product(
        "litellm", port, command, environ, headers=lambda _: {"authorization": f"Bearer {PEER_KEY}"}, start_s=240
    )


def tensorzero(folder: Path, upstream: int, peers: Path) -> Product | None:
    """TensorZero's gateway in Rust, embedded in its Python package, with observability off: it keeps nothing."""
    python = peers / "tensorzero" / "bin" / "python"
    if not python.exists():
        return None
    lines = ["[gateway]\nobservability.enabled = false\n"]
    lines += [
        f'[models.bench-{kind}]\nrouting = ["mock"]\n[models.bench-{kind}.providers.mock]\ntype = "openai"\n'
        f'model_name = "bench"\napi_base = "http://127.0.0.1:{upstream}/{kind}/v1/"\napi_key_location = "none"\n'
        for kind in KINDS
    ]
    (folder / "tensorzero.toml").write_text("\n".join(lines))
    start = (
        "import sys, time, tensorzero\n"
        "kept = tensorzero._start_http_gateway(config_file=sys.argv[1], clickhouse_url=None, postgres_url=None,"
        " valkey_url=None, async_setup=False)\n"
        "print('BASE', getattr(kept, 'base_url', kept), flush=True)\n"
        "time.sleep(100000)\n"
    )
    return Product(
        "tensorzero",
        0,
        (str(python), "-c", start, str(folder / "tensorzero.toml")),
        path=lambda _: "/openai/v1/chat/completions",
        model=lambda kind: f"tensorzero::model_name::bench-{kind}",
    )


def portkey(port: int, upstream: int, peers: Path) -> Product | None:
    """Portkey's gateway on Node."""
    start = peers / "portkey" / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    node = shutil.which("node")
    if node is None or not start.exists():
        return None

    def headers(kind: str) -> Mapping[str, str]:
        return {
            "authorization": f"Bearer {PEER_KEY}",
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": f"http://127.0.0.1:{upstream}/{kind}/v1",
        }

    environ = {"TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost", "NODE_ENV": "production"}
    command = (node, str(start), f"--port={port}", "--headless")
    return Product("portkey", port, command, environ, headers=headers)
