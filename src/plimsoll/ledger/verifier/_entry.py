"""One line of the ledger, and the private content that it commits to."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any

from ._canonical import canonical, is_canonical, parse
from ._report import WrongError

FORMAT = 1
ENTRY_TEXTS = ("at", "act", "app", "actor", "via")
ENTRY_FIELDS = {"v", "sequence", "facts", *ENTRY_TEXTS}
DAY, TIME = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}"
AT = re.compile(f"{DAY}T{TIME}Z", re.ASCII)
SEALED = re.compile(r"hmac-sha256:[0-9a-f]{64}")
NONCE = re.compile(r"[0-9a-f]{64}")


def _is_place(value: Any) -> bool:
    return type(value) is int and value >= 0


def read_entry(line: str) -> dict[str, Any]:
    """The entry that a line of the ledger holds; raises an error of `MALFORMED` when it holds none."""
    entry = parse(line)
    if not is_canonical(entry, line):
        raise WrongError("is not canonical JSON: it was changed after it was written")
    if not isinstance(entry, dict) or entry.keys() - {"sealed"} != ENTRY_FIELDS:
        raise WrongError("has not the fields of an entry: it was changed, or a newer version wrote it")
    if not (_is_place(entry["v"]) and entry["v"] == FORMAT and _is_place(entry["sequence"])):
        raise WrongError("has not the format that this verifier knows")
    if not (isinstance(entry["facts"], dict) and all(isinstance(entry[name], str) for name in ENTRY_TEXTS)):
        raise WrongError("has a field of another type than an entry has")
    if not (AT.fullmatch(entry["at"]) and SEALED.fullmatch(entry.get("sealed", "hmac-sha256:" + "0" * 64))):
        raise WrongError("has a time or a commitment that is none")
    return entry


def read_opening(line: str) -> dict[str, Any]:
    """What opens the private content of one entry: its sequence number, the nonce and the content."""
    opening = parse(line)
    if not isinstance(opening, dict) or opening.keys() != {"sequence", "nonce", "content"}:
        raise WrongError("has not the fields of an opening")
    content = opening["content"]
    texts = isinstance(content, dict) and all(isinstance(text, str) for text in content.values())
    if not (texts and _is_place(opening["sequence"]) and NONCE.fullmatch(opening["nonce"])):
        raise WrongError("has a field of another type than an opening has")
    return opening


def opened(entry: dict[str, Any], opening: dict[str, Any]) -> dict[str, str]:
    """The private content of an entry, where it is the one that the entry commits to."""
    if "sealed" not in entry:
        raise WrongError("opens an entry that has no private content")
    message = canonical(opening["content"]).encode()
    told = "hmac-sha256:" + hmac.new(bytes.fromhex(opening["nonce"]), message, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(told, entry["sealed"]):
        raise WrongError("is not what the entry commits to: it was changed")
    return dict(opening["content"])
