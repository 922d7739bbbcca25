"""Reviewing a text that comes in pieces; a whole text is one piece.

The verdict, the findings and the redacted text are the same for every way to cut a text into pieces (a text that is
stopped has let go a beginning of its redacted form, and nothing of what stopped it). Findings come from the scanner in
the order of the text, each once nothing that follows can change it, and are dealt with in that order. Text goes out up
to where something can still be found, or is being redacted.
"""

from dataclasses import dataclass

from plimsoll.checks import NO_CONTEXT, Context, ScanFailedError
from plimsoll.checks.patterns import FAILED, Hit, Scan

from ._placeholders import Placeholders, label_of
from ._plan import Plan
from ._rules import Rule
from ._sentences import Sentences
from ._types import ACTIONS, CHECK_FAILED, CLOSED, Finding, Review, Step, stops


@dataclass(slots=True)
class _Group:
    """Findings that hang together, of which the best one counts."""

    start: int
    end: int
    best: Hit
    rule: Rule


class StreamReview:
    """A text under review while it arrives, such as a model's answer. Belongs to one thread.

    After the step that stops the text, or the last one, nothing more comes out.
    """

    __slots__ = (
        *("_begin", "_closed", "_ended", "_findings", "_flags", "_held", "_numbers", "_plan"),
        *("_context", "_later", "_redacting", "_scan", "_sent", "_sentences"),
    )

    def __init__(
        self,
        plan: Plan | None,
        *,
        closed: bool = False,
        context: Context = NO_CONTEXT,
        placeholders: Placeholders | None = None,
    ) -> None:
        self._plan = plan
        self._closed = closed
        self._context = context
        self._numbers = Placeholders() if placeholders is None else placeholders
        self._sentences = Sentences() if plan is not None and plan.needs_sentences else None
        # Found already, in a sentence that is still open: what its check says may come before.
        self._later: list[Hit] = []
        self._ended = False
        self._scan = None if plan is None else Scan(plan.scanner)
        # What has come and not gone out stands in `_held` from `_begin` on, at character `_sent` of the text.
        self._held = ""
        self._begin = 0
        self._sent = 0
        self._redacting: _Group | None = None
        self._flags: dict[str, _Group] = {}
        self._findings: list[Finding] = []

    def feed(self, text: str, *, last: bool = False) -> Step:
        """Take the next piece; says what may go out now, and the verdict when the text stops here or ends."""
        if self._ended:
            return _NOTHING
        if self._closed:
            return self._end(Step("", CLOSED))
        if self._plan is None or self._scan is None:
            return self._end(Step(text, Review("allow", ""))) if last else Step(text)
        # Cut off once for each piece: once for each finding would take time by the square of their number.
        self._held, self._begin = self._held[self._begin :] + text, 0
        if self._plan.needs_all and not last:
            return _NOTHING
        return self._read(self._plan, self._scan, self._held if self._plan.needs_all else text, last=last)

    def close(self) -> Step:
        """There is no more; says what may still go out, and the verdict unless it was told before."""
        return self.feed("", last=True)

    def _read(self, plan: Plan, scan: Scan, text: str, *, last: bool) -> Step:
        try:
            hits = scan.feed(text, last=last)
        except ScanFailedError:
            return self._end(Step("", Review("block", "", (), CHECK_FAILED, plan.names)))
        if plan.needs_all:
            hits = sorted([*hits, *plan.hits_in_all(text, self._context)])
        decided = scan.decided
        if self._sentences is not None:
            hits, decided = self._with_sentences(plan, self._sentences, hits, text, last=last)
            decided = min(decided, scan.decided)
            hits, self._later = (
                [hit for hit in hits if hit.start < decided or last],
                [hit for hit in hits if hit.start >= decided and not last],
            )
        out = []
        for hit in hits:
            rule = plan.rule_for(hit)
            if rule is None:
                continue
            if stops(rule.on_error if hit.score == FAILED else rule.action):
                return self._end(Step("", self._stopped(hit, rule)))
            out.append(self._take(hit, rule))
        out.append(self._let_go(decided))
        text = "".join(out)
        return self._end(Step(text, self._verdict())) if last else Step(text)

    def _with_sentences(
        self, plan: Plan, sentences: Sentences, hits: list[Hit], text: str, *, last: bool
    ) -> tuple[list[Hit], int]:
        """What was found so far and not dealt with, in the order of the text, and where the open sentence begins."""
        found = [*self._later, *hits]
        for start, sentence in sentences.feed(text, last=last):
            found += plan.hits_in_sentence(sentence, self._context, start)
        return sorted(found), sentences.begun

    def _take(self, hit: Hit, rule: Rule) -> str:
        """Deal with a finding that does not stop the text; returns what can go out because of it."""
        out = ""
        if hit.score == FAILED:
            self._findings.append(self._failed(hit, rule))
        elif rule.action == "redact":
            if self._redacting is not None and hit.start >= self._redacting.end:
                out = self._close_redacting(self._redacting)
            self._redacting = _joined(self._redacting, hit, rule)
        elif rule.action == "flag":
            group = self._flags.get(rule.check.name)
            if group is not None and hit.start >= group.end:
                self._note(group)
                group = None
            self._flags[rule.check.name] = _joined(group, hit, rule)
        return out

    def _let_go(self, decided: int) -> str:
        """What of the held text may go out: up to where something may begin, or is being redacted."""
        group, out = self._redacting, ""
        if group is not None and group.end <= decided:
            out, group = self._close_redacting(group), None
        return out + self._cut(decided if group is None else min(decided, group.start))

    def _cut(self, upto: int) -> str:
        length = upto - self._sent
        if length <= 0:
            return ""
        begin, self._begin, self._sent = self._begin, self._begin + length, upto
        return self._held[begin : begin + length]

    def _close_redacting(self, group: _Group) -> str:
        before, found = self._cut(group.start), self._cut(group.end)
        self._note(group)
        self._redacting = None
        return before + self._replacement(group.rule, self._kind(group.best), found)

    def _replacement(self, rule: Rule, kind: str, found: str) -> str:
        if not rule.numbered:
            return f"[{kind.upper()}]" if rule.replacement is None else rule.replacement
        # By what is shown, and not by the kind: two kinds may be shown as the same.
        label = label_of(rule.replacement or kind.upper())
        shown = f"[{label}_{self._numbers.number(label, found)}]"
        if rule.restore and self._context.stage == "input":
            self._numbers.own[shown] = found
        return shown

    def _note(self, group: _Group) -> None:
        self._findings.append(self._finding(group.best, group.rule))

    def _finding(self, hit: Hit, rule: Rule) -> Finding:
        version = rule.check.version
        return Finding(
            rule.check.name, self._kind(hit), rule.action, hit.start, hit.end, hit.score, hit.reason, version
        )

    def _failed(self, hit: Hit, rule: Rule) -> Finding:
        version = rule.check.version
        return Finding(rule.check.name, CHECK_FAILED, rule.on_error, hit.start, hit.end, 0.0, "", version)

    def _kind(self, hit: Hit) -> str:
        return "" if self._plan is None else self._plan.kind_of(hit)

    def _told(self) -> tuple[Finding, ...]:
        """All findings so far, those of open groups too, in the order of the text."""
        groups = [*self._flags.values(), *([self._redacting] if self._redacting is not None else [])]
        findings = [*self._findings, *(self._finding(group.best, group.rule) for group in groups)]
        return tuple(sorted(findings, key=lambda one: (one.start, one.end, one.check, one.kind)))

    def _stopped(self, hit: Hit, rule: Rule) -> Review:
        if hit.score == FAILED:
            return Review(rule.on_error, "", self._told(), CHECK_FAILED, rule.check.name)
        finding = self._finding(hit, rule)
        return Review(finding.action, "", (*self._told(), finding), f"{finding.check}.{finding.kind}")

    def _verdict(self) -> Review:
        findings = self._told()
        return Review(max((one.action for one in findings), key=ACTIONS.index, default="allow"), "", findings)

    def _end(self, step: Step) -> Step:
        self._ended = True
        self._held = ""
        return step


_NOTHING = Step("")


def _joined(group: _Group | None, hit: Hit, rule: Rule) -> _Group:
    if group is None:
        return _Group(hit.start, hit.end, hit, rule)
    group.end = max(group.end, hit.end)
    if _rank(hit) > _rank(group.best):
        group.best, group.rule = hit, rule
    return group


def _rank(hit: Hit) -> tuple[float, int, int]:
    return hit.score, hit.end - hit.start, -hit.pattern
