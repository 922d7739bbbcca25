import ast
import json
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger.verifier_files import (
    SIGNER,
    AuditExport,
    a_ledger,
    a_release,
    said,
    text_of,
    write_tar,
)

from plimsoll.ledger import verifier
from plimsoll.ledger.verifier import (
    UnreadableError,
    main,
    standalone,
    verify_file,
)

FOLDER = Path(verifier.__file__).parent


def export(more: int = 0, sizes: tuple[int, ...] = (5, 12)) -> AuditExport:
    return AuditExport.of(a_ledger(more), sizes)


in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


# The single file


def test_it_imports_only_the_standard_library() -> None:
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                assert str(node.module).partition(".")[0] in sys.stdlib_module_names
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 1
            elif isinstance(node, ast.Import):
                assert {name.name for name in node.names} <= sys.stdlib_module_names


def test_the_joined_file_is_python_3_9_and_defines_every_name_once() -> None:
    tree = ast.parse(standalone(), feature_version=(3, 9))
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    values = [
        ast.unparse(node.targets[0]) + ast.unparse(node.value) for node in tree.body if isinstance(node, ast.Assign)
    ]
    targets = [ast.unparse(node.targets[0]) for node in tree.body if isinstance(node, ast.Assign)]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert len(set(targets)) == len(set(values))
    assert set(targets) & set(names) == set()
    relative = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
    assert relative == []


@pytest.mark.parametrize("kind", ["audit", "release"])
def test_it_runs_alone_as_one_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    export().write(path) if kind == "audit" else a_release().write(path)
    program = tmp_path / "verify.py"
    program.write_text(standalone())
    command = [sys.executable, "-I", str(program), str(path), "--key", SIGNER.vkey, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert (report["ok"], report["kind"], report["story"][0]["role"]) == (
        True,
        kind,
        "live" if kind == "audit" else "ship",
    )


# What cannot be read


def refused(path: Path, **given: Any) -> str:
    with pytest.raises(UnreadableError) as caught:
        verify_file(path, **given)
    return str(caught.value)


def test_files_that_are_too_large_or_none_of_ours_are_refused(tmp_path: Path) -> None:
    path = export().write(tmp_path / "a")
    large = tarfile.TarInfo("entries.jsonl")
    large.size = (1 << 31) + 1
    (tmp_path / "large").write_bytes(large.tobuf(tarfile.USTAR_FORMAT))
    assert "larger than 2 GiB" in refused(tmp_path / "large")
    (tmp_path / "cut").write_bytes(path.read_bytes()[:6000])
    assert "cut off in the middle of" in refused(tmp_path / "cut")
    (tmp_path / "text").write_text("hello " * 200)
    assert "no plain tar archive" in refused(tmp_path / "text")
    assert "cannot be read" in refused(tmp_path / "nothing")
    assert "is no key" in refused(path, key="nonsense")
    (tmp_path / "held").write_text("hello\n")
    assert "something else than signed checkpoints" in refused(path, checkpoints=[tmp_path / "held"])
    newer = write_tar(tmp_path / "new", {"export.json": b'{"format":2,"kind":"audit"}'})
    assert "this verifier knows format 1" in refused(newer)


def test_exit_statuses_are_honest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = export()
    assert main([str(whole.write(tmp_path / "a"))]) == 0
    del whole.lines[3]
    assert main([str(whole.write(tmp_path / "b"))]) == 1
    assert "  entry 3: is missing\n" in capsys.readouterr().out
    assert main([str(tmp_path / "none")]) == 2
    for wrong in (["--at", "yesterday", "x"], ["--at", "2026-05-01T00:00:00", "x"], [], ["--nonsense"]):
        with pytest.raises(SystemExit) as ended:
            main(wrong)
        assert ended.value.code == 2


def test_held_checkpoints_may_be_json_lines(tmp_path: Path) -> None:
    whole = export()
    notes = tmp_path / "checkpoints.jsonl"
    notes.write_text("".join(json.dumps({"note": note}) + "\n" for note in whole.notes))
    assert verify_file(whole.write(tmp_path / "a"), [notes]).trust["held"] == 3


@given(data=st.data())
@in_one_folder
def test_no_damage_of_a_file_makes_it_crash(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "whole"
    if not path.exists():
        a_release().write(path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = tmp_path / "damaged"
    damaged.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    assert main([str(damaged), "--json"]) in {0, 1, 2}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=3), some, max_size=3),
)


@given(data=st.data())
@in_one_folder
def test_no_value_in_the_place_of_another_makes_it_crash(tmp_path: Path, data: st.DataObject) -> None:
    release = a_release()
    name = data.draw(st.sampled_from(["manifest.json", "versions.json", "attestation.json", "bundle.json"]))
    value = json.loads(release.files()[name])
    around, key = value, data.draw(st.sampled_from(list(value) if isinstance(value, dict) else range(len(value))))
    while isinstance(around[key], dict | list) and around[key] and data.draw(st.booleans()):
        around = around[key]
        key = data.draw(st.sampled_from(list(around) if isinstance(around, dict) else range(len(around))))
    before, around[key] = around[key], data.draw(json_values)
    release.replaced[name] = text_of(value).encode()
    status = main([str(release.write(tmp_path / "r")), "--json"])
    assert status in {1, 2} or around[key] == before or key in {"created_at", "payload", "keyid"}


def test_an_entry_of_any_shape_is_a_finding_and_no_crash(tmp_path: Path) -> None:
    log = a_ledger()
    for act in ("gate.judge", "release.freeze", "review.approve", "environment.ship", "actor.create", "subject.erase"):
        for facts in ({}, {"evidence": 3, "release": []}, {"subject": {}, "place": 1, "to": [], "environment": {}}):
            log.add(act, facts)
    assert main([str(AuditExport.of(log).write(tmp_path / "a"))]) == 1
    deep = export()
    deep.lines[4] = "[" * 100_000
    assert "entry 4 (line 5)" in said(verify_file(deep.write(tmp_path / "b")))
