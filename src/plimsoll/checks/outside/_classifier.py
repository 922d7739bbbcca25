"""The check `classifier`: a trained model in a folder of the project, run here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from plimsoll.kernel.digest import Json, hex_part
from plimsoll.kernel.errors import PlimsollError

from .._types import Context, Found
from ._errors import ClassifierFilesError
from ._options import KIND, Options
from ._texts import checked_length
from ._types import Deadline, Outside, OutsideCheck, Shared

if TYPE_CHECKING:
    from ._classifier_files import Classifier, Window

_KNOWN: Final = ("path", "digest", "labels", "max_tokens", "most_characters", "by_sentence")
_MOST_CHARACTERS: Final = 100_000
_TOGETHER: Final = 8
"""Windows that are run before it is looked again whether anybody still waits."""
_HALF: Final = 0.5
_VERSION_LENGTH: Final = 8
_DIGEST: Final = "write `digest: sha256:…`; where it is wrong, the error says which one the files have"


_LOADED: "Final[Shared[Classifier]]" = Shared()


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a policy wants of a model."""

    name: str
    path: str
    labels: Mapping[str, str]
    """Kinds by the labels that mean them; other labels mean that nothing was found."""
    by_score: bool
    most_characters: int
    timeout_s: float


def classifier(rule: Mapping[str, Json], outside: Outside | None) -> OutsideCheck:
    """Runs a model; options: docs/reference/checks-outside.md.

    Raises CheckOptionsError, and where it can be loaded ClassifierDigestError, ClassifierFilesError, ModelFilesError
    and PackageMissingError.
    """
    options = Options("classifier", rule, _KNOWN)
    reading = _Reading(
        name=options.name,
        path=options.text("path", "write `path: models/prompt-guard`, a folder of the project"),
        labels=_labels(options),
        by_score=options.has_threshold,
        most_characters=options.whole("most_characters", _MOST_CHARACTERS, least=100, most=10_000_000),
        timeout_s=options.timeout_s,
    )
    digest = options.text("digest", _DIGEST)
    if not digest.startswith("sha256:"):
        raise options.wrong("`digest` is none", _DIGEST)
    max_tokens = options.whole("max_tokens", 0, least=0, most=8192) or None
    look = None
    if outside is not None:
        from ._classifier_files import load_classifier

        folder = outside.folder / reading.path
        model = _LOADED.get(
            (folder, digest, max_tokens),
            lambda: load_classifier(folder, reading.path, digest=digest, max_tokens=max_tokens),
        )
        _check_labels(reading, model)
        look = _Asker(reading, model).look
    kinds = tuple(dict.fromkeys(reading.labels.values()))
    version = hex_part(digest)[:_VERSION_LENGTH]
    return OutsideCheck(reading.name, kinds, look, version=version, by_sentence=options.flag("by_sentence"))


class _Asker:
    def __init__(self, reading: _Reading, model: "Classifier") -> None:
        self._reading = reading
        self._model = model
        self._places = {
            kind: [place for place, label in enumerate(model.labels) if reading.labels.get(label) == kind]
            for kind in reading.labels.values()
        }

    def look(self, text: str, context: Context) -> Sequence[Found]:  # noqa: ARG002  # it reads nothing but the text
        """What the model says of each stretch of the text. Raises TextTooLongError, CheckTimeoutError, and its own."""
        reading = self._reading
        deadline = Deadline(reading.name, reading.timeout_s)
        text = checked_length(reading.name, text, reading.most_characters)
        try:
            windows = list(self._model.windows(text))
            found: list[Found] = []
            for first in range(0, len(windows), _TOGETHER):
                deadline.left_s()
                found += self._found(windows[first : first + _TOGETHER], len(text))
        except PlimsollError:
            raise
        except Exception as error:  # the libraries raise anything for a graph or a tokenizer that does not fit
            raise ClassifierFilesError(reading.path, "it failed on a text") from error
        return found

    def _found(self, windows: Sequence["Window"], length: int) -> Iterator[Found]:
        for window, chances in zip(windows, self._model.chances(windows), strict=True):
            for kind, places in self._places.items():
                these = [float(chances[place]) for place in places]
                score = min(1.0, max(these) if self._model.holds_many else sum(these))
                if score > 0 and (self._reading.by_score or score >= _HALF):
                    # A stretch in which nothing is readable is all of it.
                    start, end = (window.start, window.end) if window.start < window.end else (0, length)
                    yield Found(start, end, kind, score)


def _labels(options: Options) -> Mapping[str, str]:
    instead = "write `labels: {INJECTION: injection}`: labels of the model, and what they mean"
    labels = options.group("labels", instead)
    if not labels:
        raise options.wrong("`labels` is missing", instead)
    found = {label: kind for label, kind in labels.items() if isinstance(kind, str) and KIND.fullmatch(kind)}
    if len(found) != len(labels):
        raise options.wrong("`labels` must lead to lower-case names", instead)
    return found


def _check_labels(reading: _Reading, model: "Classifier") -> None:
    strange = sorted(set(reading.labels) - set(model.labels))
    if strange:
        raise ClassifierFilesError(
            reading.path, f"it has no label {strange[0]!r}", hint=f"labels: {', '.join(model.labels)}"
        )
