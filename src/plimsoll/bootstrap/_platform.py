"""What the flows and doors are given: the stores of an installation, joined with a project folder and its models."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import Any, cast

from msgspec import MsgspecError

from plimsoll import __version__
from plimsoll.access.limits import Budget, Meter
from plimsoll.flows.audit import AuditParts
from plimsoll.flows.build import BuildParts, OnProgress
from plimsoll.flows.build.canary import Canaries, FindingLog
from plimsoll.flows.compare import CompareParts
from plimsoll.flows.erase import EraseParts
from plimsoll.flows.exchange import ExportParts, ImportParts
from plimsoll.flows.guard import GuardParts
from plimsoll.flows.label import LabelParts
from plimsoll.flows.policy import LABEL, PolicyParts
from plimsoll.flows.promote import PromoteParts
from plimsoll.flows.publish import PublishParts
from plimsoll.flows.redteam import RedteamParts
from plimsoll.flows.refresh.watch import EmbedderWatch
from plimsoll.flows.serve import Caller
from plimsoll.flows.serve.parts import ServeParts
from plimsoll.flows.ship import EvaluateParts, FreezeParts
from plimsoll.governance.record_check import CheckParts
from plimsoll.governance.retention import Retention
from plimsoll.governance.retention import Stores as RetentionStores
from plimsoll.kernel.digest import Digest, Json, short_name
from plimsoll.kernel.errors import ConflictError, IntegrityError, InvalidError, PlimsollError
from plimsoll.ledger import By
from plimsoll.models import Embedder
from plimsoll.models.answers import AnswerCache, Similar
from plimsoll.models.catalogue import count_tokens
from plimsoll.models.predictors import Predictor, make_predictor
from plimsoll.project import AppDefinition, Project, load_app, source_commit
from plimsoll.registry import Version, VersionRef
from plimsoll.releases import EnvironmentPolicy, Manifest, Release
from plimsoll.retrieval import Snapshot, write_segment
from plimsoll.reviews.marks import Marks
from plimsoll.settings import SecretMissingError, Settings
from plimsoll.tracing import Traces

from ._capture import make_capture
from ._checks import CheckMaker, ReleaseOutside, routes_in
from ._engines import Engines
from ._knowledge import STATIC, KnowledgeMaker
from ._routes import RouteMaker
from ._stores import Stores

_SYSTEM = By("system", "system")
"""Who notices things without having been asked to."""


class AppTakenError(ConflictError):
    """Another project keeps its records under the same name in the same place."""

    code = "app_taken"

    def __init__(self, app: str, owner: Path, home: Path) -> None:
        super().__init__(
            f"the project in {owner} is called {app} too, and keeps its records in {home}",
            hint="give one of the two another `name` in plimsoll.yaml, or another PLIMSOLL_HOME",
        )


class Platform(Stores):
    """The records and engines of one installation, for one project folder; opened when they are first used."""

    def __init__(self, settings: Settings, project: Path) -> None:
        super().__init__(settings)
        self._project = project
        self._engines = Engines(settings, lambda: self.records, lambda: self.app)
        self._open.append(self._engines.close)
        self._knowledge = KnowledgeMaker(settings, project, lambda: self.blobs, self._engines)
        self._open.append(self._knowledge.close)
        self._checks = CheckMaker(settings, project, self._route_maker)
        self._open.append(self._checks.close)

    @cached_property
    def app(self) -> str:
        """The application of the project folder. Raises ProjectInvalidError."""
        return self._definition.name

    @property
    def declared(self) -> tuple[str, ...]:
        """The environments that the project declares."""
        return self._definition.environments

    @cached_property
    def _definition(self) -> AppDefinition:
        # plimsoll.yaml alone: a mistake in another file must not keep anybody from rolling back or serving.
        return load_app(self._project)

    @cached_property
    def traces(self) -> Traces:
        """Traces, of whose content plimsoll.yaml says how much is kept."""
        wanted = self._definition.traces
        return Traces(self.traces_database, make_capture(wanted.content, wanted.shares, lambda: self.subjects))

    @property
    def traces_days(self) -> float:
        """For how many days plimsoll.yaml keeps traces."""
        return self.retention.traces_days

    @cached_property
    def source_commit(self) -> str:
        """The commit of the project folder."""
        return source_commit(self._project)

    def build_parts(self, on_progress: OnProgress) -> BuildParts:
        """What the build needs."""
        self.blobs.remove_partial()
        return BuildParts(
            registry=self.registry,
            releases=self.releases,
            cache=self.cache,
            write_segment=partial(write_segment, self.blobs),
            has_segment=self.blobs.renew,
            make_embedder=self.embedder,
            open_route=self._knowledge.opened_route,
            require_engine=self._engines.require,
            prepare_index=self._knowledge.prepare,
            prune_indexes=self._engines.prune,
            canaries=self._canaries(self.acting.by),
            resolve=partial(self.settings.resolve, where="knowledge"),
            workers=self.settings.workers,
            acting=self.acting,
            source_commit=self.source_commit,
            ready=self.ready,
            claim=self._claim,
            outside=self.outside,
            on_progress=on_progress,
        )

    def _canaries(self, by: By) -> Canaries:
        return Canaries(self.registry, self.cache, self.blobs.get, self.blobs.put, FindingLog(self.ledger, by).tell)

    def embedder_watch(self) -> EmbedderWatch:
        """Asks the embedders behind what is live whether they are what they were."""
        return EmbedderWatch(
            app=self.app,
            registry=self.registry,
            releases=self.releases,
            environments=self.environments,
            canaries=self._canaries(_SYSTEM),
            make_embedder=self.embedder,
        )

    def serve_parts(self, *, metered: bool = False) -> ServeParts:
        """What serving needs, for one event loop; with `metered` callers are held to their budgets."""
        routes = self._route_maker()
        return ServeParts(
            registry=self.registry,
            releases=self.releases,
            environments=self.environments,
            recorder=self.recorder,
            open_index=self._knowledge.open,
            make_route=routes.route,
            make_guardrail=self._checks.policy,
            make_predictor=self._predictor,
            count_tokens=count_tokens,
            meter=self.meter if metered else None,
            answers=lambda: self.answers,
            close=routes.close,
        )

    @property
    def meter(self) -> Meter:
        """A gate for one event loop that holds callers to the budgets of plimsoll.yaml and of `plimsoll budget`."""
        return Meter(self.consumption, self.budgets_in_force, app=self.app)

    @property
    def budgets_in_force(self) -> Callable[[], tuple[Budget, ...]]:
        """Reads the budgets of plimsoll.yaml, and those that were set by command."""
        return self.budgets.watched(self.app, self._definition.budget_values())

    @cached_property
    def answers(self) -> AnswerCache:
        """Answers that routes give again."""
        embedder = self.embedder(STATIC)
        cache = AnswerCache(self.answer_store, similar=Similar(embedder.embed, embedder.fingerprint))
        self._open.append(cache.close)
        return cache

    def evaluate_parts(self) -> EvaluateParts:
        """What running suites needs."""
        routes = self._route_maker()
        return EvaluateParts(
            self.serve_parts(metered=True),
            self.runs,
            self.caller,
            routes.require,
            cases=self.cases,
            version=__version__,
        )

    def redteam_parts(self) -> RedteamParts:
        """What attacking an endpoint needs."""
        return RedteamParts(partial(self.serve_parts, metered=True), self.caller)

    def outside(self, project: Project) -> ReleaseOutside:
        """Whom the checks of a project's guardrails can ask where they are tried, and not served."""
        return self._checks.outside(routes_in(project))

    def _route_maker(self) -> RouteMaker:
        return RouteMaker(self.settings, partial(self.embedder, STATIC), self._project)

    @property
    def caller(self) -> Caller:
        """Who asks at the command line, and so pays; nobody in particular while nobody was made an actor."""
        if self.settings.key is None and not self.access.actors():
            return Caller()
        acting = self.acting
        kind, _, key = acting.via.partition(":")
        shown = key if kind == "key" else ""
        return Caller(
            acting.actor,
            acting.team,
            acting.project,
            key=shown,
            models=acting.models,
            replaced=acting.replaced,
            name=acting.name if acting.actor else "",
        )

    def freeze_parts(self) -> FreezeParts:
        """What making a release needs."""
        return FreezeParts(self.releases, self.runs, self.acting, self.source_commit)

    def guard_parts(self) -> GuardParts:
        """What telling what guardrails did needs."""
        return GuardParts(
            app=self.app,
            traces=self.traces,
            marks=Marks(self.ledger),
            registry=self.registry,
            releases=self.releases,
            environments=self.environments,
            flush=self.recorder.flush,
            name_of=self.named,
        )

    def promote_parts(self) -> PromoteParts:
        """What moving releases needs."""
        return PromoteParts(
            environments=self.environments,
            declared=self.declared,
            policies=self.policy_parts(),
            missing=self.missing,
            acting=self.acting,
        )

    def label_parts(self) -> LabelParts:
        """What moving labels needs."""
        return LabelParts(
            registry=self.registry,
            labels=self.labels,
            reviews=self.reviews,
            policies=self.policy_parts(),
            acting=self.acting,
        )

    def policy_parts(self) -> PolicyParts:
        """What knowing and changing policies needs."""
        labels = tuple(LABEL + label for label in self._definition.labels.protected)
        return PolicyParts(self.environments, (*self.declared, *labels), self._policy, self.acting)

    def _policy(self, place: str) -> EnvironmentPolicy:
        """What plimsoll.yaml asks of an environment or a label; approvers by their pseudonyms. Raises NotFoundError."""
        if not place.startswith(LABEL):
            return self._definition.policy(place, self._actor_id)
        labels = self._definition.labels
        return EnvironmentPolicy(approvals=labels.approvals if place.removeprefix(LABEL) in labels.protected else 0)

    def _actor_id(self, name: str) -> str:
        return self.access.actor(name).id

    def publish_parts(self) -> PublishParts:
        """What publishing files needs."""
        return PublishParts(self.registry, self.blobs.put, self.acting, self.source_commit)

    def collect_stores(self) -> RetentionStores:
        """Everything that names something else."""
        return RetentionStores(
            registry=self.registry,
            labels=self.labels,
            releases=self.releases,
            environments=self.environments,
            traces=self.traces,
            ledger=self.ledger,
            blobs=self.blobs,
        )

    @property
    def retention(self) -> Retention:
        """How long plimsoll.yaml keeps what nothing refers to."""
        return Retention(**self._definition.retention.model_dump(exclude_none=True))

    def erase_parts(self) -> EraseParts:
        """What forgetting a person needs."""
        return EraseParts(
            stores=self.collect_stores(),
            cache=self.cache,
            elsewhere={
                "answers": self.answer_store,
                "feedback": self.feedback,
                "usage": self.consumption,
                "review queues": self.annotations,
            },
            judged=lambda identifier: [one.said.trace for one in self.feedback.about(identifier)],
            prune_indexes=partial(self._engines.prune, purge=True),
            retire=self._retire,
            by=self.acting.by,
        )

    def _retire(self, subject: str) -> None:
        """Disable an actor who is to be erased. Raises LastAdminError."""
        for actor in self.access.actors():
            if actor.id == subject and actor.disabled_at is None:
                self.access.disable(subject, by=self.acting.by)

    def export_parts(self) -> ExportParts:
        """What handing over a release needs."""
        definition = self._definition
        return ExportParts(self.registry, self.blobs, self.ledger, definition.owner, definition.purpose)

    def import_parts(self) -> ImportParts:
        """What taking in a release needs."""
        return ImportParts(self.app, self.registry, self.releases, self.blobs, self.acting.by)

    def audit_parts(self, on_progress: OnProgress) -> AuditParts:
        """What checking everything and exporting the ledger needs."""
        return AuditParts(self.ledger, self.anchor, self.check_parts(on_progress), self.acting)

    def check_parts(self, on_progress: OnProgress) -> CheckParts:
        """What holding records and contents against the ledger needs."""
        return CheckParts(
            ledger=self.ledger,
            claims=[
                self.registry.claims,
                self.labels.claims,
                self.reviews.claims,
                self.annotations.claims,
                self.calibrations.claims,
                self.releases.release_claims,
                self.releases.verdict_claims,
                self.environments.move_claims,
                self.environments.policy_claims,
                self.budgets.claims,
            ],
            strays=[
                self.labels.strays,
                self.releases.strays,
                self.environments.strays,
                self.access.strays,
                self.budgets.strays,
            ],
            blobs_named=self._blobs_named,
            check_blob=self.blobs.check,
            on_progress=on_progress,
        )

    def compare_parts(self) -> CompareParts:
        """What comparing versions and releases needs. Who may build can read every document anyway."""
        return CompareParts(
            self.registry.content,
            self.runs.get,
            self._knowledge.open,
            self.registry.parents,
            self._datasets,
            groups=None if self.may("publish") else frozenset(),
        )

    def _datasets(self, app: str) -> tuple[Digest, ...]:
        newest = {version.name: version.digest for version in reversed(self.registry.versions(app, kind="dataset"))}
        return tuple(newest[name] for name in sorted(newest))

    def _blobs_named(self) -> Iterator[tuple[str, Digest]]:
        """Every blob that a record refers to, with a name for the record: contents and what they refer to, runs."""
        for app in self.registry.apps():
            for version in self.registry.versions(app):
                place = f"version {version.ref.key}@{version.number}"
                yield place, version.digest
                yield from ((place, digest) for digest in self._referred(version))
            for release in self.releases.digests(app):
                yield f"release {short_name('r', release)}", release
                with suppress(IntegrityError):
                    yield from (
                        (f"evidence of release {short_name('r', release)}", evidence.run)
                        for evidence in self.releases.manifest(release).evidence
                    )

    def _referred(self, version: Version) -> Iterator[Digest]:
        """The blobs that a content refers to: segments of an index, files of a model or an adapter.

        Any other digest in a content names another version, or what is kept nowhere.
        """
        # A record that was changed may name a content of another shape; the content itself is checked all the same.
        with suppress(IntegrityError, InvalidError, LookupError, MsgspecError, TypeError, AttributeError):
            if version.kind == "index":
                snapshot = Snapshot.from_json(self.registry.content(version.digest))
                yield from (segment.digest for segment in snapshot.segments)
                yield from () if snapshot.canary is None else (snapshot.canary,)
            if version.kind in {"adapter", "model"}:
                content = cast("dict[str, Any]", self.registry.content(version.digest))
                yield from (file["digest"] for file in content.get("files", ()))

    def missing(self, release: Release) -> tuple[Digest, ...]:
        """Content that a release needs to run and that is not there: of its versions, and what an index refers to."""
        digests = list(release.manifest.artifacts.values())
        gone = [digest for digest in digests if not self.blobs.has(digest)]
        for key, digest in release.manifest.artifacts.items():
            if key.startswith("index:") and digest not in gone:
                segments = Snapshot.from_json(self.registry.content(digest)).segments
                gone += [segment.digest for segment in segments if not self.blobs.has(segment.digest)]
        return tuple(gone)

    def versions_of(self, manifest: Manifest) -> tuple[Version, ...]:
        """The record of every version in a manifest, by kind and name."""
        refs = [VersionRef.from_key(key, manifest.artifacts[key]) for key in sorted(manifest.artifacts)]
        return tuple(self.registry.version(manifest.app, ref) for ref in refs)

    def embedder(self, content: Mapping[str, Any] | str) -> Embedder:
        """An embedder by its name, or from the `embed` group of a knowledge base; loaded once."""
        return self._knowledge.embedder(content)

    def check_routes(self, manifest: Manifest) -> tuple[SecretMissingError, ...]:
        """What keeps routes of a release or draft from answering: secrets that are not set.

        The other routes answer all the same. Raises the first of them when no route has a target left.
        """
        routes = self._route_maker()
        missing: list[SecretMissingError] = []
        able = False
        for key, digest in manifest.artifacts.items():
            kind, _, name = key.partition(":")
            if kind in {"route", "model"}:
                wrong, targets = routes.check(name, self.registry.content(digest)) if kind == "route" else ([], 1)
                able = able or len(wrong) < targets
                missing += wrong
        if missing and not able:
            raise missing[0]
        return tuple(missing)

    def _claim(self, app: str) -> None:
        """Keep two projects of one name apart. A folder that is gone, or has another name now, holds no name."""
        project = str(self._project)
        owner = self.releases.claim(app, project)
        # Records inside the project folder are its own, also when the folder is a copy of another that is still there.
        shared = self._project not in self.settings.home.parents
        if owner is not None and shared and _has_app(Path(owner), app):
            raise AppTakenError(app, Path(owner), self.settings.home)
        if owner is not None:
            self.releases.claim(app, project, take_over=True)

    def _predictor(self, _name: str, content: Json) -> Predictor:
        return make_predictor(cast("dict[str, Any]", content), self.embedder)


def _has_app(folder: Path, app: str) -> bool:
    try:
        return load_app(folder).name == app
    except PlimsollError:
        return False


def open_platform(settings: Settings, project: Path) -> Platform:
    """The platform of an installation, for a project folder; nothing is opened yet."""
    return Platform(settings, project)
