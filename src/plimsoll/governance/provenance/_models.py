"""The models that a release calls but does not contain: those of its routes, and the embedders of its knowledge."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from plimsoll.kernel.digest import Digest, Json
from plimsoll.registry import Version, VersionRef

from ._shapes import entries, number_text, part, properties, text
from ._types import Object, ReleaseFacts

BUILTIN = "builtin"
"""The provider whose models are part of Plimsoll itself."""

_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9a-fA-F:]+")
_TASKS = {"route": "text-generation", "knowledge": "feature-extraction"}
_READER_TASK = "extractive question answering"
"""What `builtin/reader` does: it quotes and never generates."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model, under the name by which routes or knowledge call it."""

    name: str
    """`provider/model`."""
    used_by: tuple[VersionRef, ...]
    """The routes, or the knowledge bases, that name it."""
    fingerprints: tuple[str, ...]
    """Of an embedder: what identifies its numbers exactly."""
    dimension: int | None
    """Of an embedder: length of a vector, where an index says so."""
    address: str
    """Where it is called, without anything that could be a secret; empty where the provider's usual one is meant."""
    has_key: bool
    """Whether a key is asked for."""

    @property
    def ref(self) -> str:
        """Its name inside the bill of materials."""
        return (
            f"external-{self.role}:{self.name}@{self.address}" if self.address else f"external-{self.role}:{self.name}"
        )

    @property
    def role(self) -> str:
        """`model` or `embedder`."""
        return "model" if self.used_by[0].kind == "route" else "embedder"

    @property
    def provider(self) -> str:
        """Who offers it."""
        return self.name.partition("/")[0]


def models_of(facts: ReleaseFacts) -> tuple[Model, ...]:
    """Every model that the routes and knowledge of a release name, by role and name."""
    users: dict[tuple[str, str, str], list[Version]] = {}
    keyed: set[tuple[str, str, str]] = set()
    for version in facts.versions:
        for named in _named(version.kind, facts.contents.get(version.digest)):
            key = (version.kind, text(named, "model"), safe_address(text(named, "base_url")))
            if key[1] and version not in users.setdefault(key, []):
                users[key].append(version)
            if text(named, "api_key") or text(named, "api_key_file"):
                keyed.add(key)
    return tuple(_model(facts, key, found, has_key=key in keyed) for key, found in sorted(users.items()) if found)


def _named(kind: str, content: Json) -> list[Json]:
    """What in a content names a model: each target of a route (or the route itself, as it was before), an embedder."""
    if kind == "route" and isinstance(content, Mapping):
        return [*(entries(content.get("targets")) or [content])]
    return [part(content, "embed")] if kind in _TASKS else []


def model_component(model: Model, facts: ReleaseFacts) -> Json:
    """A model as a component with its card."""
    reader = model.role == "model" and model.provider == BUILTIN
    parameters: dict[str, Json] = {
        "task": _READER_TASK if reader else _TASKS[model.used_by[0].kind],
        "inputs": [{"format": "text"}],
        "outputs": [{"format": _output(model)}],
    }
    card: dict[str, Json] = {"modelParameters": parameters}
    card |= performance(facts, *model.used_by)
    if facts.purpose and model.role == "model":
        card["considerations"] = {"useCases": [facts.purpose]}
    return {
        "type": "machine-learning-model",
        "bom-ref": model.ref,
        "supplier": {"name": "plimsoll" if model.provider == BUILTIN else model.provider},
        "name": model.name,
        "modelCard": card,
        "properties": properties(
            {
                "kind": model.role,
                "used_by": [f"{user.key}@{user.digest}" for user in model.used_by],
                "fingerprint": model.fingerprints,
            }
        ),
    }


def services(models: tuple[Model, ...]) -> list[Json]:
    """The servers that are called; what is built in needs none. Never a secret: an address without user or query."""
    called: list[Json] = []
    for model in models:
        if model.provider == BUILTIN:
            continue
        service: dict[str, Json] = {
            "bom-ref": f"service-of:{model.ref}",
            "provider": {"name": model.provider},
            "name": model.name,
            "properties": properties({"kind": model.role}),
        }
        if model.address:
            service["endpoints"] = [model.address]
        if model.has_key:
            service["authenticated"] = True
        called.append(service)
    return called


def performance(facts: ReleaseFacts, *versions: VersionRef) -> dict[str, Json]:
    """What the evidence measured of the answers that one of these routes or trained models had a part in."""
    metrics = [
        metric
        for evidence in facts.release.manifest.evidence
        if _behind(facts, evidence.suite_version).intersection(versions)
        for metric in _metrics(evidence.suite, facts.runs.get(evidence.run, {}))
    ]
    return {"quantitativeAnalysis": {"performanceMetrics": metrics}} if metrics else {}


def safe_address(url: str) -> str:
    """Scheme, host, port and path of a web address; empty for anything else, and for characters that are suspicious."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host):
        return ""
    path = parts.path if re.fullmatch(r"[A-Za-z0-9._~/-]*", parts.path) else ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{'' if port is None else f':{port}'}{path}"


def _model(facts: ReleaseFacts, key: tuple[str, str, str], users: list[Version], *, has_key: bool) -> Model:
    _, name, address = key
    indexes = [index for user in users for index in _indexes(facts, user.ref)]
    dimensions = {index.get("dimension") for index in indexes}
    (dimension,) = dimensions if len(dimensions) == 1 else (None,)
    return Model(
        name=name,
        used_by=tuple(sorted((user.ref for user in users), key=lambda ref: (ref.key, ref.digest))),
        fingerprints=tuple(sorted({text(index, "embedder") for index in indexes} - {""})),
        dimension=dimension if isinstance(dimension, int) else None,
        address=address,
        has_key=has_key,
    )


def _indexes(facts: ReleaseFacts, knowledge: VersionRef) -> Iterator[Object]:
    """The contents of the indexes that were made with the settings of a knowledge base."""
    for child, parents in facts.parents.items():
        content = facts.contents.get(child.digest)
        if child.kind == "index" and knowledge in parents and isinstance(content, dict):
            yield content


def _output(model: Model) -> str:
    if model.role == "model":
        return "text"
    return "vector" if model.dimension is None else f"vector of {model.dimension} numbers"


def _behind(facts: ReleaseFacts, suite: Digest) -> set[VersionRef]:
    """Everything that the endpoint of a suite was made from, in this release."""
    endpoint = text(facts.contents.get(suite), "endpoint")
    digest = facts.release.manifest.artifacts.get(f"endpoint:{endpoint}")
    if digest is None:
        return set()
    waiting, behind = [VersionRef("endpoint", endpoint, digest)], set[VersionRef]()
    while waiting:
        ref = waiting.pop()
        if ref not in behind:
            behind.add(ref)
            waiting += facts.parents.get(ref, ())
    return behind


def _slice(suite: str, slice_: str, count: Json) -> str:
    rows = [] if count is None else [f"{number_text(count)} rows"]
    return ", ".join([f"suite {suite}", *([slice_] if slice_ else []), *rows])


def _metrics(suite: str, run: Object) -> Iterator[Json]:
    for measure in entries(run.get("measures")):
        value, low, high, count = (measure.get(name) for name in ("value", "low", "high", "count"))
        metric: dict[str, Json] = {
            "type": text(measure, "name"),
            "value": "not measured" if value is None else number_text(value),
            "slice": _slice(suite, text(measure, "slice"), count),
        }
        if low is not None and high is not None:
            metric["confidenceInterval"] = {"lowerBound": number_text(low), "upperBound": number_text(high)}
        yield metric
