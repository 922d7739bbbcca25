"""Single rows on the page: the worst, and those that answer otherwise than the baseline."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from msgspec import json

from ._facts import Facts
from ._html_words import text
from ._seen import SeenRow
from ._words import brief, money, plural

_WORST_SHOWN: Final = 60
_DIFFERING_SHOWN: Final = 40
_PASSAGES_SHOWN: Final = 6
_LONGEST_TEXT: Final = 4_000
_MOST_WORDS: Final = 1_200
"""Of longer answers the two are shown one above the other: comparing takes the square of their length."""


def worst_cases(facts: Facts, place: int) -> str:
    """The rows that lost most, each folded; how many of how many is said."""
    count = len(facts.worst)
    if not count:
        return "<h3>Worst cases</h3>\n<p>No row lost a point, and every row was measured.</p>"
    shown = facts.worst[:_WORST_SHOWN]
    all_of = f"All {count:,}" if count > 1 else "The one"
    which = f"The worst {len(shown)} of {count:,}" if count > len(shown) else all_of
    were = "were" if count > 1 else "was"
    said = f"{which} of {plural(len(facts.run.rows), 'row')} that lost points or {were} not measured."
    cases = "\n".join(_case(facts, row) for row in shown)
    return f'<h3>Worst cases</h3>\n<p>{said}</p>\n{_filter(place)}\n<div id="cases-{place}">\n{cases}\n</div>'


def _filter(place: int) -> str:
    """Shown by the script alone: without it nothing could be filtered."""
    return (
        f'<p class="filter" data-of="cases-{place}" hidden><label>Show those with these words: '
        f'<input type="search"></label> <output class="quiet"></output></p>'
    )


def _case(facts: Facts, row: SeenRow) -> str:
    return (
        f"<details><summary><b>{text(row.name)}</b>{_lost(facts, row)}{text(_short(row.question))}</summary>\n"
        f'<div class="body">{"".join(_body(facts, row))}</div></details>'
    )


def _lost(facts: Facts, row: SeenRow) -> str:
    if row.error:
        return '<span class="lost">no answer</span>'
    told = [f"{name} {row.scores[name]:.3f}" for name in facts.losses(row)]
    told += [f"{name} not measured" for name in row.not_measured]
    return "".join(f'<span class="lost">{text(one)}</span>' for one in told)


def _body(facts: Facts, row: SeenRow) -> Iterator[str]:
    yield _block("question", row.question)
    expected = facts.expected.get(row.row)
    wanted = "" if expected is None else " | ".join(expected.answers) or ("" if expected.answerable else "(no answer)")
    now = _block("no answer", row.error) if row.error else _block("answer", row.answer or "(empty)")
    yield f'<div class="two"><div>{_block("expected", wanted)}</div><div>{now}</div></div>' if wanted else now
    if expected is not None and expected.fields:
        yield _block("expected fields", json.encode(dict(expected.fields)).decode(), prose=False)
    yield from _reasons(row)
    yield from _passages(row, expected.documents if expected is not None else ())
    yield _facts_of(row)


def _reasons(row: SeenRow) -> Iterator[str]:
    for name, why in row.not_measured.items():
        yield _block(f"why {name} was not measured", why)
    for name, why in row.why.items():
        yield _block(f"why {name} is {row.scores.get(name, 0.0):.3f}", why)
    for name, parts in row.parts.items():
        yield _block(f"what {name} rests on", json.format(json.encode(parts), indent=2).decode(), prose=False)


def _passages(row: SeenRow, wanted: Sequence[str]) -> Iterator[str]:
    for place, one in enumerate(row.passages[:_PASSAGES_SHOWN], 1):
        page = f", page {one.page}" if one.page is not None else ""
        right = " (expected)" if one.document in wanted else ""
        yield _block(f"passage {place}: {one.document}{page}{right}", one.text)
    left = len(row.passages) - _PASSAGES_SHOWN
    if left > 0:
        yield f'<p class="quiet">{plural(left, "more passage")} in the evidence.</p>'


def _facts_of(row: SeenRow) -> str:
    told = {
        "tags": ", ".join(row.tags),
        "cited": ", ".join(row.cited),
        "guardrails": ", ".join(row.guardrails),
        "model": row.target,
        "latency": f"{row.latency_ms:,.0f} ms" if row.latency_ms else "",
        "cost": money(row.cost_usd) if row.cost_usd is not None else "",
        "trace": row.trace,
    }
    items = "".join(f"<dt>{name}</dt><dd>{text(value)}</dd>" for name, value in told.items() if value)
    return f"<dl>{items}</dl>" if items else ""


def _block(name: str, said: str, *, prose: bool = True) -> str:
    kind = ' class="prose"' if prose else ""
    return f"<h4>{text(name)}</h4><pre{kind}>{text(brief(said, _LONGEST_TEXT))}</pre>"


def _short(said: str) -> str:
    return brief(" ".join(said.split()), 160)


def differing(facts: Facts, place: int) -> str:
    """Answers that are not those of the baseline, word by word; empty without one."""
    baseline = facts.baseline
    if baseline is None:
        return ""
    count = len(facts.differing)
    concluded = "".join(f"<p>{text(sentence)}</p>" for sentence in baseline.sentences)
    head = f"<h3>Answers that are not those of {text(baseline.name)}</h3>\n{concluded}"
    both = sum((row.row, row.repeat) in facts.earlier for row in facts.run.rows)
    if not count:
        return f"{head}<p>All {plural(both, 'row')} of both answer the same.</p>"
    shown = facts.differing[:_DIFFERING_SHOWN]
    which = f"; the {len(shown)} that lost most by it" if count > len(shown) else ""
    cases = "\n".join(_difference(facts, then, now) for then, now in shown)
    said = f"<p>{count:,} of {plural(both, 'row')} answer otherwise{which}.</p>"
    return f'{head}{said}\n<div id="differing-{place}">\n{cases}\n</div>'


def _difference(facts: Facts, then: SeenRow, now: SeenRow) -> str:
    names = [name for name in now.scores if name in then.scores and now.scores[name] != then.scores[name]]
    changed = "".join(_changed(facts, name, then, now) for name in names)
    expected = facts.expected.get(now.row)
    wanted = _block("expected", " | ".join(expected.answers)) if expected is not None and expected.answers else ""
    return (
        f"<details><summary><b>{text(now.name)}</b>{changed}{text(_short(now.question))}</summary>\n"
        f'<div class="body">{_block("question", now.question)}{wanted}'
        f'<h4>answer: taken out, put in</h4><pre class="prose">{words_changed(then.answer, now.answer)}</pre>'
        "</div></details>"
    )


def _changed(facts: Facts, name: str, then: SeenRow, now: SeenRow) -> str:
    won = facts.losses(now).get(name, 0.0) < facts.losses(then).get(name, 0.0)
    said = f"{name} {then.scores[name]:.3f} → {now.scores[name]:.3f}"
    return f'<span class="lost{" won" if won else ""}">{text(said)}</span>'


def words_changed(then: str, now: str) -> str:
    """Both texts in one, word by word, with what was taken out and what was put in; escaped."""
    before, after = (re.findall(r"\s+|[^\s]+", brief(one, 4 * _LONGEST_TEXT)) for one in (then, now))
    if max(len(before), len(after)) > _MOST_WORDS:
        return f"<del>{text(''.join(before))}</del>\n<ins>{text(''.join(after))}</ins>"
    parts = []
    for kind, first, last, begin, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        out, into = text("".join(before[first:last])), text("".join(after[begin:end]))
        if kind == "equal":
            parts.append(into)
            continue
        parts += [f"<del>{out}</del>"] if out else []
        parts += [f"<ins>{into}</ins>"] if into else []
    return "".join(parts)
