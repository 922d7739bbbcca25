"""Marking a trigger right or wrong, or saying what was missed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, cast, get_args

from plimsoll.guardrails import STAGES
from plimsoll.reviews.marks import Mark, Marked, Said
from plimsoll.tracing import Trace
from plimsoll.tracing.triggers import NO_ANSWER

from ._errors import MarkUnfitError, TriggerMissingError
from ._types import GuardParts, MarkWish

_SAID: Final[tuple[Said, ...]] = get_args(Said)
_LONGEST_NOTE: Final = 2_000
_LONGEST_NAME: Final = 200


def mark(wish: MarkWish, parts: GuardParts) -> tuple[Mark, ...]:
    """Write down what somebody says of every trigger that fits; who may do that is for the caller to see to.

    - `right` and `wrong` are about what triggered: all that a check found in the request, or only at a stage, or of a
      kind. A check that gave no answer did not trigger.
    - `missed` is about what did not: it names the check, and the stage at which it should have found something.
    - `withdrawn` takes back what the same person said before of the same.

    Raises MarkUnfitError, TriggerMissingError, and what `Traces.get` raises.
    """
    _check(wish)
    parts.flush()
    trace = parts.traces.get(parts.app, wish.trace)
    found = _missed(wish, trace) if wish.said == "missed" else _found(wish, trace, parts)
    return parts.marks.add(found, cast("Said", wish.said), by=wish.by, note=wish.note.strip())


def _check(wish: MarkWish) -> None:
    if wish.said not in _SAID:
        raise MarkUnfitError(f"a trigger cannot be marked {wish.said!r}", hint=f"one of {', '.join(_SAID)}")
    if wish.stage is not None and wish.stage not in STAGES:
        raise MarkUnfitError(f"there is no stage {wish.stage!r}", hint=f"stages: {', '.join(STAGES)}")
    if not wish.check.strip() or max(len(wish.check), len(wish.kind or "")) > _LONGEST_NAME:
        raise MarkUnfitError("the name of the check is missing or too long", hint="see `plimsoll guardrail list`")
    if len(wish.note) > _LONGEST_NOTE:
        raise MarkUnfitError(
            f"the note has {len(wish.note):,} characters", hint=f"at most {_LONGEST_NOTE:,} are kept with a mark"
        )
    if wish.said == "missed" and wish.stage is None:
        raise MarkUnfitError(
            "nobody can tell where it was missed", hint=f"name the stage, one of {', '.join(STAGES)}: `--on input`"
        )


def _missed(wish: MarkWish, trace: Trace) -> tuple[Marked, ...]:
    return (replace(_about(trace, wish.stage or "", wish.check), kind=wish.kind or ""),)


def _found(wish: MarkWish, trace: Trace, parts: GuardParts) -> tuple[Marked, ...]:
    noted = [_marked(trace, note) for note in trace.guardrails]
    fits = tuple(one for one in noted if one.kind != NO_ANSWER and _fits(wish, one))
    if not fits and wish.said == "withdrawn":
        fits = _said_before(wish, parts, trace.id)
    if not fits:
        wanted = ".".join(part for part in (wish.check, wish.kind) if part)
        wanted += f" on {wish.stage}" if wish.stage else ""
        raise TriggerMissingError(trace.id, wanted, (f"{one.check}.{one.kind} on {one.stage}" for one in noted))
    return fits


def _said_before(wish: MarkWish, parts: GuardParts, trace: str) -> tuple[Marked, ...]:
    """What this person said was missed, and takes back."""
    before = {
        one.about.place: one.about for one in parts.marks.of_trace(parts.app, trace) if one.actor == wish.by.actor
    }
    return tuple(about for about in before.values() if _fits(wish, about))


def _fits(wish: MarkWish, one: Marked) -> bool:
    return one.check == wish.check and wish.stage in {None, one.stage} and wish.kind in {None, one.kind}


def _marked(trace: Trace, note: object) -> Marked:
    # What stands in a trace may have been written by an older version, or be damaged.
    said: Mapping[str, object] = note if isinstance(note, Mapping) else {}
    texts = {name: str(said.get(name) or "") for name in ("stage", "check", "kind", "action", "version")}
    score = said.get("score")
    return replace(
        _about(trace, texts["stage"], texts["check"]),
        kind=texts["kind"],
        action=texts["action"],
        version=texts["version"],
        score=float(score) if isinstance(score, int | float) else 0.0,
    )


def _about(trace: Trace, stage: str, check: str) -> Marked:
    return Marked(trace.app, trace.id, trace.started_at, trace.endpoint, stage, check)
