"""What is claimed, held against what was measured; and the table for the README."""

from collections.abc import Mapping
from typing import Any

Numbers = Mapping[str, Any]
Value = float | None

TIMES_NGINX, LITELLM_TIMES, KEPT_RATE = 11, 60, 0.8
HOLD_BACK_MS = 10.0
"""How long a guardrail must hold a token of the paced streams: until the next one shows that its word has ended."""

ON, OFF = "plimsoll on", "plimsoll off"


def claims(found: Mapping[str, Numbers]) -> dict[str, dict[str, Any]]:
    """Each claim that can be decided with what ran: its words, the number, and whether it holds."""
    if ON not in found:
        return {}
    told: dict[str, dict[str, Any]] = {}
    own = found[ON]

    def claim(words: str, value: Value, holds: object) -> None:
        if value is not None:
            told[words] = {"measured": round(value, 3), "holds": bool(holds)}

    def times(name: str, *, inverse: bool = False) -> Value:
        other = found.get(name, {}).get("cpu_us")
        if not other or not own["cpu_us"]:
            return None
        return float(other / own["cpu_us"] if inverse else own["cpu_us"] / other)

    for words, value, least in (
        ("everything on: LiteLLM needs at least 60 times as much", times("litellm", inverse=True), LITELLM_TIMES),
        ("everything on: cheaper than TensorZero without its log", times("tensorzero", inverse=True), 1),
        ("everything on keeps at least 80 % of the rate of everything off", _kept_rate(found), KEPT_RATE),
    ):
        claim(words, value, value is not None and value >= least)
    for words, value, most in (
        ("everything on: at most 11 times nginx's processor time", times("nginx"), TIMES_NGINX),
        ("added p50 at one connection at most 0.5 ms", own["added_ms"]["c1 p50"], 0.5),
        ("added p50 with a 50 ms model at 8 connections at most 1.5 ms", own["added_ms"]["slow c8 p50"], 1.5),
        ("a token in a burst costs at most 15 us", own["burst"]["cpu_us_token"], 15),
        (
            "the first token comes at most 2 ms later than one hold-back window",
            _late(own, "1", "added_first_token_ms"),
            2,
        ),
        ("at 64 paced streams a token is at most 1 ms later than that", _late(own, "64", "added_token_ms p50"), 1),
        ("memory at most 150 MB", own["memory_mb"], 150),
        ("start at most 3 s", own["start_s"], 3),
        ("idle streams in less than 1 GiB", (own["idle_streams"] or {}).get("most_mb"), 1073),
    ):
        claim(words, value, value is not None and value <= most)
    claim("no request fails", own["errors"], own["errors"] == 0)
    return told


def _late(own: Numbers, streams: str, what: str) -> Value:
    """How late the text of paced streams is, beyond the window that the guardrail must hold back."""
    late = own["paced"][streams][what]
    return None if late is None else float(late) - HOLD_BACK_MS


def _kept_rate(found: Mapping[str, Numbers]) -> Value:
    if OFF not in found:
        return None
    return min(float(found[ON]["rps"][each] / found[OFF]["rps"][each]) for each in ("c16", "c64"))


def table(found: Mapping[str, Numbers]) -> str:
    """The README's table."""
    nginx = found.get("nginx", {}).get("cpu_us")
    heads = (
        "product",
        "CPU us a request",
        "x nginx",
        "requests/s c1 / c16 / c64",
        "added ms p50 / p99, c1",
        "added ms p50, 50 ms model, c8",
        "CPU us a token in bursts",
        "added first token ms, 1 / 64 streams",
        "memory MB",
        "start s",
    )
    rows = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name, numbers in found.items():
        own, added, paced = numbers["cpu_us"], numbers["added_ms"], numbers["paced"]
        rates = " / ".join(_shown(numbers["rps"][each], 0) for each in ("c1", "c16", "c64"))
        cells = (
            name,
            _shown(own, 0),
            _shown(own / nginx if own and nginx else None),
            rates,
            f"{_shown(added['c1 p50'], 2)} / {_shown(added['c1 p99'], 2)}",
            _shown(added["slow c8 p50"], 2),
            _shown(numbers["burst"]["cpu_us_token"]),
            f"{_shown(paced['1']['added_first_token_ms'])} / {_shown(paced['64']['added_first_token_ms'])}",
            _shown(numbers["memory_mb"], 0),
            _shown(numbers["start_s"]),
        )
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _shown(value: Value, digits: int = 1) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"
