"""Lets a build go on only while its embedder is what it was."""

from collections.abc import Callable
from dataclasses import dataclass, field

from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import IntegrityError, PlimsollError
from plimsoll.models import Embedder
from plimsoll.models.embedders import Canary, CanaryReport, VectorsWrongError, require_unchanged, take_canary

from .canary import Canaries, judged, report_on


@dataclass(slots=True)
class EmbedderGuard:
    """Lets a build have vectors of one embedder only while it is what it was. The probes are embedded once for each."""

    embedder: Embedder
    canaries: Canaries
    _kept: Canary | None = field(default=None, init=False)
    _is_checked: bool = field(default=False, init=False)

    def require_unchanged(self) -> None:
        """Raises EmbedderChangedError and VectorsWrongError, once the finding is raised, and what embedding raises."""
        if self._is_checked:
            return
        before = self.canaries.before(self.embedder)
        now = self._taken()
        report = report_on(self.embedder, before, now)
        self._tell(lambda: report)
        require_unchanged(report)
        self._keep(before[0] if before else now)
        self._is_checked = True

    def require_unchanged_if_reached(self) -> None:
        """As `require_unchanged`; an embedder that cannot be asked now is asked again before anything is embedded."""
        try:
            self.require_unchanged()
        except IntegrityError:
            raise
        except PlimsollError:
            # A build that needs no vector needs no server either; one that does, fails there.
            pass

    def address(self) -> Digest:
        """The blob of the probe vectors, for the index version. Raises as `require_unchanged` where none are kept."""
        if self._kept is None:
            before = self.canaries.before(self.embedder)
            if before:
                self._keep(before[0])
            else:
                self.require_unchanged()
        assert self._kept is not None  # noqa: S101  # for the type checker: one of the two above kept it
        return self.canaries.write_blob(self._kept.to_bytes())

    def _taken(self) -> Canary:
        try:
            return take_canary(self.embedder)
        except VectorsWrongError as error:
            self._tell(_raising(error))
            raise

    def _tell(self, report: Callable[[], CanaryReport]) -> None:
        embedder, canaries = self.embedder, self.canaries
        canaries.tell(canaries.app, judged(canaries.knowledge, embedder.name, embedder.fingerprint, report))

    def _keep(self, canary: Canary) -> None:
        self.canaries.keep(self.embedder, canary)
        self._kept = canary


def _raising(error: PlimsollError) -> Callable[[], CanaryReport]:
    def report() -> CanaryReport:
        raise error

    return report
