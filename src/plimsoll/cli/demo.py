"""The whole journey on a sample project, by the very commands that a person would type, checked at each step."""

import json
import os
import shutil
import signal
import socket
import tempfile
import threading
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import click

from plimsoll.kernel.errors import GateError, InvalidError

from ._exits import REFUSED
from ._output import console
from ._state import State

if TYPE_CHECKING:
    from plimsoll.bootstrap import Platform

ANSWERABLE = "How much notice do we have to give Lumenfrost to get out of the maintenance agreement?"
UNANSWERABLE = "How much notice do we have to give Brannoch Catering to end the canteen contract?"
_WORSE = {"mode: hybrid": "mode: vector", "top_k: 6": "top_k: 1"}
_APP = "skellan-quay"
_TIMEOUT_S = 30
_NOT_COPIED = ("records.db*", "traces.db*", "keys.db*", "keys", "anchor", "indexes", "lance")


class DemoFolderError(InvalidError):
    """The folder has a project of somebody's own."""

    code = "demo_folder"

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} has another project in it, and the demo changes what is in its folder",
            hint="name another folder with --directory",
        )


class DemoFailedError(GateError):
    """A step of the demo did not do what it says."""

    code = "demo_failed"

    def __init__(self, what: str) -> None:
        super().__init__(f"the demo expected that {what}", hint="please report it with the lines above")


@click.command(short_help="The whole journey on sample documents", epilog="Example: plimsoll demo --port 8080")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("plimsoll-demo"),
    show_default=True,
    help="Where the sample project is written.",
)
@click.option("--port", default=1876, show_default=True, type=click.IntRange(0, 65535), help="Port of the server.")
@click.option("--check", is_flag=True, help="Use a temporary folder and a free port, and end when all is checked.")
@click.pass_context
def demo(context: click.Context, directory: Path, port: int, check: bool) -> None:
    """The whole journey on a sample company's documents, no key needed; leaves the server and the console up."""
    with ExitStack() as stack:
        if check:
            directory, port = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "plimsoll-demo", 0
        Demo(context.find_root().command, directory, port, stay=not check).run()


@dataclass(slots=True)
class Demo:
    """The steps, in their order."""

    root: click.Command
    """What `plimsoll` runs."""
    directory: Path
    port: int
    stay: bool
    _step: int = 0
    _headers: dict[str, str] = field(default_factory=dict)
    """Shown with every call: the key of who runs the demo, where there is one."""
    _failure: list[Exception] = field(default_factory=list)

    def run(self) -> None:
        """Walk the whole journey. Raises DemoFailedError when a step does not do what it says."""
        self._free_port()
        self._folder()
        self._build()
        self._ask()
        self._refused()
        self._released()
        self._shipped()
        self._served()

    def _folder(self) -> None:
        from rich.markup import escape

        from plimsoll.project import load_app, write_sample

        self._title("A folder of documents", "The contracts, invoices, policies and letters of a small company.")
        if not (self.directory / "plimsoll.yaml").exists():
            write_sample(self.directory)
        elif load_app(self.directory).name != _APP:
            raise DemoFolderError(self.directory)
        documents = [path for path in (self.directory / "documents").rglob("*") if path.is_file()]
        kinds = sorted({path.suffix.lstrip(".") for path in documents})
        self._say(f"{len(documents)} documents ({', '.join(kinds)}) in {escape(str(self.directory))}/documents")
        self._without_ocr()

    def _build(self) -> None:
        self._title("Build", "Load, recognise scans, chunk, embed, index. Everything becomes an immutable version.")
        self._command("build")
        self._say("\nAnd once more: stages are cached by content, so nothing is done twice.")
        self._command("build")

    def _ask(self) -> None:
        self._title("Ask", "The built-in reader answers with exact quotations, or says that the documents do not.")
        self._command("ask", ANSWERABLE)
        self._command("ask", UNANSWERABLE)
        with self._platform() as platform:
            latest = platform.traces.latest(platform.app, 2)
        self._expect(latest[1].answered is True, "the first question is answered")
        self._expect(latest[0].answered is False, "the second question is refused")

    def _refused(self) -> None:
        text = "In a copy, somebody sets the search to `vector` and one passage. The gate sees it."
        self._title("A worse setting is refused", text)
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / self.directory.name
            # With the cache, so that nothing is loaded again; without the records and keys, which belong to one folder:
            # nobody may sign two logs with one key.
            shutil.copytree(self.directory, copy, ignore=shutil.ignore_patterns(*_NOT_COPIED))
            settings = copy / "knowledge" / "documents.yaml"
            worse = settings.read_text(encoding="utf-8")
            for before, after in _WORSE.items():
                worse = worse.replace(before, after)
            settings.write_text(worse, encoding="utf-8")
            code = self._command("release", directory=copy)
        self._expect(code == REFUSED, "the gate refuses the worse setting")

    def _released(self) -> None:
        self._title("A good one is released", "With the good setting, exact versions and evidence become one manifest.")
        code = self._command("release")
        self._expect(code == 0, "the gate lets the good setting through")

    def _shipped(self) -> None:
        self._title("Ship", "The environment's pointer moves in one transaction.")
        name = self._release_name()
        with self._platform() as platform:
            live = {place.name: place.live_name for place in platform.environments.environments(platform.app)}
        if live.get("staging") != name:
            self._command("ship", name, "staging", "--reason", "the demo")
        else:
            self._say(f"{name} is live in staging already")

    def _served(self) -> None:
        self._title("Serve", "OpenAI's API, with the release in every answer.")
        from plimsoll.api import ApiSettings, PlatformService, ServerSettings, create_app, run_server

        with self._platform() as platform:
            service = PlatformService(platform, platform.app, ("staging", "production"))
            app = create_app(service, settings=ApiSettings(default_environment="staging"))
            if platform.settings.key is not None:
                self._headers = {"authorization": f"Bearer {platform.settings.key}"}
            run_server(app, ServerSettings(port=self.port), on_ready=self._on_ready)
        if self._failure:
            raise self._failure[0]

    def _on_ready(self, url: str) -> None:
        threading.Thread(target=self._call, args=[url], daemon=True).start()

    def _call(self, url: str) -> None:
        """Call the server as a client would, then explain the answer; in a thread, because the server has this one."""
        try:
            trace = self._chat(url)
            self._title("Explain", "Everything behind that answer, and the same answer again.")
            self._command("lineage", trace)
            self._expect(self._command("replay", trace) == 0, "every provable part of the answer is the same again")
            self._title("Prove", "Every act so far is in a log that nobody can change unseen.")
            self._expect(self._command("audit", "verify") == 0, "the audit log and all records verify")
            page = _read(Request(f"{url}/", headers=self._headers))[1]  # noqa: S310  # our own server
            self._expect(self._release_name() in page, "the console shows the live release")
        except Exception as error:  # noqa: BLE001  # carried to the main thread, which raises it
            self._failure.append(error)
        if self.stay and not self._failure:
            self._say(f"\n[bold green]The server stays up.[/] Console: {url}/   API: {url}/v1   Ctrl-C stops it.")
        else:
            os.kill(os.getpid(), signal.SIGINT)

    def _chat(self, url: str) -> str:
        from rich.markup import escape

        body: dict[str, Any] = {"model": "ask", "messages": [{"role": "user", "content": ANSWERABLE}]}
        self._say(f"POST {url}/v1/chat/completions")
        headers, text = self._post(f"{url}/v1/chat/completions", body)
        answer = json.loads(text)
        names = ("x-plimsoll-release", "x-plimsoll-trace")
        for name in names:
            self._say(f"  {name}: {headers[name]}")
        self._say(f"  {escape(answer['choices'][0]['message']['content'])}")
        self._expect(headers[names[0]] == self._release_digest(), "the answer names the live release")
        self._expect(bool(answer["plimsoll"]["citations"]), "the answer has citations")
        _, stream = self._post(f"{url}/v1/chat/completions", {**body, "stream": True})
        self._expect(stream.rstrip().endswith("data: [DONE]"), "the same answer can be streamed")
        trace: str = headers[names[1]]
        return trace

    def _free_port(self) -> None:
        """Find out now whether the port is free, and not after half a minute."""
        from plimsoll.api import PortInUseError

        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", self.port))
            except OSError as error:
                raise PortInUseError("127.0.0.1", self.port) from error

    def _without_ocr(self) -> None:
        """Where scans cannot be read, say so, and do not ask about them."""
        from plimsoll.documents import ocr_available
        from plimsoll.project import sample_file

        rows = sample_file("datasets/ask.jsonl").decode().splitlines()
        absent = ocr_available() is None
        kept = [row for row in rows if not (absent and "scan" in json.loads(row)["tags"])]
        (self.directory / "datasets" / "ask.jsonl").write_text("\n".join(kept) + "\n", encoding="utf-8")
        if absent:
            self._say(
                "[yellow]tesseract is not installed, so the scanned documents and the questions about them are left "
                "out (apt-get install tesseract-ocr brings them back)[/]"
            )

    def _release_digest(self) -> str:
        with self._platform() as platform:
            return platform.environments.live(platform.app, "staging")

    def _release_name(self) -> str:
        with self._platform() as platform:
            return platform.releases.releases(platform.app)[0].manifest.name

    def _platform(self) -> "AbstractContextManager[Platform]":
        return State(start=self.directory).platform(self.directory.absolute())

    def _say(self, text: str) -> None:
        """Tell the story on stdout, between what the commands print there."""
        console().print(text, highlight=False, soft_wrap=True)

    def _title(self, title: str, text: str) -> None:
        self._step += 1
        self._say(f"\n[bold]{self._step}. {title}[/]\n[dim]{text}[/]")

    def _command(self, *arguments: str, directory: Path | None = None) -> int:
        """Run a command as if it had been typed."""
        shown = " ".join(f'"{part}"' if " " in part else part for part in arguments)
        self._say(f"\n[bold cyan]$ plimsoll {shown}[/]")
        code = self.root.main(
            ["-C", str(directory or self.directory), *arguments],
            prog_name="plimsoll",
            obj=State(),
            standalone_mode=False,
        )
        return code if isinstance(code, int) else 0

    def _post(self, url: str, body: dict[str, Any]) -> tuple[Any, str]:
        headers = {**self._headers, "content-type": "application/json"}
        return _read(Request(url, json.dumps(body).encode(), headers))  # noqa: S310  # our own server

    def _expect(self, truth: bool, what: str) -> None:
        if not truth:
            raise DemoFailedError(what)


def _read(request: Request) -> tuple[Any, str]:
    try:
        with urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310  # our own server
            return response.headers, response.read().decode()
    except URLError as error:
        raise DemoFailedError(f"{request.full_url} answers ({error})") from error


COMMANDS = (demo,)
