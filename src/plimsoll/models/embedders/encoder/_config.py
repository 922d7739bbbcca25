"""The files of a model that say what it is."""

from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from ._errors import ModelFilesError

_MOST_BYTES = 4_000_000

_Count = Annotated[int, msgspec.Meta(ge=1, le=65_536)]
_Layers = Annotated[int, msgspec.Meta(ge=1, le=128)]
_Rows = Annotated[int, msgspec.Meta(ge=1, le=4_000_000)]

T = TypeVar("T")


class ModelConfig(msgspec.Struct, frozen=True):
    """What `config.json` says of an encoder; names are those of the file."""

    model_type: str
    hidden_size: _Count
    num_hidden_layers: _Layers
    num_attention_heads: _Count
    intermediate_size: _Count
    vocab_size: _Rows
    hidden_act: str = "gelu"
    layer_norm_eps: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 1e-12
    max_position_embeddings: _Count = 512
    type_vocab_size: _Count = 2
    pad_token_id: Annotated[int, msgspec.Meta(ge=0, le=65_536)] = 0
    position_embedding_type: str | None = "absolute"
    architectures: list[str] | None = None
    id2label: dict[str, Any] | None = None

    @property
    def is_roberta(self) -> bool:
        """Whether positions are counted from behind the padding token, as RoBERTa and its kin do."""
        return self.model_type in {"roberta", "xlm-roberta", "camembert"}

    @property
    def first_position(self) -> int:
        """The row of the position table that belongs to the first token."""
        return self.pad_token_id + 1 if self.is_roberta else 0

    @property
    def most_tokens(self) -> int:
        """How many tokens the model has positions for."""
        return max(1, self.max_position_embeddings - self.first_position)


def read_json(path: Path, kind: type[T], *, model: str) -> T:
    """The content of a JSON file of a model. Raises ModelFilesError."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ModelFilesError(model, f"{path.name} is larger than {_MOST_BYTES:,} bytes")
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise ModelFilesError(model, f"{path.name} cannot be read ({error.strerror})") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelFilesError(model, f"{path.name} is not what is expected: {error}") from None
