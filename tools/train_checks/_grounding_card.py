"""The card of the weights of the check `grounded`."""

from collections.abc import Mapping

import numpy as np

from plimsoll.checks.grounding.support import FACTS, MODELS, Support

_SHOWN = 0.05
_CARD = """# Weights of the check `grounded`

`grounding.safetensors`: three sums (`{models}`) over {columns} facts, {size} weights above 0, no code.
Made by `python -m tools.train_checks.grounding`; `grounding.safetensors.digest` is what the file is checked against.

## Data

| rows | licence | used for |
| --- | --- | --- |
| BEGIN dev (Wizard of Wikipedia, CMU-DoG: CC BY 4.0; Topical-Chat: CDLA-Sharing 1.0) | permissive | `meaning` |
| SciFact dev claims (CC BY 4.0) with their abstracts (ODC-By 1.0) | permissive | `meaning`, documents |
| PubMedQA dev, conclusions and abstracts (MIT) | permissive | `meaning` |
| Anthropic documentation, dev answers and pages (MIT) | permissive | `meaning`, documents |
| chunking evaluation corpus (MIT), CUAD dev contracts (CC BY 4.0) | permissive | documents |

`joining` and `copying` were fitted on sentences of documents alone.

Sentences of documents are copied, shortened, worded otherwise or joined (right), or made wrong by another number, name
or verb, a `not`, exchanged subject and object, halves of two sentences, an added judgement or clause, `some` made
`all`, or words of another document. FaithBench (CC BY-NC-SA) and QAGS (no licence) were never fitted on; the facts,
which of them count in which sum, the weights of the kinds and the way the sums are joined were chosen looking at
their dev rows.

Rows by kind: {kinds}.

## Figures, cross-validated by document

AUROC of the kind against right sentences of its family | share of it with a score of .5 or more | the same share of
right sentences | rows

| kind | AUROC | found | false | n |
| --- | --- | --- | --- | --- |
{figures}

QMSum's answers (MIT) are counted above and do not weigh. Figures on sets that people labelled stand in
`docs/reference/checks-grounding.md`.

## What weighs, for each unit of a fact

{weights}

## Known failures

- Statements of known words in a wrong order, a wrong tense or wrong modality are mostly missed.
- What follows from the passages but is not written there (sums, ages, dates counted on) is often taken for unsupported.
- Small talk and opinions in the first person count as unsupported.
- Names in small letters are known from a list of some 570 given names and places.
- English. In other languages the lists of words are silent; an answer in another language than its passages is
  taken for unsupported.
"""


def card(support: Support, figures: Mapping[str, str], kinds: Mapping[str, int]) -> str:
    """The card."""
    lines = []
    for number, model in enumerate(MODELS):
        own = support.weights[number]
        order = [place for place in np.argsort(-own, kind="stable") if own[place] >= _SHOWN]
        lines.append(f"- `{model}`: " + ", ".join(f"{FACTS[place]} {own[place]:.2f}" for place in order) + ".")
    return _CARD.format(
        columns=len(FACTS),
        models="`, `".join(MODELS),
        size=int((support.weights > 0).sum()),
        kinds=", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())),
        figures="\n".join(f"| {name} | {line} |" for name, line in figures.items()),
        weights="\n".join(lines),
    )
