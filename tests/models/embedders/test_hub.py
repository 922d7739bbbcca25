"""Models by hub name: what lies on this machine, else fetched once."""

import shutil
from pathlib import Path

import pytest

from plimsoll.kernel.errors import InvalidError, UnavailableError
from plimsoll.models.catalogue import make_embedder
from plimsoll.models.embedders._hub import check_hub_name, hub_folder
from plimsoll.models.embedders.encoder import PackageMissingError


class Hub:
    """A hub with one model, and a machine that may have it already."""

    def __init__(self, folder: Path, *, here: bool, reachable: bool = True, whole: bool = True) -> None:
        self._folder = folder
        self._here = here
        self._reachable = reachable
        self._whole = whole
        self.asked: list[tuple[str, str | None, bool]] = []

    def __call__(self, repository: str, revision: str | None, *, only_here: bool) -> str:
        self.asked.append((repository, revision, only_here))
        if not (self._here if only_here else self._reachable):
            raise ConnectionError("no route to the hub")
        (self._folder / "tokenizer.json").touch()
        if not only_here or self._whole:
            (self._folder / "model.safetensors").touch()
        return str(self._folder)


def test_what_is_here_is_not_fetched(tmp_path: Path) -> None:
    hub = Hub(tmp_path, here=True)
    assert hub_folder("owner/model@v1.0", fetch=hub) == tmp_path
    assert hub.asked == [("owner/model", "v1.0", True)]


def test_what_is_not_here_is_fetched(tmp_path: Path) -> None:
    hub = Hub(tmp_path, here=False)
    assert hub_folder("owner/model", fetch=hub) == tmp_path
    assert hub.asked == [("owner/model", None, True), ("owner/model", None, False)]


def test_what_is_here_in_part_is_fetched(tmp_path: Path) -> None:
    hub = Hub(tmp_path, here=True, whole=False)
    assert hub_folder("owner/model", fetch=hub) == tmp_path
    assert [only_here for _, _, only_here in hub.asked] == [True, False]


def test_without_a_network_the_error_teaches(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="no route to the hub") as caught:
        hub_folder("owner/model", fetch=Hub(tmp_path, here=False, reachable=False))
    assert "name its path" in caught.value.hint


@pytest.mark.parametrize(
    "name", ["model", "../x", "a/b/c", "a/b@", "owner/mod el", "https://hub/a/b", "a/b@x/../y", "", "a/.b"]
)
def test_names_that_are_none(name: str) -> None:
    assert check_hub_name(name) is not None
    with pytest.raises(InvalidError):
        hub_folder(name)


def test_a_model_in_the_hub_s_own_cache_is_used_without_a_network(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, commit = tmp_path / "models--owner--tiny", "0123456789" * 4
    shutil.copytree(tiny, kept / "snapshots" / commit)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    embedder = make_embedder("st:owner/tiny")
    assert (embedder.name, embedder.dimension) == ("st:owner/tiny", 32)
    assert make_embedder(f"st:owner/tiny@{commit}").fingerprint == embedder.fingerprint


def test_without_the_package_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(PackageMissingError, match="huggingface_hub") as caught:
        hub_folder("owner/model")
    assert "pip install huggingface-hub" in caught.value.hint
