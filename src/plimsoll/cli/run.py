"""Running: serve, status."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import DeniedError, InvalidError, PlimsollError

from ._exits import exit_code
from ._state import State, json_option, may
from .nouns.budget import seen_windows
from .nouns.refresh import worker_beside
from .show import verdicts

if TYPE_CHECKING:
    from rich.console import Console
    from starlette.types import ASGIApp

    from plimsoll.api.server import ServerSettings
    from plimsoll.bootstrap import Platform
    from plimsoll.releases.environments import Environment
    from plimsoll.tracing import TraceSummary

_LATEST = 200
_DAY = timedelta(days=1)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class KeyNeededError(DeniedError):
    """A server that others can reach must ask for a key, and who starts it may not make the first one."""

    code = "key_needed"

    def __init__(self, host: str, who: str) -> None:
        super().__init__(
            f"a server on {host} can be reached by others, no key was made yet, and {who} may not make one",
            hint="ask somebody with the right `keys` for `plimsoll key create ACTOR`, or use --host 127.0.0.1",
        )


class TlsHalfError(InvalidError):
    """A certificate without its key, or a key without its certificate."""

    code = "tls_half"

    def __init__(self) -> None:
        super().__init__("TLS needs a certificate and its key", hint="give both --tls-cert and --tls-key")


class NothingToServeError(InvalidError):
    """Nothing is live anywhere."""

    code = "nothing_to_serve"

    def __init__(self, app: str) -> None:
        super().__init__(
            f"no release of {app} is live in any environment",
            hint="run `plimsoll release`, then `plimsoll ship RELEASE staging`",
        )


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What `plimsoll serve` was told."""

    host: str
    port: int
    environment: str | None
    hosts: tuple[str, ...]
    workers: int
    drain_s: float
    most_body_mb: float
    tls_cert: Path | None
    tls_key: Path | None
    origins: tuple[str, ...]
    log_format: Literal["json", "text"]
    access_log: bool
    inherited: tuple[int, int] | None

    def server(self) -> "ServerSettings":
        """How the server is set up. Raises TlsHalfError."""
        from plimsoll.api.server import ServerSettings, TlsFiles

        if (self.tls_cert is None) != (self.tls_key is None):
            raise TlsHalfError
        tls = TlsFiles(self.tls_cert, self.tls_key) if self.tls_cert and self.tls_key else None
        return ServerSettings(
            host=self.host,
            port=self.port,
            workers=self.workers,
            drain_s=self.drain_s,
            tls=tls,
            cors_origins=self.origins,
            access_log=self.access_log,
        )


@click.command(
    short_help="Answer over HTTP, with a console", epilog="Example: plimsoll serve --env staging --port 8080"
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=1876, show_default=True, type=click.IntRange(0, 65535), help="0 takes any free port.")
@click.option(
    "--env", "environment", help="Answers requests that name no environment; otherwise the last with a release."
)
@click.option("--allowed-host", "hosts", multiple=True, help="A name by which callers reach this server; repeatable.")
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that answer on the port."
)
@click.option(
    "--drain-s",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0, 3600),
    help="Seconds that requests in flight have to end after SIGTERM.",
)
@click.option(
    "--max-body-mb",
    "most_body_mb",
    default=8.0,
    show_default=True,
    type=click.FloatRange(0.001, 1024),
    help="The largest body of a request, in MiB.",
)
@click.option("--tls-cert", type=_FILE, help="Certificate with its chain (PEM); read again on SIGHUP.")
@click.option("--tls-key", type=_FILE, help="Private key of the certificate (PEM, not encrypted).")
@click.option("--cors-origin", "origins", multiple=True, help="An origin whose pages may call; repeatable; * for all.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    envvar="PLIMSOLL_LOG_FORMAT",
    help="How the log on stderr is written.",
)
@click.option("--access-log", is_flag=True, help="Log every request: method, path, status, time, trace, key.")
@click.option("--worker-files", "inherited", type=(int, int), hidden=True)
@click.pass_obj
def serve(state: State, /, **given: Any) -> None:
    """Answer over HTTP: OpenAI's and Anthropic's APIs at /v1, the console at /, health and metrics beside them."""
    from plimsoll.api.server import logging_to

    options = ServeOptions(**given)
    options.server()
    with logging_to(sys.stderr, options.log_format, requests=options.access_log):
        if options.inherited is not None:
            _serve_as_worker(state, options, options.inherited)
        elif options.workers > 1:
            _serve_with_workers(state, options)
        else:
            _serve_alone(state, options)


def _serve_alone(state: State, options: ServeOptions) -> None:
    from plimsoll.api.server import run_server

    root = state.project_root()
    with state.platform(root) as platform:
        chosen = _chosen(state, platform, options)
        app = _application(platform, options, chosen)
        with worker_beside(platform.settings, platform.app, root, options.log_format), _watching(platform):
            run_server(app, options.server(), on_ready=lambda url: _tell(state, url, f"{platform.app} in {chosen}"))


def _serve_with_workers(state: State, options: ServeOptions) -> None:
    """Check what can be checked once, and leave the rest to the workers, which open the platform themselves."""
    from plimsoll.api.server import Inherited, run_workers

    root = state.project_root()
    with state.platform(root) as platform:
        chosen = _chosen(state, platform, options)
        what = f"{platform.app} in {chosen}, {options.workers} workers"
        settings, name = platform.settings, platform.app
    arguments = ["-C", str(root.absolute()), "serve", "--env", chosen, *_repeated(options)]

    def command(inherited: Inherited) -> list[str]:
        files = ["--worker-files", str(inherited.listener), str(inherited.line)]
        # -P: a worker imports nothing from the current folder, as the installed command does not.
        return [sys.executable, "-P", "-c", "from plimsoll.cli import main; main()", *arguments, *files]

    with worker_beside(settings, name, root, options.log_format):
        run_workers(command, options.server(), on_ready=lambda url: _tell(state, url, what))


def _serve_as_worker(state: State, options: ServeOptions, files: tuple[int, int]) -> None:
    from plimsoll.api.server import Inherited, report_failure, run_worker

    inherited = Inherited(*files)
    try:
        with state.platform(state.project_root()) as platform, _watching(platform):
            run_worker(_application(platform, options, options.environment or ""), options.server(), inherited)
    except PlimsollError as error:
        report_failure(inherited, error)
        raise click.exceptions.Exit(exit_code(error)) from None


def _watching(platform: "Platform") -> AbstractContextManager[None]:
    """Ask in the background whether the embedders of what is live are what they were."""
    from plimsoll.worker import watching_embedders

    lock = platform.settings.home / f"embedders-{platform.app}.lock"
    return watching_embedders(lambda: nullcontext(platform), lock, at_start=True)


def _repeated(options: ServeOptions) -> list[str]:
    """The options as a worker needs them."""
    given: list[tuple[str, object]] = [
        ("--host", options.host),
        ("--workers", options.workers),
        ("--drain-s", options.drain_s),
        ("--max-body-mb", options.most_body_mb),
        ("--log-format", options.log_format),
        *(("--allowed-host", host) for host in options.hosts),
        *(("--cors-origin", origin) for origin in options.origins),
    ]
    if options.tls_cert and options.tls_key:
        given += [("--tls-cert", options.tls_cert.absolute()), ("--tls-key", options.tls_key.absolute())]
    flat = [part for name, value in given for part in (name, str(value))]
    return [*flat, "--access-log"] if options.access_log else flat


def _chosen(state: State, platform: "Platform", options: ServeOptions) -> str:
    """The environment that answers when none is named, able to; and a first key where one is needed."""
    from plimsoll.api import PlatformService

    places = platform.environments.environments(platform.app)
    chosen = choose_environment(platform.app, platform.declared, places, options.environment)
    PlatformService(platform, platform.app, platform.declared).check(chosen)
    _note_secrets(state, platform, chosen)
    if reachable_by_others(options.host) and _shared_key(platform) is None:
        _first_key(state, platform, options)
    return chosen


def _note_secrets(state: State, platform: "Platform", environment: str) -> None:
    """Say which targets of the live release do not answer, for want of a secret."""
    manifest = platform.releases.manifest(platform.environments.live(platform.app, environment))
    for missing in platform.check_routes(manifest):
        state.output.say(f"[yellow]note[/] {missing.message}; until then that target does not answer")


def _application(platform: "Platform", options: ServeOptions, environment: str) -> "ASGIApp":
    from plimsoll.api import ApiSettings, PlatformService, create_app

    service = PlatformService(platform, platform.app, platform.declared)
    settings = ApiSettings(
        api_key=_shared_key(platform),
        keys_required=reachable_by_others(options.host) or platform.settings.api_key is not None,
        default_environment=environment,
        allowed_hosts=(*ApiSettings().allowed_hosts, options.host, *options.hosts),
        max_body_bytes=int(options.most_body_mb * 1024 * 1024),
    )
    return create_app(service, settings=settings)


@click.command(short_help="Environments and requests at a glance", epilog="Example: plimsoll status --json")
@json_option
def status(state: State) -> None:
    """Environments, live releases and the latest requests at a glance."""
    from plimsoll.releases.environments import Environment

    with state.platform(state.project_root(), "read") as platform:
        live = {place.name: place for place in platform.environments.environments(platform.app)}
        latest = platform.traces.latest(platform.app, _LATEST)
        notes = [
            *_missing_tools(),
            *_missing_secrets(platform),
            *_lost_traces(platform),
            *_changed_embedders(platform),
        ]
        nothing = {name: Environment(platform.app, name, None, "", None, "") for name in platform.declared}
        day = _last_day(platform)
        with_content = may(platform, "trace")
    places = list((nothing | live).values())
    state.output.result(
        verdicts.status_json(places, latest, notes, day, with_content=with_content),
        lambda screen: _show_status(screen, places, latest, notes, day),
    )


def _lost_traces(platform: "Platform") -> Iterator[str]:
    """A note when traces of the last 24 hours could not be kept, whichever process lost them."""
    lost = platform.traces.lost(platform.app, since=utc_now() - _DAY)
    if lost:
        yield f"{lost} traces of the last 24 hours could not be kept; the server's log says why"


def _changed_embedders(platform: "Platform") -> Iterator[str]:
    """A note for each embedder that was not what it was when it was asked last."""
    for check in platform.embedder_watch().current():
        if check.verdict == "changed":
            yield f"knowledge {check.knowledge}: {check.why}: {check.hint}"


def _last_day(platform: "Platform") -> verdicts.LastDay:
    """How the requests of the last 24 hours ended, and the present windows of which it was told that they fill up."""
    now = utc_now()
    ended = platform.traces.costs(platform.app, "status", since=now - _DAY, until=now)
    shown = seen_windows(platform, platform.consumption.windows(platform.app, now))
    return verdicts.LastDay(ended, [use for use in shown if use.told])


def _show_status(
    screen: "Console",
    places: "Sequence[Environment]",
    latest: "Sequence[TraceSummary]",
    notes: Sequence[str],
    day: verdicts.LastDay,
) -> None:
    shared = [place for place in places if place.candidate is not None]
    said = [
        f"{place.candidate_name} answers {place.candidate_share * 100:.4g} % of the traffic of {place.name}"
        for place in shared
    ]
    verdicts.status(screen, places, latest, [*said, *notes], day)


def choose_environment(app: str, declared: Sequence[str], live: "Sequence[Environment]", wanted: str | None) -> str:
    """The environment that answers requests which name none.

    Raises NothingToServeError and EnvironmentUnknownError.
    """
    from plimsoll.releases import EnvironmentUnknownError

    names = {place.name for place in live}
    if wanted is not None and wanted not in {*declared, *names}:
        raise EnvironmentUnknownError(wanted, declared)
    if wanted is not None:
        return wanted
    in_order = [name for name in declared if name in names] or sorted(names)
    if not in_order:
        raise NothingToServeError(app)
    return in_order[-1]


def reachable_by_others(host: str) -> bool:
    """Whether a server on an address can be called from another machine; in doubt it can."""
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def _shared_key(platform: "Platform") -> str | None:
    """The key that all callers may share; one from the records counts as itself, so that it can be revoked."""
    key = platform.settings.api_key
    return None if key is None or key.startswith("plim_") else key


def _first_key(state: State, platform: "Platform", options: ServeOptions) -> None:
    """Make the key of the first admin and show it this once, on an installation where no key was ever made.

    Whoever starts the server needs the right `keys`: otherwise starting it would be a way to become admin.
    """
    from plimsoll.api.server import bind

    acting = platform.acting
    if platform.access.any_key():
        return
    if "keys" not in acting.rights:
        raise KeyNeededError(options.host, acting.name)
    # A server that cannot listen must not have shown what is shown once.
    bind(options.host, options.port).close()
    made = platform.access.start()
    if made is None:  # another process that starts now made it, and shows it
        return
    state.output.say("[bold green]first start[/]: others can reach this server, so every caller must show a key.")
    state.output.say("The key of the first admin is shown once, now; only a hash of it is kept:\n")
    # Printed as it is: neither wrapped nor coloured, and through no log.
    click.echo(f"  {made.secret}\n", err=True)
    state.output.say("It may do everything. For callers make others: plimsoll key create ACTOR --only call\n")


def _missing_tools() -> list[str]:
    from plimsoll.documents import ocr_available

    if ocr_available() is None:
        return ["tesseract is not installed, so scanned documents are left out: apt-get install tesseract-ocr"]
    return []


def _missing_secrets(platform: "Platform") -> list[str]:
    try:
        missing = platform.check_routes(platform.releases.working_draft(platform.app))
    except PlimsollError as error:
        return [f"{error.message}: {error.hint}"]
    return [f"{error.message}: {error.hint}" for error in missing]


def _tell(state: State, url: str, what: str) -> None:
    state.output.say(f"[bold green]serving[/] {what}")
    state.output.say(f"  console        {url}/")
    state.output.say(f"  OpenAI API     {url}/v1   (base_url of the openai SDK)")
    state.output.say(f"  Anthropic API  {url}   (base_url of the anthropic SDK)")
    state.output.say("  Ctrl-C stops")


COMMANDS = (serve, status)
