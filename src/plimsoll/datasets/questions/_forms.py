"""Forms of sentences, and the questions that they answer.

Each form is a pattern whose group `answer` is the span that answers; the question is written from the other groups.
What fits no form is not asked about: fewer questions that can be understood are worth more than many that cannot.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ._sentences import Sentence

_SUBJECT: Final = r"(?P<subject>(?:[A-Z][\w'-]*)(?: [\w'&-]+){0,8}?)"
_REST: Final = r"(?P<rest>(?: [^.,;:]*)?)"
_BE: Final = r"(?P<be>is|are|was|were)"
_MODAL: Final = r"(?P<modal>must|shall|should|will|may|can)"
_DONE: Final = r"(?P<verb>(?!not\b)[a-z]+(?:ed|en|lt|nt|de|ld|un|ut|id|ung))"
_NOUN: Final = r"(?!per\b|of\b|a\b)[a-z][\w'-]*"
_NUMBER: Final = (
    r"(?:\d[\d,]*(?:\.\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|"
    r"forty|fifty|sixty|ninety|hundred)(?: \(\d+\))?"
)
_MONEY: Final = (
    r"(?:(?:[$€£]|USD |EUR |GBP )\d[\d,]*(?:\.\d+)?(?: (?:million|billion|thousand))?"
    r"|\d[\d,]*(?:\.\d+)? (?:euros?|dollars?|pounds?|francs?))"
)
_PERIOD: Final = (
    rf"{_NUMBER} (?:(?:calendar|business|working|full) )?"
    r"(?:second|minute|hour|day|week|month|quarter|year)s?"
)
_DATE: Final = (
    r"(?:(?:\d{1,2} )?(?:January|February|March|April|May|June|July|August|September|October|November|December)"
    r"(?: \d{1,2})?(?:,? \d{4})?|\d{4}-\d{2}-\d{2}|(?:19|20)\d\d)"
)
_NAME: Final = r"[A-Z][\w'-]+(?: (?:of|the|and|de|van|von|[A-Z][\w'.-]*))* ?[A-Z][\w'-]+|[A-Z][\w'-]+"
_HAPPENS: Final = {
    "begins": "begin", "starts": "start", "ends": "end", "opens": "open", "closes": "close", "expires": "expire",
    "arrives": "arrive", "departs": "depart", "leaves": "leave", "began": "begin", "started": "start",
    "ended": "end", "opened": "open", "closed": "close", "expired": "expire",
}  # fmt: skip
_LOWERED: Final = re.compile(r"^(?:The|A|An|Each|Every|All|Any|No|Both|Most|Some|Its|In)\b")
_TOO_VAGUE: Final = re.compile(
    r"^(?:there|here|what|which|who|when|where|if|unless|however|and|or|but|as|for|in|on|at|by|to|with|"
    r"so|thus|hence|then|also|yet|still|one|another|nothing|nobody|everything|everybody|"
    r"only|not|no|more|less|fewer|today|tomorrow|yesterday|now|once|after|before|until|since|during|from|of|under|"
    r"over|against|between|while|because|although|according|upon|per|within|without)\b",
    re.IGNORECASE,
)
_TWO_CLAUSES: Final = re.compile(r" (?:and|or|but|is|are|was|were|has|have|had|takes|gives|must|shall|will|may|can)\b")
_GOES_ON: Final = re.compile(r" (?:and|or|but|more|less|fewer|nor|yet)\b")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question, and the words of a sentence that answer it."""

    kind: str
    """The form: `period`, `money`, `count`, `date`, `by`, `role`, `definition`, `deadline`, `share`; or `blank`."""
    question: str
    answer: str
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class _Form:
    kind: str
    pattern: re.Pattern[str]
    question: str
    """With the names of groups in braces."""


def _form(kind: str, pattern: str, question: str) -> _Form:
    return _Form(kind, re.compile(rf"{pattern}\.?"), question)


_FORMS: Final = (
    _form("period", rf"{_SUBJECT} {_BE} (?P<answer>{_PERIOD}){_REST}", "How long {be} {subject}{rest}?"),
    _form("money", rf"{_SUBJECT} {_BE} (?P<answer>{_MONEY}){_REST}", "How much {be} {subject}{rest}?"),
    _form(
        "share",
        rf"{_SUBJECT} {_BE} (?P<answer>{_NUMBER}(?:%| per cent| percent)){_REST}",
        "What percentage {be} {subject}{rest}?",
    ),
    _form("money", rf"{_SUBJECT} costs? (?P<answer>{_MONEY}){_REST}", "What is the cost of {subject}{rest}?"),
    _form(
        "deadline",
        rf"{_SUBJECT} {_MODAL} (?P<verb>[a-z]+(?: [a-z]+)?(?: [^.,;:]{{1,60}}?)?) within (?P<answer>{_PERIOD}){_REST}",
        "Within what time {modal} {subject} {verb}{rest}?",
    ),
    _form(
        "count",
        rf"{_SUBJECT} {_MODAL} (?P<verb>[a-z]+) (?:(?:up to|at least|at most) )?(?P<answer>{_NUMBER}) "
        rf"(?P<noun>{_NOUN}){_REST}",
        "How many {noun} {modal} {subject} {verb}{rest}?",
    ),
    _form(
        "count",
        rf"{_SUBJECT} (?P<have>has|have|had) (?P<answer>{_NUMBER}) (?P<noun>{_NOUN}){_REST}",
        "How many {noun} {do} {subject} have{rest}?",
    ),
    _form(
        "date",
        rf"{_SUBJECT} {_BE} {_DONE} (?:on|in|by) (?P<answer>{_DATE}){_REST}",
        "When {be} {subject} {verb}{rest}?",
    ),
    _form(
        "date",
        rf"{_SUBJECT} (?P<happens>{'|'.join(_HAPPENS)}) (?:on|in|at) (?P<answer>{_DATE}){_REST}",
        "When {do} {subject} {happen}{rest}?",
    ),
    _form("by", rf"{_SUBJECT} {_BE} {_DONE} by (?P<answer>{_NAME}){_REST}", "By whom {be} {subject} {verb}{rest}?"),
    _form("role", rf"(?P<answer>{_NAME}) (?P<be>is|was) the (?P<role>[a-z][^.;:,]{{3,60}})", "Who {be} the {role}?"),
    _form(
        "definition",
        r"(?P<subject>(?:An? |The )?[A-Z]?[\w'-]+(?: [a-z][\w'-]+){0,3}) (?P<be>is|means) "
        r"(?P<answer>an? [a-z][^.;:]{15,140})",
        "What is {subject}?",
    ),
)


_FIGURE: Final = re.compile(
    rf"(?<![\w.-])(?:{_MONEY}|{_DATE}|{_PERIOD}|\d+(?:,\d{{3}})*(?:\.\d+)?(?: ?%| per cent)?)(?![\w-])"
)
_REFERENCE: Final = re.compile(
    r"\b(?:section|clause|article|chapter|page|figure|table|no|number|part|item)\.? $", re.IGNORECASE
)
_LEAST_AROUND: Final = 8


def proposals(sentence: Sentence) -> Iterator[Proposal]:
    """The question that a sentence answers, first by its form; where it has none, the figure in it as a blank."""
    found = next(_by_form(sentence), None) or _blank(sentence)
    if found is not None:
        yield found


def _by_form(sentence: Sentence) -> Iterator[Proposal]:
    for form in _FORMS:
        found = form.pattern.fullmatch(sentence.text)
        if found is None:
            continue
        groups = {name: value or "" for name, value in found.groupdict().items()}
        answer = groups.pop("answer").strip()
        subject = groups.get("subject", groups.get("role", ""))
        if _TOO_VAGUE.match(subject) or _TWO_CLAUSES.search(subject) or _GOES_ON.match(groups.get("rest", "")):
            continue
        if sentence.text.count(answer) != 1 or (form.kind == "count" and answer in {"1", "one"}):
            continue
        question = _written(form.question, groups)
        if answer.casefold() not in question.casefold():
            yield Proposal(form.kind, question, answer, sentence)


def _blank(sentence: Sentence) -> Proposal | None:
    """The longest figure of a sentence left out; None where it has none, or hardly anything else."""
    text = sentence.text
    found = [one for one in _FIGURE.finditer(text) if not _REFERENCE.search(text[: one.start()])]
    if not found or len(text.split()) < _LEAST_AROUND:
        return None
    longest = max(found, key=lambda one: one.end() - one.start())
    if text.count(longest[0]) != 1:
        return None
    around = f"{text[: longest.start()]}…{text[longest.end() :]}"
    return Proposal("blank", f'What is left out here? "{around}"', longest[0], sentence)


def _written(question: str, groups: dict[str, str]) -> str:
    subject = groups.get("subject", "")
    if _LOWERED.match(subject):
        subject = subject[0].lower() + subject[1:]
    happens, have = groups.get("happens", ""), groups.get("have", "")
    past = have == "had" or (bool(happens) and not happens.endswith("s"))
    several = have == "have"
    filled = {
        **groups,
        "subject": subject,
        "happen": _HAPPENS.get(happens, ""),
        "do": "did" if past else "do" if several else "does",
        "rest": groups.get("rest", "").rstrip(),
    }
    return " ".join(question.format(**filled).split())
