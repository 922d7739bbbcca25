"""Models of a hub, by name: from the cache of this machine, else fetched once."""

import re
from pathlib import Path
from typing import Final, Protocol

from ._errors import EmbedderSettingsError, HubModelError
from .encoder import optional

_NAME: Final = re.compile(
    r"(?P<repository>[\w][\w.-]{0,95}/[\w][\w.-]{0,95})(@(?P<revision>[\w][\w./-]{0,95}))?", re.ASCII
)
_INSTALL: Final = "install it: pip install huggingface-hub, or copy the model's folder and name its path"
# Never the formats that run code when they are read.
_MODELS: Final = ("model.safetensors", "model.onnx", "onnx/model.onnx")
_FILES: Final = ["*.json", "*/config.json", *_MODELS, "model.onnx_data", "onnx/model.onnx_data"]


class Fetch(Protocol):
    """Finds the folder of a model."""

    def __call__(self, repository: str, revision: str | None, *, only_here: bool) -> str:
        """The folder's path; `only_here` asks no network. Raises anything."""


def check_hub_name(name: str) -> str | None:
    """None for a name such as `owner/model` or `owner/model@revision`, else what would be right."""
    if _NAME.fullmatch(name) is None or ".." in name:
        return "write OWNER/NAME or OWNER/NAME@REVISION, or a path that begins with ./ or /"
    return None


def hub_folder(name: str, *, fetch: Fetch | None = None) -> Path:
    """The folder of a model on this machine; asks the hub only for what is not here.

    Raises EmbedderSettingsError, HubModelError, and PackageMissingError without the hub's package.
    """
    match, right = _NAME.fullmatch(name), check_hub_name(name)
    if match is None or right is not None:
        raise EmbedderSettingsError(f"st:{name}", "it is no name of a hub", hint=right or "")
    fetch = fetch or _fetcher(name)
    repository, revision = match["repository"], match["revision"]
    try:
        here = Path(fetch(repository, revision, only_here=True))
    except Exception:  # noqa: BLE001  # the library has no one class for "not on this machine"; then it is fetched
        here = None
    if here is not None and _is_whole(here):
        return here
    try:
        return Path(fetch(repository, revision, only_here=False))
    except Exception as error:
        raise HubModelError(name, f"{type(error).__name__}: {error}") from error


def _is_whole(folder: Path) -> bool:
    """Whether all that is needed is here: other programs fetch only parts."""
    return (folder / "tokenizer.json").is_file() and any((folder / name).is_file() for name in _MODELS)


def _fetcher(name: str) -> Fetch:
    hub = optional("huggingface_hub", model=f"st:{name}", install=_INSTALL)

    def fetch(repository: str, revision: str | None, *, only_here: bool) -> str:
        path: str = hub.snapshot_download(
            repository, revision=revision, allow_patterns=_FILES, local_files_only=only_here
        )
        return path

    return fetch
