"""The card of the harm model."""

import collections
from collections.abc import Mapping, Sequence

from ._harm_plain import SETS
from ._harm_rows import MADE, PLAIN, Row

_HEAD = """# Weights of `moderation` and `toxicity`

Made by `python -m tools.train_checks.harm --cross-validate`. Linear heads over two sets of features of a text, each of
length 1: hashed n-grams of its distinct words (three to five characters, and the word), and the classes of its words
alone, in order by two, and in order by three. Log-odds; 0 is a score of .5. Two heads are no kinds: `any` (is there any
harm) and `hate at length`; `plimsoll.checks.moderation` says how they are put together with the others.

## Data

| source | rows | licence |
|---|---|---|
"""
_LICENCES = {
    "openai_moderation": "MIT; without the rows of sexual/minors",
    "hatecheck": "CC BY 4.0 (Roettger et al., 2021)",
    "surge_toxicity": "MIT",
    "tdavidson_hate": "MIT (Davidson et al., 2017)",
    "xstest": "CC BY 4.0 (Roettger et al., 2023)",
    MADE: "ours: templates in `tools/train_checks/_harm_grammar.py`",
    PLAIN: f"harmless: {', '.join(f'{name} ({licence})' for name, (_, licence) in SETS.items())}; Python's library and "
    "its documentation (PSF); made-up letters, codes, logs",
}
_WORDS = """
Classes of words are ours (`tools/train_checks/_harm_words.py`), with words chosen from the valence lexicon of VADER
(MIT, C.J. Hutto) and from the list of better-profanity (MIT, Son Nguyen Thanh). Development rows of openai_moderation,
surge_toxicity, clinc150, banking77, presidio_synth_v2 and xstest say which words are common.

## Figures, cross-validated

Five folds. Held out together: a template of hatecheck, a focus word of xstest, a whole kind of harmless text (`plain`),
a text of the others. A row of openai_moderation that is not flagged counts as 0 for kinds that nobody was asked about.
Our own texts and lists are in every fold; they were written with the development rows of hatecheck and xstest in view,
so figures on these are kinder than those on rows that nobody here has seen. How rare features and words are was counted
on all rows, without labels. The weights are fitted on all rows, a quarter more than those of a fold.

| figure | value |
|---|---|
"""
_FAILURES = """
## Known failures

- Irony, insinuation and arguments: hate without a hateful word is mostly missed (`hate` and `harassment` above).
- Violence and harassment in openai_moderation have 36 and 28 rows with the label; their heads know little.
- Slurs in another meaning, and reclaimed ones in a form that the templates do not have.
- Tweets were labelled with a known bias against African American English; `offensive` and `hateful` have it too.
- Letters without sense, and one word over and over: their scores mean little (`plain` above).
- English. Other languages are judged by n-grams that occur in the sets (advertisements for sex, mostly).
- `sexual/minors` is not trained: there are no rows. It is a pattern, and only a hint.
- `illicit`, `self-harm/intent`, `self-harm/instructions` and `harassment/threatening` rest on our own texts and xstest.
"""


def card(rows: Sequence[Row], figures: Mapping[str, float]) -> str:
    """The text of the card."""
    counts = collections.Counter(row.source for row in rows)
    sources = "".join(f"| {name} | {counts[name]:,} | {licence} |\n" for name, licence in _LICENCES.items())
    lines = "".join(f"| {name} | {value:.3f} |\n" for name, value in figures.items())
    return _HEAD + sources + _WORDS + lines + _FAILURES
