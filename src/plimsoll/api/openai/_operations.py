"""What this room answers, for the description of the API."""

from ..wire import CALL, ENVIRONMENT, Operation, Parameter
from ._asked import ChatIn
from ._embeddings import EmbeddingsIn, EmbeddingsOut
from ._models import ModelListOut, ModelOut
from ._moderations import ModerationsIn, ModerationsOut
from ._shapes import ChatCompletionOut, ResponseOut
from .responses import ResponsesIn

_MODEL = Parameter("model_id", "path", "An id of the list; it may contain slashes.")

OPERATIONS = (
    Operation(
        "post",
        "/v1/chat/completions",
        "An answer, as OpenAI's chat completions.",
        ChatIn,
        ChatCompletionOut,
        streams=True,
        parameters=CALL,
    ),
    Operation(
        "post",
        "/v1/responses",
        "An answer, as OpenAI's Responses, without memory.",
        ResponsesIn,
        ResponseOut,
        streams=True,
        parameters=CALL,
    ),
    Operation("post", "/v1/embeddings", "Vectors for texts.", EmbeddingsIn, EmbeddingsOut, parameters=CALL),
    Operation("post", "/v1/moderations", "What texts hold.", ModerationsIn, ModerationsOut),
    Operation("get", "/v1/models", "What can be called.", None, ModelListOut, parameters=(ENVIRONMENT,)),
    Operation("get", "/v1/models/{model_id}", "One of them.", None, ModelOut, parameters=(_MODEL, ENVIRONMENT)),
)
"""Its calls."""
