"""A key's text is shown once and is nowhere else: not in a database, the ledger, a log, a repr or an error."""

import dataclasses
import logging
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from plimsoll.access import Access, NewKey, NotAuthenticatedError
from plimsoll.access._keys import hash_secret
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import PlimsollError
from plimsoll.kernel.signing import SigningKey
from plimsoll.ledger import By, Ledger, Subjects
from plimsoll.storage import Database
from plimsoll.storage.migrations.keys import KEYS
from plimsoll.storage.migrations.records import RECORDS


def part(made: NewKey) -> str:
    """Enough of the secret to be recognised, without its visible part."""
    return made.secret[16:40]


def test_a_new_key_does_not_show_its_secret(access: Access, by: By) -> None:
    made = access.create_key("Ada", by=by)
    for text in (repr(made), str(made), f"{made}", repr(made.key), repr([made]), repr(access)):
        assert part(made) not in text
    assert part(made) not in f"{dataclasses.astuple(made.key)}"


def test_no_file_on_the_disk_holds_a_secret_or_a_name(tmp_path: Path) -> None:
    records, keys = Database(tmp_path / "records.db", RECORDS), Database(tmp_path / "keys.db", KEYS)
    ledger = Ledger(records, Subjects(keys, b"k" * 32), SigningKey.generate("plimsoll/0011aabb"))
    access = Access(records, ledger)
    first = access.start()
    assert first is not None
    by = access.authenticate(first.secret, utc_now()).by
    access.create_actor("Grace Brewster Hopper", kind="person", roles=["developer"], by=by)
    second = access.create_key("Grace Brewster Hopper", by=by)
    third = access.rotate_key(second.key.prefix, overlap_s=60, by=by)
    content = everything_in(tmp_path)
    records.close()
    keys.close()
    content += everything_in(tmp_path)
    assert second.key.prefix.encode() in content
    for made in (first, second, third):
        assert part(made).encode() not in content
    assert b"Grace" not in content
    assert b"Hopper" not in content


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_the_ledger_holds_neither_the_secret_nor_its_hash(access: Access, by: By, ledger: Ledger) -> None:
    made = access.create_key("Ada", by=by)
    rotated = access.rotate_key(made.key.prefix, overlap_s=60, by=by)
    text = "".join(ledger.lines()) + f"{ledger.private(range(ledger.size()))}"
    for key in (made, rotated):
        assert key.key.prefix in text
        assert part(key) not in text
        assert hash_secret(key.secret).removeprefix("sha256:") not in text


def test_no_log_and_no_error_holds_a_key(access: Access, by: By, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    now = utc_now()
    good = access.create_key("Ada", by=by)
    access.authenticate(good.secret, now)
    unknown = good.secret[:-1]
    revoked = access.create_key("Ada", by=by)
    access.revoke_key(revoked.key.prefix, by=by)
    short = access.create_key("Ada", expires_at=now + timedelta(hours=1), by=by)
    said = [
        refusal(lambda: access.authenticate(unknown, now)),
        refusal(lambda: access.authenticate(revoked.secret, now)),
        refusal(lambda: access.authenticate(short.secret, now + timedelta(hours=2))),
        refusal(lambda: access.revoke_key("plim_bbbb" + good.secret[9:], by=by), PlimsollError),
        refusal(lambda: access.rotate_key("plim_aaaa" + good.secret[9:], overlap_s=1, by=by), PlimsollError),
    ]
    everything = "".join(said) + caplog.text
    assert all(said)
    for made in (good, revoked, short):
        assert part(made) not in everything


def refusal(act: Callable[[], object], family: type[PlimsollError] = NotAuthenticatedError) -> str:
    """Everything that an error says, with its traceback; empty when nothing was refused."""
    try:
        act()
    except family as error:
        return "".join(traceback.format_exception(error)) + repr(error) + error.message + error.hint
    return ""
