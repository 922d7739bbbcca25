"""What the files of a sentence-transformers model say about how it is used."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from ._types import Pooling
from .encoder import ModelConfig, ModelFilesError, has_graph, read_json

_USUAL_TOKENS: Final = 512
_MOST_TOKENS: Final = 8192
_MODES: Final[dict[str, Pooling]] = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_lasttoken": "last",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt",
}
_NAMES: Final[dict[str, Pooling]] = {
    "mean": "mean",
    "cls": "cls",
    "max": "max",
    "lasttoken": "last",
    "mean_sqrt_len_tokens": "mean_sqrt",
}
_KNOWN: Final = frozenset({"Transformer", "Pooling", "Normalize"})
_PASSAGE_PROMPTS: Final = ("passage", "document", "corpus")


class _Module(msgspec.Struct):
    type: str
    path: str = ""


class _Limits(msgspec.Struct):
    max_seq_length: Annotated[int, msgspec.Meta(ge=1)] | None = None
    do_lower_case: bool = False


class _Prompts(msgspec.Struct):
    prompts: dict[str, str] = {}
    default_prompt_name: str | None = None


class _TokenizerLimits(msgspec.Struct):
    model_max_length: float | None = None


@dataclass(frozen=True, slots=True)
class Described:
    """How a model is used, as its files say."""

    config: ModelConfig | None
    """None where `config.json` is missing, or says something else than an encoder's."""
    pooling: Pooling
    max_tokens: int
    lower: bool
    query_prompt: str
    passage_prompt: str


def described(folder: Path, *, model: str, pools: bool = True) -> Described:
    """What the files in a folder say; what they leave out is as sentence-transformers has it.

    Vectors are always scaled to length 1, whether or not the files ask for it. Where nothing is pooled, what the files
    say of it is not read. Raises ModelFilesError.
    """
    config = _config(folder, model)
    limits = _read(folder / "sentence_bert_config.json", _Limits, model) or _Limits()
    prompts = _read(folder / "config_sentence_transformers.json", _Prompts, model) or _Prompts()
    usual = prompts.prompts.get(prompts.default_prompt_name or "", "")
    passages = [prompts.prompts[name] for name in _PASSAGE_PROMPTS if name in prompts.prompts]
    return Described(
        config=config,
        pooling=_pooling(folder, model) if pools else "mean",
        max_tokens=_max_tokens(folder, config, limits, model),
        lower=limits.do_lower_case,
        query_prompt=prompts.prompts.get("query", usual),
        passage_prompt=passages[0] if passages else usual,
    )


def _read(path: Path, kind: type[Any], model: str) -> Any:
    """The content of a file that may be missing."""
    return read_json(path, kind, model=model) if path.is_file() else None


def _config(folder: Path, model: str) -> ModelConfig | None:
    try:
        return read_json(folder / "config.json", ModelConfig, model=model)
    except ModelFilesError:
        # Only a graph that is made here needs it, and other kinds of models say other things.
        if has_graph(folder):
            return None
        raise


def _max_tokens(folder: Path, config: ModelConfig | None, limits: _Limits, model: str) -> int:
    said = _read(folder / "tokenizer_config.json", _TokenizerLimits, model)
    tokenizer = said.model_max_length if said is not None else None
    wanted = limits.max_seq_length or tokenizer or _USUAL_TOKENS
    return int(min(wanted, config.most_tokens if config else _MOST_TOKENS, _MOST_TOKENS))


def _pooling(folder: Path, model: str) -> Pooling:
    modules = _read(folder / "modules.json", list[_Module], model) or []
    kinds = [module.type.rpartition(".")[2] for module in modules]
    strange = [kind for kind in kinds if kind not in _KNOWN]
    if strange:
        raise ModelFilesError(
            model,
            f"it has the part {strange[0]!r}, which is not run here",
            hint="use a model of transformer, pooling and normalisation, or serve it behind /v1/embeddings",
        )
    path = next((module.path for module, kind in zip(modules, kinds, strict=True) if kind == "Pooling"), "1_Pooling")
    if path.startswith("/") or ".." in Path(path).parts:
        raise ModelFilesError(model, "modules.json names a file outside the folder")
    said = _read(folder / path / "config.json", dict[str, Any], model)
    return "mean" if said is None else _mode_of(said, model)


def _mode_of(said: dict[str, Any], model: str) -> Pooling:
    if said.get("include_prompt", True) is not True:
        raise ModelFilesError(model, "it leaves its prompt out of the mean, which is not done here", hint="use another")
    modes = [_MODES.get(name) for name, value in said.items() if name.startswith("pooling_mode_") and value is True]
    if not modes and isinstance(said.get("pooling_mode"), str):
        modes = [_NAMES.get(said["pooling_mode"])]
    if len(modes) != 1 or modes[0] is None:
        raise ModelFilesError(model, "its pooling is none of mean, cls, max, last token", hint="use another model")
    return modes[0]
