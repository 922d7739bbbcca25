"""What of a knowledge base a caller may search, and what of it the caller wants to."""

import json
import re
from typing import Final

import msgspec

from plimsoll.access import Acting
from plimsoll.flows.serve.parts import Within
from plimsoll.kernel.digest import Json
from plimsoll.retrieval import Filter

from .._errors import FieldError
from ..admission import Sent

GROUPS_HEADER: Final = b"x-plimsoll-groups"
FILTER_HEADER: Final = b"x-plimsoll-filter"
NO_GROUPS: Final = Within()
"""Documents for everybody."""

_MOST_GROUPS: Final = 100
_GROUP: Final = re.compile(r"[^\s,*][^,*]{0,199}")


def within_of(acting: Acting, sent: Sent) -> Within:
    """What may be searched: documents for everybody, and for the groups that a caller with the right `groups` names.

    Raises RightMissingError for groups without that right, and FieldError for headers that cannot be read.
    """
    headers = sent.headers
    if GROUPS_HEADER not in headers and FILTER_HEADER not in headers:
        return NO_GROUPS
    groups = _groups(sent.every(GROUPS_HEADER))
    if groups:
        acting.require("groups")
    return Within(groups, _filter(sent.every(FILTER_HEADER)))


def _groups(values: list[str]) -> tuple[str, ...]:
    name = GROUPS_HEADER.decode()
    try:
        told = ",".join(values).encode("latin-1").decode()
    except UnicodeDecodeError:
        raise FieldError(name, "it is not valid UTF-8") from None
    groups = sorted({group for each in told.split(",") if (group := each.strip())})
    if len(groups) > _MOST_GROUPS:
        raise FieldError(name, f"it names {len(groups)} groups, and {_MOST_GROUPS} are the most")
    for group in groups:
        if not group.isprintable() or _GROUP.fullmatch(group) is None:
            raise FieldError(name, "it names a group that cannot be one", hint="name groups such as hr, board")
    return tuple(groups)


def _filter(values: list[str]) -> dict[str, Json]:
    name = FILTER_HEADER.decode()
    if not values:
        return {}
    if len(values) > 1:
        raise FieldError(name, "this header is given more than once", hint="put all conditions into one object")
    try:
        wanted: Json = msgspec.json.decode(values[0].encode("latin-1"))
        # Readers do not agree which of two twins counts (RFC 8259, section 4).
        json.loads(values[0].encode("latin-1").decode(), object_pairs_hook=_unlike)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FieldError(name, f"it is not JSON: {error}") from None
    Filter.from_json(wanted)
    assert isinstance(wanted, dict)  # noqa: S101  # which the filter has checked, for the type checker
    return wanted


def _unlike(pairs: list[tuple[str, object]]) -> None:
    seen = set()
    for name, _ in pairs:
        if name in seen:
            raise FieldError(FILTER_HEADER.decode(), f"the key `{name[:80]}` stands twice in one object")
        seen.add(name)
