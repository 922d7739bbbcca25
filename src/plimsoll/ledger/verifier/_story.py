"""What the entries say: which release was where, who moved it, who approved it and on what evidence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
END_OF_TIME = "9999"


@dataclass(frozen=True)
class Question:
    """What is asked about an export. Empty means everything."""

    until: str = END_OF_TIME
    """The time, written as in an entry."""
    app: str = ""
    environment: str = ""
    release: str = ""
    """Tell every move of this release, instead of what was live in the end."""


class Story:
    """Reads entries in their order; keeps one record per environment, release, review and actor, not the entries."""

    def __init__(self, question: Question, *, opening: bool = True) -> None:
        self.question = question
        self._opening = opening
        """Whether private content was to be opened; where it was not, nothing is said of names and reasons."""
        self.opened = self.erased = 0
        self.stated: dict[str, list[Json]] = {}
        """Evidence of a release by its own manifest, where no entry of the log freezes it (it was imported)."""
        self._names: dict[str, str] = {}
        self._gone: set[str] = set()
        self._withheld: Counter[str] = Counter()
        self._reviews: dict[tuple[str, str, str], dict[str, Json]] = {}
        self._freezes: dict[str, Json] = {}
        self._judged: dict[tuple[str, ...], int] = {}
        self._override: tuple[int, tuple[str, ...], Json] = (-1, (), {})
        """The latest: the entry that it lets through, its application, environment and release, and the deed."""
        self._live: dict[tuple[str, str], Json] = {}
        self._candidates: dict[tuple[str, str], Json] = {}
        self._moves: list[Json] = []
        self._acts = {
            "gate.judge": self._judge,
            "release.freeze": self._freeze,
            "release.import": self._freeze,
            "review.approve": self._review,
            "review.refuse": self._review,
            "review.withdraw": self._review,
            "environment.ship": self._move,
            "environment.rollback": self._move,
            "environment.split": self._move,
            "environment.unsplit": self._move,
            "environment.override": self._break,
        }

    @property
    def disclosed(self) -> dict[str, int]:
        """How many entries with private content are opened, erased, and neither; the last only if all were asked."""
        asked = {"opened": self.opened, "erased": self.erased, "withheld": sum(self._withheld.values())}
        return asked if self._opening else {"erased": self.erased}

    def see(self, entry: Json, content: dict[str, str] | None) -> None:
        """Take in the next entry, with its private content where the file opens it."""
        act, facts = entry["act"], entry["facts"]
        if content is not None:
            self.opened += 1
        elif "sealed" in entry:
            self._withheld[str(facts["actor"]) if act == "actor.create" else entry["actor"]] += 1
        if act == "actor.create" and content is not None:
            self._names[str(facts["actor"])] = content.get("name", "")
        elif act == "subject.erase":
            self._gone.add(str(facts["subject"]))
            self.erased += self._withheld.pop(str(facts["subject"]), 0)
        elif act in self._acts and entry["at"] <= self.question.until:
            self._acts[act](entry, facts, _deed(entry, content))

    def _judge(self, entry: Json, facts: Json, _: Json) -> None:
        self._judged[tuple(str(facts[name]) for name in ("draft", "suite_version", "run"))] = entry["sequence"]

    def _freeze(self, _: Json, facts: Json, deed: Json) -> None:
        evidence = [dict(row) for row in facts.get("evidence", [])]
        more: Json = {name: facts[name] for name in ("source_commit", "origin") if name in facts}
        freeze: Json = {"frozen": {**deed, **more}, "evidence": evidence, "draft": facts.get("draft")}
        self._freezes.setdefault(str(facts["release"]), freeze)

    def _review(self, entry: Json, facts: Json, deed: Json) -> None:
        place = (entry["app"], str(facts["subject"]), str(facts["place"]))
        expires_at = str(facts.get("expires_at") or "")
        self._reviews.setdefault(place, {})[entry["actor"]] = {**deed, "expires_at": expires_at}

    def _break(self, entry: Json, facts: Json, deed: Json) -> None:
        about = (entry["app"], str(facts["environment"]), str(facts["release"]))
        self._override = (entry["sequence"] + 1, about, {**deed, "rules": list(facts["rules"])})

    def _move(self, entry: Json, facts: Json, deed: Json) -> None:
        place = (entry["app"], str(facts["environment"]))
        if self.question.app not in {"", place[0]} or self.question.environment not in {"", place[1]}:
            return
        candidate = self._candidates.pop(place, None)
        ended = entry["act"] == "environment.unsplit"
        release = candidate["release"] if ended and candidate else str(facts["to"])
        move: Json = {
            "app": place[0],
            "environment": place[1],
            "release": release,
            "share": facts.get("share"),
            "moved": deed,
        }
        move["approvals"] = [] if ended else self._approvals(place, release, entry["at"])
        move["overrides"] = self._overrides(entry, (*place, release))
        if entry["act"] == "environment.split":
            self._candidates[place] = {**move, "role": "candidate"}
        elif not ended:
            self._live[place] = {**move, "role": "live"}
        if self.question.release in {release, facts.get("from")}:
            self._moves.append({**move, "role": entry["act"].partition(".")[2]})

    def _approvals(self, place: tuple[str, str], release: str, at: str) -> list[Json]:
        answers = self._reviews.get((place[0], release, place[1]), {}).values()
        approvals = [answer for answer in answers if answer["act"] == "review.approve"]
        return [dict(answer) for answer in approvals if not answer["expires_at"] or answer["expires_at"] > at]

    def _overrides(self, entry: Json, about: tuple[str, ...]) -> list[Json]:
        """The override of this very ship or split: it is written in one transaction, directly before it."""
        sequence, place, deed = self._override
        shipped = entry["act"] in {"environment.ship", "environment.split"}
        return [deed] if shipped and (entry["sequence"], about) == (sequence, place) else []

    def tell(self) -> list[Json]:
        """The answer: live and candidate releases per environment, or every move of the release asked about."""
        if self.question.release:
            moves = self._moves or [{"app": self.question.app, "release": self.question.release, "role": "frozen"}]
        else:
            places = sorted(self._live.keys() | self._candidates.keys())
            moves = [kept[place] for place in places for kept in (self._live, self._candidates) if place in kept]
        return [self._told(move) for move in moves]

    def _told(self, move: Json) -> Json:
        freeze = self._freezes.get(move["release"], {})
        told = {"approvals": [], "overrides": [], "moved": None, **move, "frozen": self._named(freeze.get("frozen"))}
        told["moved"] = self._named(told["moved"])
        told["approvals"] = [self._named(approval) for approval in told["approvals"]]
        told["overrides"] = [self._named(override) for override in told["overrides"]]
        rows = freeze.get("evidence") or self.stated.get(move["release"], [])
        told["evidence"] = [{**row, "entry": self._judgement(freeze.get("draft"), row)} for row in rows]
        return told

    def _judgement(self, draft: object, row: Json) -> int | None:
        return self._judged.get((str(draft), str(row.get("suite_version")), str(row.get("run"))))

    def _named(self, deed: Json | None) -> Json | None:
        if deed is None:
            return None
        gone = deed["actor"] in self._gone
        if not (self._opening or gone):
            return {name: value for name, value in deed.items() if name != "reason"}
        hidden = "erased" if gone else "not disclosed"
        reason = hidden if deed["sealed"] and deed["reason"] is None else deed["reason"]
        return {**deed, "name": self._names.get(deed["actor"]) or f"name {hidden}", "reason": reason}


def _deed(entry: Json, content: dict[str, str] | None) -> Json:
    reason = (content or {}).get("reason")
    kept = {name: entry[name] for name in ("at", "act", "actor", "via")}
    return {"entry": entry["sequence"], **kept, "reason": reason, "sealed": "sealed" in entry}
