"""What the check `presidio` says with the real analyzer, of texts from standard input; every connection is refused.

Run on its own, with the place of Presidio in front of all others: what it needs does not fit beside the rest.
"""

import json
import socket
import sys
from typing import Any, NoReturn

from tests.checks.outside.fakes import FakeOutside

from plimsoll.checks.outside import FACTORIES
from plimsoll.kernel.errors import PlimsollError


def _refused(*_where: Any, **_how: Any) -> NoReturn:
    raise ConnectionRefusedError("nothing may be fetched")


def main() -> None:
    """Reads `[{"rule": …, "text": …}]`; prints for each what was found (words, kind, score), or the error."""
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, _refused)
    socket.getaddrinfo = _refused
    print(json.dumps([_said(one["rule"], one["text"]) for one in json.load(sys.stdin)]))


def _said(rule: dict[str, Any], text: str) -> Any:
    try:
        found = FACTORIES["presidio"]({"check": "presidio", **rule}, FakeOutside()).find(text)
    except PlimsollError as error:
        return error.message
    return [[text[one.start : one.end], one.kind, one.score] for one in found]


if __name__ == "__main__":
    main()
