"""What a build publishes: the content of every version, and what each was made from."""

from dataclasses import asdict

from plimsoll.kernel.digest import Json
from plimsoll.project import KnowledgeDefinition, Project
from plimsoll.registry import Publication, VersionRef
from plimsoll.retrieval import SearchSettings

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
    given = knowledge.search.model_dump(exclude_none=True)
    return {**knowledge.content(), "search": asdict(SearchSettings(**given))}


def settings_versions(project: Project, built: dict[str, KnowledgeBuilt]) -> list[Publication]:
    prompts = {name: Publication("prompt", name, prompt.content()) for name, prompt in project.prompts.items()}
    guardrails = {
        name: Publication("guardrail", name, guardrail.content()) for name, guardrail in project.guardrails.items()
    }
    routes = {
        name: Publication("route", name, route.content(), _guarding(route.guardrail, guardrails))
        for name, route in project.routes.items()
    }
    datasets = {
        name: Publication("dataset", name, {"rows": [row.to_json() for row in rows]})
        for name, rows in project.datasets.items()
    }
    endpoints = {}
    for name, endpoint in project.endpoints.items():
        parents = [prompts[endpoint.prompt].ref, routes[endpoint.route].ref]
        if endpoint.knowledge is not None:
            index = built[endpoint.knowledge].snapshot
            parents.append(VersionRef("index", endpoint.knowledge, index.digest))
        parents += _guarding(endpoint.guardrail, guardrails)
        endpoints[name] = Publication("endpoint", name, endpoint.content(), tuple(parents))
    suites = [
        Publication(
            "suite",
            name,
            # The rows are part of what a suite asks, so that other rows are another suite and must be passed again.
            {**suite.content(), "dataset_version": datasets[suite.dataset].ref.digest},
            (datasets[suite.dataset].ref,),
        )
        for name, suite in project.suites.items()
    ]
    groups = (prompts, guardrails, routes, datasets, endpoints)
    return [*(publication for group in groups for publication in group.values()), *suites]


def _guarding(name: str | None, guardrails: dict[str, Publication]) -> tuple[VersionRef, ...]:
    return () if name is None else (guardrails[name].ref,)
