"""The access of an installation with one admin."""

from collections.abc import Callable

import pytest

from plimsoll.access import Access, Acting
from plimsoll.ledger import By, Ledger
from plimsoll.storage import Database


@pytest.fixture
def access(records: Database, ledger: Ledger) -> Access:
    return Access(records, ledger)


@pytest.fixture
def admin(access: Access) -> Acting:
    """The first user of the machine."""
    return access.local("Ada")


@pytest.fixture
def by(admin: Acting) -> By:
    return admin.by


@pytest.fixture
def acts(ledger: Ledger) -> Callable[[], list[str]]:
    """What the ledger holds now."""
    return lambda: [entry.act for entry in ledger.entries()]
