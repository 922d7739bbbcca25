"""The sentence for a change: what a person would say."""

from collections.abc import Mapping, Sequence

from plimsoll.kernel.digest import Json

from ._collections import Collection, is_automatic
from ._lists import NAMES, is_list, is_mapping, same
from ._shown import cut, named, shown, turned
from ._text import is_prose, text_sentence
from ._tree import Difference
from ._types import Named, Step, path_text

_BOUNDS = {"at_least": "at least", "at_most": "at most"}
_SILENT = frozenset({"parameters"})
"""Groups that need not be said, because what is in them says enough."""


def sentence(difference: Difference, collection: Collection | None) -> str:
    """A change in words."""
    path = difference.path
    if collection is not None and path[:1] == (collection.field,) and len(path) > 1:
        return _of_collection(difference, collection)
    if (threshold := _threshold(difference)) is not None:
        return threshold
    if difference.what == "moved":
        return f"{_subject(path, difference.element)} moved from {difference.before} to {difference.after}"
    if difference.what == "changed":
        return _changed(difference)
    return _came_or_went(difference)


def _changed(difference: Difference) -> str:
    path, before, after = difference.path, difference.before, difference.after
    if not path:
        return f"content {turned(before, after)}"
    if is_prose(path, before, after):
        return f"{_subject(path, None)}: {text_sentence(before, after)}"
    if path[-1] == "action" and isinstance(path[-2:][0], Named):
        head, _, name = _element_parts(path[:-1], None)
        return f"{head}action of {name}: {turned(before, after)}"
    return f"{_subject(path, None)} {turned(before, after)}"


def _came_or_went(difference: Difference) -> str:
    path, what = difference.path, difference.what
    value = difference.before if what == "removed" else difference.after
    subject = _subject(path, value)
    if not isinstance(path[-1], str) or value in (None, "", [], {}):
        return f"{subject} {what}"
    if is_prose(path, None, value):
        return f"{subject} {what}: {text_sentence('', value).removesuffix(' added')}"
    return f"{subject} {what}: {_brief(value)}"


def _brief(value: Json) -> str:
    """What is in a small mapping or list, without its brackets."""
    if is_mapping(value):
        return cut(", ".join(f"{key} {shown(inner)}" for key, inner in value.items()))
    if is_list(value):
        return cut(", ".join(shown(inner) for inner in value))
    return shown(value)


def _threshold(difference: Difference) -> str | None:
    """`threshold of answer_contains: at least 0.80 → 0.75`; None for anything but a threshold or a bound of one."""
    what = difference.what
    value = difference.before if what == "removed" else difference.after
    match difference.path:
        case ("thresholds", str() as measure, "at_least" | "at_most" as bound) if what == "changed":
            return f"threshold of {measure}: {_BOUNDS[bound]} {turned(difference.before, difference.after)}"
        case ("thresholds", str() as measure, "at_least" | "at_most" as bound):
            return f"threshold of {measure}: {_BOUNDS[bound]} {shown(value)} {what}"
        case ("thresholds", str() as measure) if what != "changed":
            return f"threshold of {measure} {what}: {_bounds(value)}"
    return None


def _bounds(value: Json) -> str:
    if not is_mapping(value):
        return shown(value)
    return " and ".join(f"{_BOUNDS.get(key, key)} {shown(bound)}" for key, bound in value.items())


def _subject(path: Sequence[Step], element: Json) -> str:
    """What a change is about: `chunk.size`, "check `toxicity`: threshold", "output: check `pii`"."""
    place = _last_element(path)
    if place is None:
        keys = list(path[1:] if len(path) > 1 and path[0] in _SILENT else path)
        return path_text(keys)
    inside = path[place + 1 :]
    head = _element(path[: place + 1], None if inside else element)
    return f"{head}: {path_text(inside)}" if inside else head


def _last_element(path: Sequence[Step]) -> int | None:
    places = [place for place, step in enumerate(path) if not isinstance(step, str)]
    return places[-1] if places else None


def _element(path: Sequence[Step], value: Json) -> str:
    """An element of a list: where the list is when that does not go without saying, the element's sort, its name."""
    head, noun, name = _element_parts(path, value)
    return f"{head}{noun} {name}"


def _element_parts(path: Sequence[Step], value: Json) -> tuple[str, str, str]:
    *above, step = path
    group = next((key for key in reversed(above) if isinstance(key, str)), "")
    key, name = _name(step, value)
    noun = key if key == "check" else _singular(group)
    around = above[:-1] if noun in {group, _singular(group)} else above
    head = f"{_subject(around, None)}: " if around else ""
    return head, noun, name


def _name(step: Step, value: Json) -> tuple[str, str]:
    if isinstance(step, Named):
        return step.key, named(step.name)
    if isinstance(value, str):
        return "", named(value)
    if is_mapping(value):
        for key in reversed(NAMES):
            if isinstance(name := value.get(key), str):
                return key, named(name)
    place = step + 1 if isinstance(step, int) else 0
    return "", f"{place}"


def _singular(group: str) -> str:
    if group.endswith("ies"):
        return f"{group[:-3]}y"
    return group.removesuffix("s") or "element"


def _of_collection(difference: Difference, collection: Collection) -> str:
    value = difference.after if difference.what != "removed" else difference.before
    if difference.what == "moved" and isinstance(difference.before, str):
        return f"{collection.noun} {named(difference.before)} renamed to {shown(difference.after)}"
    subject = f"{collection.noun} {_label(difference, value)}"
    if difference.what == "moved":
        return f"{subject} moved from {difference.before} to {difference.after}"
    if difference.what == "changed":
        return f"{subject}: {_fields(difference.before, difference.after)}"
    return f"{subject} {difference.what}{_remark(collection, difference.what, value)}"


def _label(difference: Difference, value: Json) -> str:
    """By what a person knows an element: its own name, or the question of a row that was only numbered."""
    step = difference.path[-1]
    if isinstance(step, Named):
        return named(shown(step.name)) if step.key == "digest" else named(step.name)
    if is_mapping(value):
        names = [value.get(key) for key in ("id", "question", "path", "digest")]
        known = [name for name in names if isinstance(name, str) and not is_automatic(name)]
        if known:
            return named(shown(known[0]) if known[0].startswith("sha256:") else known[0])
    return f"{step + 1}" if isinstance(step, int) else ""


def _remark(collection: Collection, what: str, value: Json) -> str:
    if not is_mapping(value):
        return ""
    if collection.noun == "segment":
        return f" ({shown(value.get('documents'))} documents, {shown(value.get('chunks'))} chunks)"
    fate, reason = value.get("fate"), value.get("reason")
    if what == "added" and isinstance(fate, str) and fate != "indexed":
        return f", and {fate}{': ' + cut(reason) if isinstance(reason, str) and reason else ''}"
    question = value.get("question")
    if collection.noun == "row" and isinstance(question, str) and not is_automatic(value.get("id")):
        return f": {cut(question)}"
    return ""


def _fields(before: Json, after: Json) -> str:
    """What is different inside an element: `indexed → failed: it is encrypted`, `content`, `answers ["a"] → ["b"]`."""
    if not is_mapping(before) or not is_mapping(after):
        return turned(before, after)
    keys = [key for key in sorted(before.keys() | after.keys()) if not same(before.get(key), after.get(key))]
    silent = {"fate", "reason"}
    if len(keys) > 1 and is_automatic(before.get("id")) and is_automatic(after.get("id")):
        silent.add("id")
    parts = [_field(key, before, after) for key in keys if key not in silent]
    if "fate" in keys:
        parts.append(turned(before.get("fate"), after.get("fate")))
    reason = after.get("reason")
    if "fate" in keys and isinstance(reason, str) and reason:
        parts[-1] += f": {cut(reason)}"
    elif "reason" in keys:
        parts.append(f"reason {turned(before.get('reason'), after.get('reason'))}")
    return ", ".join(parts) or "fields without a value came or went"


def _field(key: str, before: Mapping[str, Json], after: Mapping[str, Json]) -> str:
    if key == "digest":
        return "content changed"
    return f"{key} {turned(before.get(key), after.get(key))}"
