"""What may stand in each project file; `plimsoll.yaml` is in `plimsoll.project`.

Each field's `description` completes the sentence "must be …", and its first example is what a person could write.
`content()` of a definition is what the registry keeps: every setting that is in force, also those that nobody wrote.
"""

from ._dataset import DatasetDefinition
from ._endpoint import PREDICT, EndpointDefinition
from ._model import FIELDS, ModelDefinition
from ._prompt import DEFAULT_TEMPLATE, PromptDefinition
from ._route import RouteDefinition
from ._section import Definition, Section
from ._suite import SuiteDefinition
from .guardrail import GuardrailDefinition
from .knowledge import KnowledgeDefinition

__all__ = [
    "DEFAULT_TEMPLATE",
    "FIELDS",
    "PREDICT",
    "DatasetDefinition",
    "Definition",
    "EndpointDefinition",
    "GuardrailDefinition",
    "KnowledgeDefinition",
    "ModelDefinition",
    "PromptDefinition",
    "RouteDefinition",
    "Section",
    "SuiteDefinition",
]
