"""Bad input: one clear sentence with a hint and the right exit code; the other documents go on; nothing is lost."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas
from tests.cli.conftest import Run
from tests.flows.conftest import TEXTS, Workshop


def a_pdf(path: Path, text: str, lock: StandardEncryption | None = None) -> None:
    canvas = Canvas(str(path), encrypt=lock)
    canvas.drawString(72, 720, text)
    canvas.save()


def outcome(run: Run, workshop: Workshop, name: str) -> dict[str, str]:
    ended = run("build", "--json", folder=workshop.root)
    assert ended.code == 0
    outcomes: list[dict[str, str]] = ended.json["knowledge"][0]["outcomes"]
    assert sum(found["fate"] == "indexed" for found in outcomes) >= len(TEXTS)
    (found,) = [found for found in outcomes if found["path"] == name]
    return found


def put_encrypted(folder: Path) -> None:
    a_pdf(folder / "x.pdf", "secret", StandardEncryption("pw"))


def put_damaged(folder: Path) -> None:
    a_pdf(folder / "x.pdf", "whole")
    path = folder / "x.pdf"
    path.write_bytes(path.read_bytes()[:40])


def put_empty(folder: Path) -> None:
    (folder / "x.pdf").touch()


def put_huge(folder: Path) -> None:
    with (folder / "x.pdf").open("wb") as file:
        file.truncate(200_000_000)


def put_binary(folder: Path) -> None:
    (folder / "x.txt").write_bytes(bytes(range(256)) * 50)


def put_blank(folder: Path) -> None:
    (folder / "x.txt").write_text(" \n\t\n")


@pytest.mark.parametrize(
    ("put", "name", "words"),
    [
        (put_encrypted, "x.pdf", "password"),
        (put_damaged, "x.pdf", "x.pdf"),
        (put_empty, "x.pdf", "empty"),
        (put_huge, "x.pdf", "200.0 MB, and the limit is 100 MB"),
        (put_binary, "x.txt", "not text"),
        (put_blank, "x.txt", "no text"),
    ],
)
def test_a_document_that_cannot_be_read(run: Run, workshop: Workshop, put: object, name: str, words: str) -> None:
    put(workshop.documents)  # type: ignore[operator]  # one of the functions above
    found = outcome(run, workshop, name)
    assert found["fate"] == "failed"
    assert words in found["reason"]
    assert found["hint"]
    assert run("build", "--strict", folder=workshop.root).code == 2
    shown = run("build", folder=workshop.root)
    assert shown.code == 0
    assert f"failed: {name}" in shown.out
    assert "hint:" in shown.out


def test_another_encoding_is_read(run: Run, workshop: Workshop) -> None:
    text = "Die Kündigungsfrist für das Kühlhaus beträgt sechs Wochen zum Monatsende, außer im März. " * 5
    (workshop.documents / "x.txt").write_bytes(text.encode("cp1252"))
    assert outcome(run, workshop, "x.txt")["fate"] == "indexed"
    answer = run("ask", "Kündigungsfrist Kühlhaus sechs Wochen", "--json", folder=workshop.root).json
    assert any("Kühlhaus beträgt" in passage["text"] for passage in answer["passages"])


def test_a_loop_of_links_and_a_link_that_leads_out(run: Run, workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("not meant to be read")
    (workshop.documents / "loop").symlink_to(workshop.documents)
    (workshop.documents / "out.txt").symlink_to(tmp_path / "outside.txt")
    (workshop.documents / "nowhere.txt").symlink_to(workshop.documents / "gone.txt")
    for name in ("loop", "out.txt", "nowhere.txt"):
        found = outcome(run, workshop, name)
        assert (found["fate"], bool(found["reason"]), bool(found["hint"])) == ("skipped", True, True)


def test_a_duplicate_is_listed(run: Run, workshop: Workshop) -> None:
    (workshop.documents / "zz.md").write_text(TEXTS["policies/leave.md"])
    found = outcome(run, workshop, "zz.md")
    assert (found["fate"], "policies/leave.md" in found["reason"]) == ("duplicate", True)


def test_all_mistakes_in_the_files_at_once(run: Run, workshop: Workshop) -> None:
    workshop.write("knowledge/texts.yaml", "sources: [{path: documents}]\nchunck: {size: 400}\n")
    workshop.write("endpoints/ask.yaml", "kind: rag\nprompt: anwser\nknowledge: texts\nroute: default\n")
    workshop.write("routes/default.yaml", "model: builtin/reader\napi_key: sk-very-secret-value\n")
    ended = run("build", folder=workshop.root)
    assert ended.code == 2
    for words in ("knowledge/texts.yaml:2", "chunck", "endpoints/ask.yaml:2", "anwser", "routes/default.yaml:2"):
        assert words in ended.err
    assert "did you mean" in ended.err
    assert "sk-very-secret-value" not in ended.err
    mistakes = run("build", "--json", folder=workshop.root).json["error"]["mistakes"]
    assert len(mistakes) >= 3
    assert all(mistake["file"] and mistake["what"] for mistake in mistakes)


def test_a_missing_key_is_named(run: Run, workshop: Workshop) -> None:
    workshop.write("routes/default.yaml", "model: openai/gpt-4.1-mini\napi_key: ${env:HARBOUR_KEY}\n")
    assert run("build", folder=workshop.root).code == 0
    ended = run("ask", "Anything?", folder=workshop.root)
    assert ended.code == 2
    assert "routes/default.yaml needs the environment variable HARBOUR_KEY" in ended.err
    assert "export HARBOUR_KEY=" in ended.err
    assert "HARBOUR_KEY" in run("status", folder=workshop.root).out


def ship_something(run: Run, workshop: Workshop) -> None:
    name = run("release", "--json", folder=workshop.root).json["release"]["name"]
    assert run("ship", name, "staging", folder=workshop.root).code == 0


def test_a_port_in_use(run: Run, workshop: Workshop) -> None:
    ship_something(run, workshop)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run("serve", "--port", port, folder=workshop.root)
    assert ended.code == 3
    assert f"{port}" in ended.err
    assert "--port" in ended.err


def test_serving_others_needs_a_key(run: Run, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one is made and shown when somebody starts the server who may make keys; Otto may not."""
    ship_something(run, workshop)
    assert run("actor", "create", "otto", "--role", "operator", folder=workshop.root).code == 0
    monkeypatch.setenv("PLIMSOLL_ACTOR", "otto")
    ended = run("serve", "--host", "0.0.0.0", "--port", 0, folder=workshop.root)  # noqa: S104  # refused before it binds
    assert ended.code == 2
    assert "no key was made yet, and otto may not make one" in ended.err
    assert "plimsoll key create" in ended.err


def test_nothing_to_serve(run: Run, workshop: Workshop) -> None:
    ended = run("serve", folder=workshop.root)
    assert (ended.code, "plimsoll ship" in ended.err) == (2, True)


def test_a_full_disk_stops_with_a_sentence_and_loses_nothing(
    run: Run, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("build", folder=workshop.root).code == 0
    before = run("registry", "list", "--json", folder=workshop.root).json
    (workshop.documents / "new.txt").write_text("The crane lifts nine tonnes.")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        ended = run("build", folder=workshop.root)
    assert ended.code == 3
    assert "the disk is full" in ended.err
    assert "free some space" in ended.err
    assert run("registry", "list", "--json", folder=workshop.root).json == before
    assert run("ask", "How many days of paid leave?", folder=workshop.root).code == 0
    assert run("build", "--json", folder=workshop.root).json["knowledge"][0]["documents"] == len(TEXTS) + 1


def test_a_disk_that_is_really_full(workshop: Workshop) -> None:
    """A limit on the size of files stands for the disk, so that SQLite and the index meet it too."""
    (workshop.documents / "big.txt").write_text(
        "\n\n".join(f"Paragraph {n} has its own words: {n * 7919}." for n in range(20_000))
    )
    limited = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"
        "from plimsoll.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    command = [sys.executable, "-c", limited, "-C", str(workshop.root), "build"]
    environment = {**os.environ, "PLIMSOLL_ACTOR": "ada"}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment)
    assert ended.returncode == 3, ended.stderr
    assert ended.stderr.startswith("error: ")
    assert "hint: " in ended.stderr
    whole = workshop.build()
    assert whole.knowledge[0].indexed == len(TEXTS) + 1


def test_wrong_use_shows_the_way(run: Run, tmp_path: Path) -> None:
    assert run("build", folder=tmp_path).code == 2
    assert "plimsoll init" in run("build", folder=tmp_path).err
    assert run("build", "--nonsense").code == 2
    assert run("frobnicate").code == 2
    assert run("--help").code == 0
    assert run("--version").out.startswith("plimsoll")


def test_a_setting_that_cannot_be_used(run: Run, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLIMSOLL_WORKERS", "many")
    ended = run("build", folder=workshop.root)
    assert (ended.code, "PLIMSOLL_WORKERS" in ended.err) == (2, True)


def test_damaged_records_are_not_used(run: Run, workshop: Workshop) -> None:
    run("build", folder=workshop.root)
    for path in (workshop.root / ".plimsoll" / "blobs").rglob("*"):
        if path.is_file():
            path.write_bytes(b"x" + path.read_bytes()[1:])
    ended = run("ask", "Anything?", folder=workshop.root)
    assert ended.code == 3
    assert "changed on disk" in ended.err


def test_a_broken_file_keeps_nobody_from_rolling_back(run: Run, workshop: Workshop) -> None:
    ship_something(run, workshop)
    workshop.write("prompts/answer.yaml", "system: Answer shortly.\n")
    second = run("release", "--json", folder=workshop.root).json["release"]["name"]
    assert run("ship", second, "staging", folder=workshop.root).code == 0
    workshop.write("prompts/answer.yaml", "bad: [")
    assert run("build", folder=workshop.root).code == 2
    assert run("rollback", "staging", folder=workshop.root).code == 0
    assert run("status", folder=workshop.root).code == 0


def test_control_characters_of_strangers_do_not_reach_the_terminal(run: Run, workshop: Workshop) -> None:
    run("build", folder=workshop.root)
    run("ask", "what \x1b[31m is \x01 the paid leave", folder=workshop.root)
    shown = run("trace", "list", folder=workshop.root).out
    assert "\x1b[31m" not in shown
    assert "\x01" not in shown
    assert "paid leave" in shown


def test_usage_errors_are_json_for_programs(run: Run) -> None:
    ended = run("ship", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (2, "invalid")


@pytest.mark.parametrize(
    ("shell", "code"),
    [("{plimsoll} registry list | true; exit ${{PIPESTATUS[0]}}", 0), ("{plimsoll} registry list > /dev/full", 3)],
)
def test_an_output_that_nobody_takes(run: Run, workshop: Workshop, shell: str, code: int) -> None:
    run("build", folder=workshop.root)
    plimsoll = f"{sys.executable} -c 'from plimsoll.cli import main; main()' -C {workshop.root}"
    command = ["bash", "-c", shell.format(plimsoll=plimsoll)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_terminal_that_cannot_show_a_character(workshop: Workshop) -> None:
    workshop.build()
    command = [sys.executable, "-c", "from plimsoll.cli import main; main()", "-C", str(workshop.root), "status"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PLIMSOLL_ACTOR": "ada"}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert ended.returncode == 0, ended.stderr


def test_odd_settings_and_folders(
    run: Run, workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLIMSOLL_HOME", "~nobody-of-this-name/x")
    assert run("build", folder=workshop.root).code == 2
    monkeypatch.delenv("PLIMSOLL_HOME")
    ended = run("registry", "show", f"prompt:answer@{'9' * 20}", folder=workshop.root)
    assert (ended.code, "error:" in ended.err) == (2, True)
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    ended = run("build")
    assert (ended.code, "does not exist any more" in ended.err) == (2, True)
    monkeypatch.undo()


def test_a_damaged_cache_may_be_deleted(run: Run, workshop: Workshop) -> None:
    run("build", folder=workshop.root)
    (workshop.root / ".plimsoll" / "cache.db").write_bytes(b"no database at all " * 500)
    ended = run("build", folder=workshop.root)
    assert (ended.code, "delete it" in ended.err) == (3, True)
    (workshop.root / ".plimsoll" / "cache.db").unlink()
    assert run("build", folder=workshop.root).code == 0


def test_the_demo_leaves_other_projects_alone(run: Run, workshop: Workshop) -> None:
    before = (workshop.root / "datasets" / "ask.jsonl").read_text()
    ended = run("demo", "--directory", workshop.root, "--port", 0)
    assert (ended.code, "--directory" in ended.err) == (2, True)
    assert (workshop.root / "datasets" / "ask.jsonl").read_text() == before
