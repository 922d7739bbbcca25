"""What a build publishes: the content of every version, and what each was made from."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

from plimsoll.kernel.digest import Json
from plimsoll.project import KnowledgeDefinition, Project
from plimsoll.registry import Publication, VersionRef
from plimsoll.retrieval.search import RetrieverSettings

from ._types import KnowledgeBuilt


def knowledge_versions(project: Project, built: KnowledgeBuilt) -> list[Publication]:
    documents: Json = [
        {"path": outcome.path, "digest": outcome.digest, "fate": outcome.fate, "reason": outcome.reason}
        for outcome in built.outcomes
    ]
    source = Publication("source", built.name, {"documents": documents})
    knowledge = Publication("knowledge", built.name, effective_knowledge(project.knowledge[built.name]))
    index = Publication("index", built.name, built.snapshot.to_json(), (source.ref, knowledge.ref))
    return [source, knowledge, index]


def effective_knowledge(knowledge: KnowledgeDefinition) -> Json:
    """The content with the search settings that are in force, so that no later default changes what a version means."""
    content = knowledge.content()
    given = cast("dict[str, Any]", content["search"])
    return {**content, "search": {**given, **asdict(RetrieverSettings.of(given))}}


def settings_versions(
    project: Project, built: dict[str, KnowledgeBuilt], learned: Mapping[str, Mapping[str, Json]]
) -> list[Publication]:
    """`learned` has the contents of the models, with what was learned for them."""
    prompts = {name: Publication("prompt", name, prompt.content()) for name, prompt in project.prompts.items()}
    guardrails = {
        name: Publication("guardrail", name, guardrail.content()) for name, guardrail in project.guardrails.items()
    }
    routes = {
        name: Publication("route", name, route.content(), _named(route.guardrail, guardrails))
        for name, route in project.routes.items()
    }
    datasets = _datasets(project)
    models = {
        name: Publication("model", name, learned[name], _named(model.examples, datasets))
        for name, model in project.models.items()
    }
    indexes = {name: VersionRef("index", name, knowledge.snapshot.digest) for name, knowledge in built.items()}
    endpoints = {
        name: Publication(
            "endpoint",
            name,
            endpoint.content(),
            (
                *_named(endpoint.prompt, prompts),
                *_named(endpoint.route, routes),
                *(() if endpoint.knowledge is None else (indexes[endpoint.knowledge],)),
                *_named(endpoint.guardrail, guardrails),
                *_named(endpoint.model, models),
            ),
        )
        for name, endpoint in project.endpoints.items()
    }
    # What others were made from comes before them.
    groups = (datasets, prompts, guardrails, routes, models, endpoints)
    return [*(publication for group in groups for publication in group.values()), *_suites(project, datasets)]


def suite_versions(project: Project) -> list[Publication]:
    """The datasets and the suites that ask their rows."""
    datasets = _datasets(project)
    return [*datasets.values(), *_suites(project, datasets)]


def _suites(project: Project, datasets: Mapping[str, Publication]) -> list[Publication]:
    return [
        Publication(
            "suite",
            name,
            # The rows are part of what a suite asks, so that other rows are another suite and must be passed again.
            {**suite.content(), "dataset_version": datasets[suite.dataset].ref.digest},
            (datasets[suite.dataset].ref,),
        )
        for name, suite in project.suites.items()
    ]


def _datasets(project: Project) -> dict[str, Publication]:
    """All of them: those of questions, and those from which models learn."""
    rows: dict[str, list[Json]] = {name: [row.to_json() for row in some] for name, some in project.datasets.items()}
    rows |= {name: [row.to_json() for row in some] for name, some in project.labelled.items()}
    about: dict[str, dict[str, Json]] = {name: {"about": dict(said)} for name, said in project.about.items()}
    return {name: Publication("dataset", name, {"rows": some, **about.get(name, {})}) for name, some in rows.items()}


def _named(name: str | None, publications: dict[str, Publication]) -> tuple[VersionRef, ...]:
    """The version that a file names; nothing where it names none."""
    return () if name is None else (publications[name].ref,)
