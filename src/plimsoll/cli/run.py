"""Running: serve, status."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING

import click

from plimsoll.kernel.errors import DeniedError, InvalidError, PlimsollError

from ._state import State, json_option
from .show import verdicts

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.bootstrap import Platform
    from plimsoll.releases.environments import Environment
    from plimsoll.tracing import TraceSummary

_LATEST = 200


class KeyNeededError(DeniedError):
    """A server that others can reach must ask for a key, and who starts it may not make the first one."""

    code = "key_needed"

    def __init__(self, host: str, who: str) -> None:
        super().__init__(
            f"a server on {host} can be reached by others, no key was made yet, and {who} may not make one",
            hint="ask somebody with the right `keys` for `plimsoll key create ACTOR`, or use --host 127.0.0.1",
        )


class NothingToServeError(InvalidError):
    """Nothing is live anywhere."""

    code = "nothing_to_serve"

    def __init__(self, app: str) -> None:
        super().__init__(
            f"no release of {app} is live in any environment",
            hint="run `plimsoll release`, then `plimsoll ship RELEASE staging`",
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
@click.pass_obj
def serve(state: State, host: str, port: int, environment: str | None, hosts: tuple[str, ...]) -> None:
    """Answer over HTTP: OpenAI's API at /v1, the console at /, health and metrics beside them."""
    from plimsoll.api import ApiSettings, PlatformService, create_app, run_server

    with state.platform(state.project_root()) as platform:
        reachable, shared = reachable_by_others(host), _shared_key(platform)
        places = platform.environments.environments(platform.app)
        chosen = choose_environment(platform.app, platform.declared, places, environment)
        service = PlatformService(platform, platform.app, platform.declared)
        service.check(chosen)
        settings = ApiSettings(
            api_key=shared,
            keys_required=reachable or platform.settings.api_key is not None,
            default_environment=chosen,
            allowed_hosts=(*ApiSettings().allowed_hosts, host, *hosts),
        )
        if reachable and shared is None:
            _first_key(state, platform, host)
        run_server(
            create_app(service, settings=settings),
            host=host,
            port=port,
            on_ready=lambda url: _tell(state, url, f"{platform.app} in {chosen}"),
        )


@click.command(short_help="Environments and requests at a glance", epilog="Example: plimsoll status --json")
@json_option
def status(state: State) -> None:
    """Environments, live releases and the latest requests at a glance."""
    from plimsoll.releases.environments import Environment

    with state.platform(state.project_root(), "read") as platform:
        live = {place.name: place for place in platform.environments.environments(platform.app)}
        latest = platform.traces.latest(platform.app, _LATEST)
        notes = [*_missing_tools(), *_missing_secrets(platform)]
        nothing = {name: Environment(platform.app, name, None, "", None, "") for name in platform.declared}
    places = list((nothing | live).values())
    state.output.result(
        verdicts.status_json(places, latest, notes), lambda screen: _show_status(screen, places, latest, notes)
    )


def _show_status(
    screen: "Console", places: "Sequence[Environment]", latest: "Sequence[TraceSummary]", notes: Sequence[str]
) -> None:
    shared = [place for place in places if place.candidate is not None]
    said = [
        f"{place.candidate_name} answers {place.candidate_share * 100:.4g} % of the traffic of {place.name}"
        for place in shared
    ]
    verdicts.status(screen, places, latest, [*said, *notes])


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


def _first_key(state: State, platform: "Platform", host: str) -> None:
    """Make the key of the first admin and show it this once, on an installation where no key was ever made.

    Whoever starts the server needs the right `keys`: otherwise starting it would be a way to become admin.
    """
    acting = platform.acting
    if platform.access.any_key():
        return
    if "keys" not in acting.rights:
        raise KeyNeededError(host, acting.name)
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
        platform.check_routes(platform.releases.working_draft(platform.app))
    except PlimsollError as error:
        return [f"{error.message}: {error.hint}"]
    return []


def _tell(state: State, url: str, what: str) -> None:
    state.output.say(f"[bold green]serving[/] {what}")
    state.output.say(f"  console      {url}/")
    state.output.say(f"  OpenAI API   {url}/v1   (base_url of the openai SDK)")
    state.output.say("  Ctrl-C stops")


COMMANDS = (serve, status)
