"""Half an hour of traffic with faults, and every request accounted for.

    python benchmarks/soak.py [--minutes 30] [--clients 40] [--workers 2] [--seed 1] [--home DIR] [--json]

`plimsoll serve --workers N` answers many callers at once, through a model server that fails on demand: it resets and
cuts streams, hangs, sends half characters and wrong usage, refuses, and is slow. Callers leave in the middle of
streams. Every twenty seconds another release is shipped, and every two minutes all workers are replaced, or with
`--kill` one is killed; what a killed worker had not written yet is lost, so sums are then not compared.

At the end it must hold that

- answered + refused + failed + left (by the caller itself) = sent;
- nobody was told of a server's error by a route whose model did not fail;
- the cost of all traces = what was settled, and no reservation is left over;
- memory did not grow.

Progress goes to stderr; the last line of stdout is one JSON object. Ends with 1 when a claim does not hold.
"""

import argparse
import asyncio
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parents[1]
COMMAND = (sys.executable, "-P", "-c", "from plimsoll.cli import main; main()")
ROUTES: Mapping[str, str] = {
    "plain": "cheap",
    "slow": "cheap~latency=0.2~rate=100~tokens=20",
    "reset-before": "cheap~fault=reset_before~every=3",
    "reset-mid": "cheap~fault=reset_mid~every=3~rate=200",
    "cut-mid": "cheap~fault=cut_mid~every=3~rate=200",
    "error-mid": "cheap~fault=error_mid~every=3",
    "malformed": "cheap~fault=malformed~every=3",
    "half-utf8": "cheap~fault=half_utf8~every=3",
    "lying-usage": "cheap~fault=lying_usage~every=2",
    "no-usage": "cheap~fault=no_usage~every=2",
    "no-end": "cheap~fault=no_end~every=3",
    "busy": "cheap~status=429~retry_after=1~every=3",
    "down": "cheap~status=500~every=3",
    "hang": "cheap~fault=hang_mid~every=20",
}
SOUND = ("plain", "slow", "no-usage", "lying-usage")
SHIP_EVERY_S, REPLACE_EVERY_S, LOOK_EVERY_S = 20.0, 120.0, 5.0
LEAVES = 0.1
GROWTH = 1.15
SAME_USD = 1e-9
STOP_S = 60


@dataclass(slots=True)
class Tally:
    """What became of the requests."""

    sent: int = 0
    answered: int = 0
    refused: int = 0
    failed: int = 0
    left: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """Errors of the server that no model caused."""
    releases: set[str] = field(default_factory=set)
    kills: int = 0
    """Workers killed so far; requests that they held may break without a fault of a model."""

    def note(self, route: str, status: str, *, kills: int) -> None:
        """One request ended with a status, or as `broken` or `left`."""
        self.statuses[f"{route} {status}"] += 1
        if status == "200":
            self.answered += 1
        elif status == "left":
            self.left += 1
        elif status.startswith("4"):
            self.refused += 1
        else:
            self.failed += 1
            if route in SOUND and kills == self.kills:
                self.wrong.append(f"{route} {status}")


@dataclass(frozen=True, slots=True)
class Site:
    """The project, and how its commands are run."""

    folder: Path
    environ: Mapping[str, str]

    def run(self, *words: str) -> Any:
        """Run a command; what it prints with `--json`."""
        done = subprocess.run(
            [*COMMAND, "-C", str(self.folder), *words],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **self.environ},
            timeout=300,
        )
        if done.returncode:
            message = f"plimsoll {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            raise RuntimeError(message)
        return json.loads(done.stdout) if "--json" in words else None

    def release(self, number: int) -> str:
        """Another release of the same application."""
        (self.folder / "prompts" / "answer.yaml").write_text(
            f'system: Answer briefly, as of edition {number}.\ntemplate: "{{{{ question }}}}"\n'
        )
        name: str = self.run("release", "--json")["release"]["name"]
        self.run("ship", name, "production", "--reason", f"edition {number}")
        return name


def main() -> None:
    """Run the soak and judge it."""
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="soak-") as temporary, model_server() as model:
        site = prepared(given.home or Path(temporary), model)
        result = asyncio.run(soak(site, given))
        result["accounts"] = accounts(site)
    judged = judge(result)
    print(json.dumps({"set": "soak", **result, "claims": judged, "passed": all(judged.values())}))
    sys.exit(0 if all(judged.values()) else 1)


def arguments() -> argparse.Namespace:
    """How long, and how much."""
    parser = argparse.ArgumentParser(description="Traffic with faults, and every request accounted for.")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--clients", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kill", action="store_true", help="kill a worker now and then, instead of replacing all")
    parser.add_argument("--home", type=Path, help="a folder for the project, which must not exist yet and is kept")
    parser.add_argument("--json", action="store_true", help="for the sake of the other benchmarks: it is always JSON")
    return parser.parse_args()


@contextmanager
def model_server() -> Iterator[str]:
    """The model server that fails on demand; gives its address."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.upstream"], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environ
    )
    assert process.stdout  # noqa: S101 (it was asked for)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def prepared(folder: Path, model: str) -> Site:
    """A project with one route for each fault, a key, and a budget that does not run out."""
    files = {
        "plimsoll.yaml": "name: soak\nenvironments: [production]\nbudgets:\n"
        "  - {for: everyone, usd: 100000, per: total}\n  - {for: each key, requests: 1000000, per: minute}\n",
        "prompts/answer.yaml": 'system: Answer briefly.\ntemplate: "{{ question }}"\n',
        "endpoints/ask.yaml": "kind: chat\nprompt: answer\nroute: gate\n",
        "evals/ask.yaml": "dataset: ask\nendpoint: ask\nscorers: [answer_contains]\n"
        "thresholds: {answer_contains: {at_least: 0}}\n",
        "datasets/ask.jsonl": '{"question": "What is on the side of a ship?", "answers": ["mark"]}\n',
        # What the gate's runs cost is no traffic: this route costs nothing.
        "routes/gate.yaml": f"model: openai_compatible/gate\nbase_url: {model}/v1\n"
        "price: {input_usd_per_million: 0, output_usd_per_million: 0}\n",
    }
    for name, told in ROUTES.items():
        files[f"routes/{name}.yaml"] = (
            f"model: openai_compatible/{told}\nbase_url: {model}/v1\nserves: [soak-{name}]\n"
            "breaker: {failures: 1000}\ntimeouts: {first_token_s: 5, between_tokens_s: 3}\n"
            "price: {input_usd_per_million: 0.1, output_usd_per_million: 0.4}\n"
        )
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return Site(folder, {"PLIMSOLL_HOME": str(folder / ".plimsoll"), "PLIMSOLL_ACTOR": "soak"})


async def soak(site: Site, given: argparse.Namespace) -> dict[str, Any]:
    """The traffic, the releases, the kills and the looks at memory, until the time is over."""
    tally = Tally()
    memory: list[tuple[float, float]] = []
    site.release(0)
    key = made_key(site)
    began = time.monotonic()
    until = began + given.minutes * 60
    async with served(site, given.workers) as (process, url):
        headers = {"authorization": f"Bearer {key}"}
        timeout = aiohttp.ClientTimeout(total=60)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(url, headers=headers, timeout=timeout, connector=connector) as session:
            callers = [
                asyncio.create_task(caller(session, tally, random.Random(given.seed * 1000 + number), until))  # noqa: S311
                for number in range(given.clients)
            ]
            around = [
                asyncio.create_task(releases(site, until)),
                asyncio.create_task(replaces(process, tally, until, kill=given.kill)),
                asyncio.create_task(looks(process, tally, memory, until)),
            ]
            await asyncio.gather(*callers)
            shipped = (await asyncio.gather(*around))[0]
    return {
        "minutes": given.minutes,
        "clients": given.clients,
        "workers": given.workers,
        "sent": tally.sent,
        "answered": tally.answered,
        "refused": tally.refused,
        "failed": tally.failed,
        "left": tally.left,
        "statuses": dict(sorted(tally.statuses.items())),
        "wrong": tally.wrong[:20],
        "releases_shipped": shipped,
        "releases_seen": len(tally.releases),
        "workers_killed": tally.kills,
        "memory": grown(memory),
        "seconds": round(time.monotonic() - began, 1),
    }


def made_key(site: Site) -> str:
    """A key that may call, with a budget."""
    site.run("actor", "create", "caller", "--role", "developer")
    secret: str = site.run("key", "create", "caller", "--only", "call", "--json")["secret"]
    return secret


@asynccontextmanager
async def served(site: Site, workers: int) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """`plimsoll serve` with workers; ends gracefully, and must end well."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *("-C", str(site.folder), "serve", "--env", "production", "--port", "0", "--workers", str(workers)),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **site.environ},
    )
    assert process.stderr  # noqa: S101 (it was asked for)
    url = ""
    while not url:
        line = (await process.stderr.readline()).decode()
        if not line:
            message = "the server ended before it answered"
            raise RuntimeError(message)
        found = re.search(r"console\s+(http://\S+?)/", line)
        url = found[1] if found else ""
    forwarded = asyncio.create_task(_forward(process.stderr))
    try:
        yield process, url
    finally:
        process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(process.wait(), STOP_S)
        await forwarded
    if code:
        message = f"the server ended with {code}"
        raise RuntimeError(message)


async def _forward(lines: asyncio.StreamReader) -> None:
    while line := await lines.readline():
        say(line.decode(errors="replace").rstrip())


async def caller(session: aiohttp.ClientSession, tally: Tally, dice: random.Random, until: float) -> None:
    """One caller: a request after the other, some of them streams, some left in the middle."""
    names = list(ROUTES)
    while time.monotonic() < until:
        route = dice.choice(names)
        body = {
            "model": f"soak-{route}",
            "messages": [{"role": "user", "content": f"What is {dice.randint(0, 10**9)}?"}],
            "max_tokens": 64,
            "stream": dice.random() < 0.6,  # noqa: PLR2004 (rather more than half)
        }
        leaves_after = dice.random() * 0.3 if dice.random() < LEAVES else None
        kills = tally.kills
        tally.sent += 1
        try:
            async with asyncio.timeout(leaves_after):
                status = await ask(session, body, tally)
        except TimeoutError:
            status = "left" if leaves_after is not None else "no answer in time"
        except aiohttp.ClientError as error:
            status = f"broken {type(error).__name__}"
        tally.note(route, status, kills=kills)
        if not status.startswith("200"):
            await asyncio.sleep(dice.random() * 0.1)


async def ask(session: aiohttp.ClientSession, body: Mapping[str, Any], tally: Tally) -> str:
    """One request; its status, or `cut` for a stream that ended with an error event or without its end."""
    async with session.post("/v1/chat/completions", json=body) as response:
        text = await response.text()
        if release := response.headers.get("x-plimsoll-release"):
            tally.releases.add(release)
        if response.status == 200 and body["stream"] and not text.rstrip().endswith("data: [DONE]"):  # noqa: PLR2004
            return "cut"
        return str(response.status)


async def releases(site: Site, until: float) -> int:
    """Ship another release every now and then; how many."""
    number = 0
    while time.monotonic() + SHIP_EVERY_S < until:
        await asyncio.sleep(SHIP_EVERY_S)
        number += 1
        await asyncio.to_thread(site.release, number)
    return number


async def replaces(process: asyncio.subprocess.Process, tally: Tally, until: float, *, kill: bool) -> None:
    """Replace all workers now and then, or kill one."""
    while time.monotonic() + REPLACE_EVERY_S < until:
        await asyncio.sleep(REPLACE_EVERY_S)
        workers = children(process.pid)
        if kill and workers:
            tally.kills += 1
            os.kill(workers[0], signal.SIGKILL)
        else:
            process.send_signal(signal.SIGHUP)


async def looks(
    process: asyncio.subprocess.Process, tally: Tally, memory: list[tuple[float, float]], until: float
) -> None:
    """Look at the memory of all processes, and tell of the progress."""
    while time.monotonic() < until:
        await asyncio.sleep(LOOK_EVERY_S)
        own = [process.pid, *children(process.pid)]
        memory.append((time.monotonic(), sum(pss_mb(pid) for pid in own)))
        say(f"{tally.sent} sent, {tally.answered} answered, {memory[-1][1]:.0f} MB in {len(own)} processes")


def children(pid: int) -> list[int]:
    """The child processes of a process."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def pss_mb(pid: int) -> float:
    """Proportional set size in MB; 0 for a process that is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def grown(memory: Sequence[tuple[float, float]]) -> dict[str, float]:
    """How memory went: the middle of the second and of the last quarter, and the slope over the second half.

    Replaced workers begin small again, and for a moment there is one more: medians do not mind.
    """
    quarter = max(1, len(memory) // 4)
    early = statistics.median(mb for _, mb in memory[quarter : 2 * quarter] or memory)
    late = statistics.median(mb for _, mb in memory[-quarter:])
    half = memory[len(memory) // 2 :]
    slope = 0.0
    if len(half) > 1:
        slope = statistics.linear_regression([at for at, _ in half], [mb for _, mb in half]).slope * 3600
    return {"second_quarter_mb": round(early, 1), "last_quarter_mb": round(late, 1), "slope_mb_per_h": round(slope, 1)}


def accounts(site: Site) -> dict[str, Any]:
    """What the traces cost, what was settled, and what is still reserved, as the commands tell it."""
    traced = site.run("cost", "--json")["total"]
    windows = site.run("budget", "show", "--json")["windows"]
    money = [window for window in windows if (window["for"], window["measure"]) == ("everyone", "usd")]
    return {
        "traces": traced["requests"],
        "traced_usd": traced["cost_usd"] or 0.0,
        "traces_of_unknown_cost": traced["unknown"],
        "settled_usd": sum(window["used"] for window in money),
        "overrun_usd": sum(window["overrun"] for window in money),
        "still_held": sum(window["held"] for window in windows),
    }


def judge(result: Mapping[str, Any]) -> dict[str, bool]:
    """Each claim, and whether it holds."""
    ended = result["answered"] + result["refused"] + result["failed"] + result["left"]
    memory, told = result["memory"], result["accounts"]
    return {
        "every request ended: answered + refused + failed + left = sent": ended == result["sent"],
        "no error of the server that no model caused": not result["wrong"],
        "cost of all traces = what was settled": result["workers_killed"] > 0
        or abs(told["traced_usd"] - told["settled_usd"]) < SAME_USD,
        "no reservation is left over": told["still_held"] == 0,
        "memory is flat": memory["last_quarter_mb"] <= memory["second_quarter_mb"] * GROWTH,
        "releases were followed": result["releases_seen"] > result["releases_shipped"] // 2,
    }


def say(text: str) -> None:
    """Tell of the progress."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
