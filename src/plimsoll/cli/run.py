"""Running: serve, status."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from plimsoll.kernel.errors import DeniedError, InvalidError, PlimsollError

from ._state import State, json_option
from .show import verdicts

if TYPE_CHECKING:
    from plimsoll.bootstrap import Platform
    from plimsoll.releases.environments import Environment

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_LATEST = 200


class KeyNeededError(DeniedError):
    """A server that others can reach must ask for a key."""

    code = "key_needed"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"a server on {host} can be reached by others, and no key is set",
            hint="export PLIMSOLL_API_KEY=… (callers then send it as their OpenAI key), or use --host 127.0.0.1",
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
        key = platform.settings.api_key
        if host not in _LOOPBACK and key is None:
            raise KeyNeededError(host)
        places = platform.environments.environments(platform.app)
        chosen = choose_environment(platform.app, platform.declared, places, environment)
        service = PlatformService(platform, platform.app, platform.declared)
        service.check(chosen)
        settings = ApiSettings(
            api_key=key, default_environment=chosen, allowed_hosts=(*ApiSettings().allowed_hosts, host, *hosts)
        )
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

    with state.platform(state.project_root()) as platform:
        live = {place.name: place for place in platform.environments.environments(platform.app)}
        latest = platform.traces.latest(platform.app, _LATEST)
        notes = [*_missing_tools(), *_missing_secrets(platform)]
        nothing = {name: Environment(platform.app, name, None, "", None, "") for name in platform.declared}
    places = list((nothing | live).values())
    state.output.result(
        verdicts.status_json(places, latest, notes), lambda screen: verdicts.status(screen, places, latest, notes)
    )


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
