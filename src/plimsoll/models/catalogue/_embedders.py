"""Which embedders a pipeline can name, and how each of them is made."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from plimsoll.http import Client

from .._errors import UnknownEmbedderError
from .._types import Embedder
from ..embedders import EmbedderSettings, GuardedEmbedder
from ..embedders._errors import EmbedderSettingsError
from ._factory import RouteSettings, count_tokens, make_remote_embedding_model
from ._presets import MINILM, PRESETS, STATIC, check_model_name

EMBEDDERS: Final = (STATIC, MINILM)
"""Names of the embedders that are built in; for the others see `check_embedder_name`."""

_ONNX: Final = "onnx:"
_HUB: Final = "st:"
_KINDS: Final = f"{STATIC}, {MINILM}, onnx:PATH, st:./PATH, st:OWNER/NAME, or a model such as openai/NAME"


@dataclass(frozen=True, slots=True)
class Place:
    """Where embedders are made."""

    folder: Path = Path()
    """What relative paths begin at: the project's folder."""
    threads: int = 1
    """How many texts are embedded at the same time on this machine."""


def check_embedder_name(name: str) -> str | None:
    """None when `make_embedder` knows this kind of name, otherwise a sentence that says what would be right."""
    if name in EMBEDDERS:
        return None
    if name.startswith((_ONNX, _HUB)):
        return check_folder_name(name)
    provider = name.partition("/")[0]
    if provider in PRESETS and PRESETS[provider].form == "openai":
        return check_model_name(name)
    return f"{name!r} is no embedder; use {_KINDS}."


def is_remote_embedder(name: str) -> bool:
    """Whether an embedder of this name asks a server."""
    return name.partition("/")[0] in PRESETS


def check_folder_name(name: str) -> str | None:
    """None for a name that begins with `onnx:` or `st:` and goes on well, otherwise what would be right."""
    kind, _, rest = name.partition(":")
    if f"{kind}:" == _ONNX or rest.startswith((".", "/")):
        return _check_path(rest)
    from ..embedders._hub import check_hub_name

    return check_hub_name(rest)


def _check_path(path: str) -> str | None:
    if path.strip() and path.isprintable():
        return None
    return f"{path!r} is no path; write the folder of a model behind `onnx:`, such as onnx:models/mine."


def make_embedder(settings: EmbedderSettings | str, *, place: Place | None = None) -> Embedder:
    """The embedder of this name, guarded; whoever makes one with a `close` closes it.

    Raises UnknownEmbedderError, EmbedderFilesError, ModelFilesError, PackageMissingError, HubModelError or
    RouteModelError. Connects to no model server yet.
    """
    if isinstance(settings, str):
        settings = EmbedderSettings(settings)
    if check_embedder_name(settings.model) is not None:
        raise UnknownEmbedderError(settings.model, (_KINDS,))
    return GuardedEmbedder(_made(settings, place or Place()))


def _made(settings: EmbedderSettings, place: Place) -> Embedder:
    if settings.model == STATIC:
        from ..embedders._static import load_static_embedder

        if settings != EmbedderSettings(STATIC):
            raise EmbedderSettingsError(STATIC, "it has nothing that can be set", hint="leave all but its name out")
        return load_static_embedder()
    if settings.model == MINILM:
        from ..embedders._minilm import load_minilm

        return load_minilm(settings, threads=place.threads)
    if is_remote_embedder(settings.model):
        return _remote(settings)
    from ..embedders._folder import load_folder

    return load_folder(model_folder(settings.model, place.folder), settings, threads=place.threads)


def model_folder(name: str, folder: Path) -> Path:
    """Where the files of `onnx:PATH` or `st:…` lie. Raises HubModelError and PackageMissingError."""
    rest = name.partition(":")[2]
    if name.startswith(_ONNX) or rest.startswith((".", "/")):
        return folder / rest
    from ..embedders._hub import hub_folder

    return hub_folder(rest)


def _remote(settings: EmbedderSettings) -> Embedder:
    from ..embedders._remote import RemoteEmbedder

    remote = settings.remote
    route = RouteSettings(settings.model, base_url=remote.base_url, api_key=remote.api_key, timeout_s=remote.timeout_s)
    client = Client()
    model = make_remote_embedding_model(route, client=client)
    return RemoteEmbedder(model, settings, count_tokens=count_tokens, client=client)
