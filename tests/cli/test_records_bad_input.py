"""Bad input for the records: one clear sentence, a stable code, and nothing changed."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run
from tests.flows.conftest import Workshop

Do = Callable[..., Any]


@pytest.fixture
def do(run: Run, workshop: Workshop) -> Do:
    def do(*arguments: str | Path, code: int = 0) -> Any:
        ended = run(*arguments, "--json", folder=workshop.root)
        assert ended.code == code, ended.out + ended.err
        return json.loads(ended.out)

    do("build")
    return do


def refused(do: Do, code: int, *arguments: str | Path) -> str:
    """The error code of a command, which changed nothing that is written down."""
    before = do("audit", "checkpoint")
    error = do(*arguments, code=code)["error"]
    assert error["message"]
    assert error["hint"]
    assert do("audit", "checkpoint") == before
    assert do("audit", "verify")["sound"]
    return str(error["code"])


def written(tmp_path: Path, name: str, content: object) -> Path:
    path = tmp_path / name
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["registry", "show", "promt:answer"], "kind_unknown"),
        (["registry", "list", "--kind", "propmt"], "kind_unknown"),
        (["registry", "show", "prompt"], "reference_invalid"),
        (["registry", "show", "prompt:answer@UPPER CASE"], "reference_invalid"),
        (["registry", "show", "prompt:answer@99"], "version_missing"),
        (["registry", "show", "prompt:nobody"], "version_missing"),
        (["registry", "show", "prompt:answer@nowhere"], "label_missing"),
        (["registry", "label", "prompt:answer@stable", "prompt:answer@nowhere"], "label_missing"),
        (["registry", "label", "prompt:answer@Not Good", "prompt:answer"], "label_invalid"),
        (["registry", "label", "prompt:answer@stable", "prompt:answer@7"], "version_missing"),
        (["registry", "publish", "model:answer", "no-such-file.json"], "file_unusable"),
        (["registry", "publish", "prompt:answer", "plimsoll.yaml"], "kind_built"),
        (["release", "show", "r-0000"], "release_missing"),
        (["audit", "show", "100000"], "entry_missing"),
        (["audit", "erase", "ab", "--yes"], "identifier_unusable"),
        (["audit", "erase", "ada", "--yes"], "last_admin"),
        (["audit", "verify", "--file", "plimsoll.yaml"], "export_unreadable"),
        (["release", "import", "plimsoll.yaml"], "bundle_invalid"),
        (["key", "create", "nobody"], "actor_missing"),
        (["policy", "adopt", "moon"], "environment_unknown"),
    ],
)
def test_what_names_nothing_is_refused(do: Do, workshop: Workshop, arguments: list[str], code: str) -> None:
    found: list[str | Path] = [
        str(workshop.root / part) if part.endswith((".yaml", ".json")) else part for part in arguments
    ]
    assert refused(do, 2, *found) == code


def test_content_that_is_not_what_its_digest_says(do: Do, tmp_path: Path) -> None:
    card = written(tmp_path, "card.json", {"trainer": "logistic"})
    assert refused(do, 3, "registry", "publish", "model:topic", card, "--digest", "sha256:" + "0" * 64) == (
        "digest_mismatch"
    )


def test_a_label_that_would_lead_to_itself(do: Do) -> None:
    do("registry", "label", "prompt:answer@stable", "prompt:answer@1")
    do("registry", "label", "prompt:answer@production", "prompt:answer@stable")
    assert refused(do, 2, "registry", "label", "prompt:answer@stable", "prompt:answer@production") == "label_cycle"


def test_a_version_that_would_be_its_own_ancestor(do: Do, tmp_path: Path) -> None:
    first, second = written(tmp_path, "a.json", {"a": 1}), written(tmp_path, "b.json", {"b": 1})
    do("registry", "publish", "model:a", first)
    do("registry", "publish", "model:b", second, "--parent", "model:a")
    again: list[str | Path] = ["registry", "publish", "model:a", first, "--parent", "model:b"]
    assert refused(do, 2, *again) == "circular_lineage"


def test_a_file_that_a_newer_version_exported(do: Do, tmp_path: Path) -> None:
    name = do("release")["release"]["name"]
    bundle, newer = tmp_path / "release.plimsoll", tmp_path / "newer.plimsoll"
    vkey = do("release", "export", name, bundle)["vkey"]
    content = bundle.read_bytes()
    assert content.count(b'"format":1,"kind":"release"') == 1
    newer.write_bytes(content.replace(b'"format":1,"kind":"release"', b'"format":2,"kind":"release"'))
    assert refused(do, 2, "release", "import", newer, "--trust", vkey) == "bundle_newer"


def test_a_file_that_nobody_trusted_signed(do: Do, tmp_path: Path) -> None:
    from plimsoll.kernel.signing import SigningKey

    name = do("release")["release"]["name"]
    bundle = tmp_path / "release.plimsoll"
    do("release", "export", name, bundle)
    stranger = SigningKey.generate("plimsoll/00000000").verifier.text()
    assert refused(do, 2, "release", "import", bundle, "--trust", stranger) == "key_untrusted"
    assert refused(do, 2, "release", "import", bundle, "--trust", "not a key") == "key_invalid"


@pytest.mark.usefixtures("do")
def test_records_from_the_future(run: Run, workshop: Workshop) -> None:
    database = workshop.root / ".plimsoll" / "records.db"
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO schema_version VALUES (999, 'of a later day', '2999-01-01')")
    connection.close()
    before = database.read_bytes()
    ended = run("registry", "list", "--json", folder=workshop.root)
    assert (ended.code, ended.json["error"]["code"]) == (3, "database_newer")
    assert database.read_bytes() == before


def test_a_changed_record_is_named(do: Do, workshop: Workshop) -> None:
    with sqlite3.connect(workshop.root / ".plimsoll" / "records.db") as connection:
        connection.execute("UPDATE artifact_version SET source_commit = 'forged' WHERE kind = 'prompt'")
    connection.close()
    found = do("registry", "verify", code=1)["findings"]
    assert [finding["place"] for finding in found] == ["version prompt:answer@1"]
    assert "forged" in found[0]["what"]


def test_a_flipped_bit_in_a_content_is_named(do: Do, workshop: Workshop) -> None:
    digest = do("registry", "show", "prompt:answer")["version"]["digest"].removeprefix("sha256:")
    path = workshop.root / ".plimsoll" / "blobs" / digest[:2] / digest[2:]
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)
    found = do("registry", "verify", code=1)["findings"]
    assert [finding["place"] for finding in found] == ["version prompt:answer@1"]
    assert digest in found[0]["what"]


def test_a_tail_that_was_cut_off_is_seen(do: Do, workshop: Workshop) -> None:
    """Whoever has the database cuts the newest entry and puts an older, rightly signed head back."""
    before = read_head(workshop)
    size = do("audit", "verify")["log"]["trust"]["size"]
    do("registry", "label", "prompt:answer@stable", "prompt:answer@1")
    with sqlite3.connect(workshop.root / ".plimsoll" / "records.db") as connection:
        connection.execute("DELETE FROM ledger_entry WHERE sequence >= ?", (size,))
        connection.execute("DELETE FROM ledger_payload WHERE sequence >= ?", (size,))
        connection.execute("DELETE FROM label_move")
        connection.execute("DELETE FROM label")
        connection.execute("UPDATE ledger_head SET size = ?, frontier = ?, last_at = ?, checkpoint = ?", before)
    connection.close()
    report = do("audit", "verify", code=1)
    assert not report["log"]["ok"]
    assert "cut" in json.dumps(report["log"]["findings"])


def read_head(workshop: Workshop) -> tuple[Any, ...]:
    with sqlite3.connect(workshop.root / ".plimsoll" / "records.db") as connection:
        row = connection.execute("SELECT size, frontier, last_at, checkpoint FROM ledger_head").fetchone()
    connection.close()
    return tuple(row)
