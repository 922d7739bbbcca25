"""Runs as a short Markdown text for a pull request or the summary of a CI job.

Questions, answers and messages are of strangers. Each stands as code, between more backticks than it has in a row: so
none can make a link, a picture, a heading or HTML, and an `@name` notifies nobody and a `#12` refers to nothing, since
forges look for neither in code. Names and sentences of our own are text, with marks that could mean something as
entities, and a space of no width after `@` and `#`, because forges look for those in what the text became.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from ._facts import Facts, conclusion
from ._seen import SeenMeasure, SeenRow
from ._words import brief, interval_text, measure_text, money, plural, safe

_MARKS: Final = re.compile(r"[&<>*`\[\]|\\~@#!$]|:(?=//)|(?<=www)\.|(?<![0-9a-z])_|_(?![0-9a-z])", re.IGNORECASE)
_WORST_SHOWN: Final = 10
_LONGEST_TEXT: Final = 800
_MOST: Final = 60_000
"""Characters: a comment on the common forges may have 65,536."""
_SIGNS: Final = {"pass": "✅", "fail": "❌", "not measured": "⚠️"}


def markdown_report(runs: Sequence[Facts]) -> str:
    """The text: for each run a conclusion and a table, with its worst rows folded away."""
    if not runs:
        return "### Evaluation\n\nNo suite was run.\n"
    tables = [_suite(facts) for facts in runs]
    left = _MOST - sum(map(len, tables))
    parts: list[str] = []
    for facts, table in zip(runs, tables, strict=True):
        parts.append(table)
        worst = _worst(facts)
        if worst and len(worst) <= left:
            left -= len(worst)
            parts.append(worst)
        elif worst:
            parts.append(
                "The worst rows are left out here, because this text would be too long; see the HTML report.\n"
            )
    return brief_end("\n".join(parts))


def brief_end(text: str) -> str:
    """Text that is no longer than forges take; it is cut after a whole line, and says so."""
    if len(text) <= _MOST:
        return text
    cut = text[:_MOST].rpartition("\n")[0]
    return f"{cut}\n\nCut here, because this text would be too long; see the HTML report.\n"


def inline(text: str) -> str:
    """Text of a stranger within a line, as code in which nothing means anything."""
    flat = " ".join(safe(text).split()) or "(empty)"
    fence = _fence(flat, 1)
    return f"{fence} {flat} {fence}"


def plain(text: str) -> str:
    """A name of the project's own within a line; a mark in it is no markup, and nobody is notified."""
    flat = _MARKS.sub(lambda found: f"&#{ord(found[0])};", " ".join(safe(text).split()))
    return flat.replace("&#64;", "&#64;&#8203;").replace("&#35;", "&#35;&#8203;")


def fenced(text: str) -> str:
    """Text of a stranger as a block."""
    cleaned = safe(text)
    fence = _fence(cleaned, 3)
    return f"{fence}text\n{cleaned}\n{fence}"


def _fence(text: str, least: int) -> str:
    return "`" * max(least, 1 + max(map(len, re.findall(r"`+", text)), default=0))


def _suite(facts: Facts) -> str:
    run = facts.run
    lines = [
        f"### {_SIGNS[run.verdict]} Suite {plain(run.suite)}: {run.verdict}",
        "",
        f"{plain(conclusion(facts))} {_work(facts)}",
        "",
        *_table(facts),
        *(f"- {plain(one.place)}: {inline(one.why)}" for one in run.conditions if one.outcome != "pass"),
        "",
    ]
    if facts.baseline is not None:
        lines += [*_against(facts), ""]
    return "\n".join(lines)


def _work(facts: Facts) -> str:
    run = facts.run
    kept = f", {plural(facts.kept, 'answer')} kept from earlier" if facts.kept and not facts.unchanged else ""
    cost = "" if facts.unchanged else f", cost {money(run.cost_usd)}"
    return f"{plural(len(run.rows), 'row')} through {plain(run.endpoint)}{kept}{cost}."


def _table(facts: Facts) -> Iterator[str]:
    measures = [one for one in facts.run.measures if not one.slice or facts.run.condition(one) is not None]
    if not measures:
        return
    yield "| measure | value | 95 % interval | rows | threshold | outcome |"
    yield "|---|---:|---:|---:|---|---|"
    for measure in measures:
        yield f"| {' | '.join(_cells(facts, measure))} |"
    yield ""


def _cells(facts: Facts, measure: SeenMeasure) -> tuple[str, ...]:
    condition = facts.run.condition(measure)
    missing = f" ({measure.missing:,} missing)" if measure.missing else ""
    return (
        plain(measure.place),
        measure_text(measure),
        interval_text(measure),
        f"{measure.count:,}{missing}",
        condition.limit if condition is not None else "",
        f"{_SIGNS[condition.outcome]} {condition.outcome}" if condition is not None else "",
    )


def _against(facts: Facts) -> Iterator[str]:
    assert facts.baseline is not None  # noqa: S101  # asked before
    changed, both = len(facts.differing), len(facts.earlier)
    yield f"Against {plain(facts.baseline.name)}: {changed:,} of {plural(both, 'row')} answer otherwise."
    for sentence in filter(None, facts.baseline.sentences):
        yield f"\n{plain(sentence)}"


def _worst(facts: Facts) -> str:
    """The rows that lost most, folded away; empty where none lost anything."""
    if not facts.worst:
        return ""
    shown = facts.worst[:_WORST_SHOWN]
    more = f", the worst {len(shown)}" if len(facts.worst) > len(shown) else ""
    title = f"{plural(len(facts.worst), 'row')} of {plain(facts.run.suite)} lost points or {_were(facts)}{more}"
    bodies = "\n".join(_case(facts, row) for row in shown)
    return f"<details><summary>{title}</summary>\n\n{bodies}\n</details>\n"


def _were(facts: Facts) -> str:
    return "was not measured" if len(facts.worst) == 1 else "were not measured"


def _case(facts: Facts, row: SeenRow) -> str:
    expected = facts.expected.get(row.row)
    lost = ", ".join(f"{plain(name)} {row.scores[name]:.3f}" for name in facts.losses(row))
    parts = [f"**{plain(row.name)}**{': ' + lost if lost else ''}", ""]
    texts = {"question": row.question}
    if expected is not None:
        texts["expected"] = " | ".join(expected.answers) or "(no answer)"
    texts |= {"no answer": row.error} if row.error else {"answer": row.answer}
    texts |= {f"{name} was not measured": why for name, why in row.not_measured.items()}
    block = "\n".join(f"{name}: {brief(text, _LONGEST_TEXT)}" for name, text in texts.items())
    return "\n".join([*parts, fenced(block), ""])
