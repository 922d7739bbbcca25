"""Where a label leads: a rule over the labels of one artifact, apart from any I/O."""

from collections.abc import Mapping

from plimsoll.kernel.digest import Digest

from .._errors import LabelCycleError, LabelMissingError
from ._types import ALIAS


def follow_labels(key: str, label: str, targets: Mapping[str, str]) -> Digest:
    """The digest that a label names at last, given the targets of all labels of its artifact.

    - A target that is a digest is the end.
    - A target `@other` goes on with the label `other`.
    - A label that is not there is a LabelMissingError, and one that was passed before a LabelCycleError.
    """
    path = [label]
    while True:
        target = targets.get(path[-1])
        if target is None:
            raise LabelMissingError(key, path[-1])
        if not target.startswith(ALIAS):
            return target
        following = target.removeprefix(ALIAS)
        if following in path:
            raise LabelCycleError(key, [*path, following])
        path.append(following)


def labels_passed(label: str, targets: Mapping[str, str]) -> frozenset[str]:
    """The labels on the way from one label to where it leads, without itself; also where it leads nowhere."""
    passed: set[str] = set()
    target = targets.get(label, "")
    while target.startswith(ALIAS) and (following := target.removeprefix(ALIAS)) not in passed:
        passed.add(following)
        target = targets.get(following, "")
    return frozenset(passed)
