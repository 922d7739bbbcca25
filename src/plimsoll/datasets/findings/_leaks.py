"""Rows that judge, and that something has seen before."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from .._types import Row
from ..alike import Inside, near_pairs, normal_text
from ._types import Around, Finding

_MOVE = 'take the rows out, or say that they are for learning: "split": "train"'


def leaks(rows: Sequence[Row], around: Around) -> Iterator[Finding]:
    """Rows that stand in prompts and in training data, and near-duplicates across splits and datasets."""
    judging = [row for row in rows if row.split != "train"]
    inside = Inside({row.id: row.question for row in judging})
    for name, text in around.prompts.items():
        if found := inside.of(text):
            what = f"questions that stand in the prompt {name}: it shows the model what it is asked"
            yield Finding("in_prompt", "wrong", what, tuple(found), _MOVE)
    yield from _learnt(judging, inside, around)
    yield from _across_splits(rows)
    yield from _across_datasets(judging, around)


def _learnt(judging: Sequence[Row], inside: Inside, around: Around) -> Iterator[Finding]:
    by_text = defaultdict(list)
    for row in judging:
        by_text[normal_text(row.question)].append(row.id)
    for name, texts in around.learnt.items():
        found = dict.fromkeys(one for text in texts for one in (*by_text.get(normal_text(text), ()), *inside.of(text)))
        if found:
            ids = tuple(row.id for row in judging if row.id in found)
            yield Finding(
                "in_training", "wrong", f"questions that stand in {name}, from which a model learns", ids, _MOVE
            )


def _across_splits(rows: Sequence[Row]) -> Iterator[Finding]:
    """One finding for each two splits that share questions."""
    divided = [row for row in rows if row.split]
    found: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for pair in near_pairs([row.question for row in divided]):
        first, second = divided[pair.first], divided[pair.second]
        if first.split != second.split:
            splits = (min(first.split, second.split), max(first.split, second.split))
            found[splits].update({first.id: None, second.id: None})
    for (one, other), ids in sorted(found.items()):
        what = f"questions of {one} that are nearly questions of {other}"
        instead = 'give them one "group" before dividing, or take one of each two out'
        yield Finding("near_duplicate_across_splits", "wrong", what, tuple(ids), instead)
    groups: dict[str, set[str]] = defaultdict(set)
    for row in divided:
        if row.group:
            groups[row.group].add(row.split)
    torn = tuple(row.id for row in divided if len(groups.get(row.group, ())) > 1)
    if torn:
        what = "rows of one group that stand in several splits"
        yield Finding("group_across_splits", "wrong", what, torn, "rows of one group belong into one split")


def _across_datasets(judging: Sequence[Row], around: Around) -> Iterator[Finding]:
    asked = {normal_text(row.question): row.id for row in reversed(judging)}
    for name, others in around.others.items():
        learnt = [row for row in others if row.split == "train"]
        found = [asked[text] for row in learnt if (text := normal_text(row.question)) in asked]
        if found:
            what = f"questions that the dataset {name} has for learning"
            yield Finding("in_training", "wrong", what, tuple(dict.fromkeys(found)), _MOVE)
