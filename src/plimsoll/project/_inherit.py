"""What guardrails inherit: each becomes one that stands for itself.

- First come the checks of those that it extends, in their order, then its own; the same for tests.
- One of its own with the `id` of an inherited one takes its place; `{id: …, off: true, reason: …}` takes it away.
- What comes by two ways from the same file comes once.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from ._errors import Mistake, did_you_mean, shown
from ._references import LoadedFile
from .schemas.guardrail import MOST_CHECKS, CheckSection, GuardrailDefinition, OffSection, TestSection

_MOST_LEVELS = 20
_Section = CheckSection | TestSection
_Key = Literal["checks", "tests"]
_KEYS: tuple[_Key, ...] = ("checks", "tests")


def inherit(files: Mapping[str, LoadedFile]) -> tuple[dict[str, GuardrailDefinition], list[Mistake]]:
    """The guardrails by their names, each with what it inherits, and what is wrong between them.

    One that has mistakes, or inherits from one that has, is left out.
    """
    heirs = _Heirs(files)
    found = {name: heirs.whole(name) for name in files}
    return {name: one for name, one in found.items() if one is not None}, heirs.mistakes


class _Heirs:
    def __init__(self, files: Mapping[str, LoadedFile]) -> None:
        self._files = files
        self._done: dict[str, GuardrailDefinition | None] = {}
        self.mistakes: list[Mistake] = []

    def whole(self, name: str, below: tuple[str, ...] = ()) -> GuardrailDefinition | None:
        """A guardrail with what it inherits; `below` are those that inherit from it."""
        if name in self._done:
            return self._done[name]
        if name in below:
            self._refuse_circle(below[below.index(name) :])
            return None
        file = self._files[name]
        if len(below) == _MOST_LEVELS:
            what = f"with this one more than {_MOST_LEVELS} guardrails extend each other"
            self.mistakes.append(file.mistake(("extends",), what, "write what they share into one guardrail"))
            return None
        parents = [self._parent(file, place, parent, (*below, name)) for place, parent in _extends(file)]
        whole = [one for one in parents if one is not None]
        self._done[name] = self._joined(file, whole) if len(whole) == len(parents) else None
        return self._done[name]

    def _joined(self, file: LoadedFile, parents: list[GuardrailDefinition]) -> GuardrailDefinition | None:
        own = file.definition
        if not isinstance(own, GuardrailDefinition):
            return None
        parts = {key: _Joining(file, key, own, parents) for key in _KEYS}
        for part in parts.values():
            self.mistakes += part.mistakes
        checks = parts["checks"].all
        if not checks and not self.mistakes:
            self.mistakes.append(
                file.mistake(("checks",), "nothing is left of what is inherited", "keep a check, or add one")
            )
        if len(checks) > MOST_CHECKS:
            what = f"with what is inherited there are {len(checks)} checks, and {MOST_CHECKS} is the most"
            self.mistakes.append(file.mistake(("extends",), what, "take some away, or use several guardrails"))
        return own.model_copy(update={"checks": checks, "tests": parts["tests"].all})

    def _parent(
        self, file: LoadedFile, place: tuple[str | int, ...], parent: str, below: tuple[str, ...]
    ) -> GuardrailDefinition | None:
        if parent in self._files:
            return self.whole(parent, below)
        instead = did_you_mean(parent, sorted(self._files), all_of_them="what there is in guardrails/")
        self.mistakes.append(file.mistake(place, f"there is no guardrail {shown(parent)}", instead))
        return None

    def _refuse_circle(self, circle: tuple[str, ...]) -> None:
        """Told once, at the guardrail whose name comes first."""
        first = circle.index(min(circle))
        names = " extends ".join((*circle[first:], *circle[:first], circle[first]))
        file = self._files[circle[first]]
        mistake = file.mistake(("extends",), f"a guardrail extends itself: {names}", "take one of these `extends` away")
        if mistake not in self.mistakes:
            self.mistakes.append(mistake)


class _Joining:
    """One list of a guardrail, put together with what is inherited; `all` is what came of it."""

    def __init__(
        self, file: LoadedFile, key: _Key, own: GuardrailDefinition, parents: list[GuardrailDefinition]
    ) -> None:
        self._file = file
        self._key = key
        self.mistakes: list[Mistake] = []
        sections: tuple[_Section | OffSection, ...] = getattr(own, key)
        self.all = self._inherited(parents, {one.id for one in sections if one.id is not None})
        known = {one.id for one in self.all if one.id is not None}
        seen: set[str] = set()
        for number, one in enumerate(sections):
            if one.id is not None and one.id in seen:
                what = f"the id `{one.id}` stands in the list twice"
                self._refuse((key, number, "id"), what, "give one of them another id")
            elif isinstance(one, OffSection) and one.id not in known:
                instead = did_you_mean(one.id, sorted(known), all_of_them=f"ids of inherited {key}")
                self._refuse((key, number, "id"), f"nothing with the id `{one.id}` is inherited", instead)
            else:
                self.all = _put(self.all, one)
            seen |= set() if one.id is None else {one.id}

    def _inherited(self, parents: list[GuardrailDefinition], own_ids: set[str]) -> list[_Section]:
        found: list[_Section] = []
        ids: set[str] = set()
        for one in _sections(parents, self._key):
            if any(one is other for other in found):
                continue
            if one.id in ids and one.id not in own_ids:
                self._refuse(
                    ("extends",),
                    f"two of the guardrails that it extends have different {self._key} with the id `{one.id}`",
                    "write one with this id here, or give one of them another id",
                )
            ids |= set() if one.id is None else {one.id}
            found.append(one)
        return found

    def _refuse(self, place: tuple[str | int, ...], what: str, instead: str) -> None:
        self.mistakes.append(self._file.mistake(place, what, instead))


def _put(inherited: list[_Section], one: _Section | OffSection) -> list[_Section]:
    """The list with one more, which takes the place of what has its id, or only takes that away."""
    places = [number for number, other in enumerate(inherited) if one.id is not None and other.id == one.id]
    left = [other for number, other in enumerate(inherited) if number not in places]
    if not isinstance(one, OffSection):
        left.insert(places[0] if places else len(left), one)
    return left


def _sections(parents: list[GuardrailDefinition], key: _Key) -> Iterator[_Section]:
    for parent in parents:
        listed: tuple[_Section, ...] = getattr(parent, key)
        yield from listed


def _extends(file: LoadedFile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    one = file.text("extends")
    if one is not None:
        yield ("extends",), one
    for number, name in file.texts("extends"):
        yield ("extends", number), name
