"""What a project is, once it has been read without mistakes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from plimsoll.datasets import LabelledText, Row
from plimsoll.kernel.digest import Json

from ._app import AppDefinition
from .schemas import (
    EndpointDefinition,
    GuardrailDefinition,
    KnowledgeDefinition,
    ModelDefinition,
    PromptDefinition,
    RouteDefinition,
    SuiteDefinition,
)


@dataclass(frozen=True, slots=True)
class Project:
    """The user's folder. Every name that a definition uses exists; mappings are from names, in their order."""

    root: Path
    app: AppDefinition
    prompts: Mapping[str, PromptDefinition]
    knowledge: Mapping[str, KnowledgeDefinition]
    guardrails: Mapping[str, GuardrailDefinition]
    routes: Mapping[str, RouteDefinition]
    models: Mapping[str, ModelDefinition]
    endpoints: Mapping[str, EndpointDefinition]
    suites: Mapping[str, SuiteDefinition]
    datasets: Mapping[str, tuple[Row, ...]]
    labelled: Mapping[str, tuple[LabelledText, ...]] = field(default_factory=dict)
    """The datasets from which models learn fields."""
    about: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """Where the rows of a dataset come from, and what may be done with them, where its description says so."""
