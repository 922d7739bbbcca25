"""Trains what judges harm: `src/plimsoll/checks/harm/weights/harm.safetensors`, and its card.

    python -m tools.train_checks.harm [--data-root ../shared/data] [--cross-validate]

Development rows of five sets, texts of our own, and harmless texts of other sets and kinds. Held out in validation are
a template of hatecheck, a focus word of xstest, a kind of harmless text, and a text of the others. Equal input gives
equal weights, on the same machine and versions.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plimsoll.checks.harm import BITS, CLASSES, COARSE, RARITY_UNIT, ROWS, from_bytes, to_bytes, vocabulary

from ._harm_card import card
from ._harm_fit import GRAMS, TAG_SHARE, Linear, Table, table
from ._harm_heads import HEADS, Parts, parts, trained
from ._harm_lexicon import COARSE as COARSE_OF
from ._harm_lexicon import LETTERS, lexicon
from ._harm_measure import measured
from ._harm_rows import FOLDS, MADE, known_rows, made_rows, plain_rows

WEIGHTS = Path(__file__).resolve().parents[2] / "src/plimsoll/checks/harm/weights"
SEED, COUNT = 1, 18_000
SHIFTS: Mapping[str, float] = {"any": 1.1, "illicit": -1.0, "hateful": 1.2}
"""Added to heads whose rows are not mixed as texts are."""
BOTH = tuple(name for name, head in HEADS.items() if not head.only_tags)
TAGS_ONLY = tuple(name for name, head in HEADS.items() if head.only_tags)
_MOST = 127
_CLIPPED = 99.995

Tables = dict[str, NDArray[np.generic]]


def shifted(heads: Mapping[str, Linear]) -> dict[str, Linear]:
    """The heads as they serve."""
    return {name: Linear(heads[name].weights, heads[name].bias + SHIFTS.get(name, 0.0)) for name in (*BOTH, *TAGS_ONLY)}


def quantised(heads: Mapping[str, Linear], known: Table) -> Tables:
    """The tables of the file, without those of the lexicon."""
    weights = np.stack([one.weights for one in heads.values()], axis=1)
    grams, gram_scales = _bytes(weights[:GRAMS, : len(BOTH)] * known.gram_rarity[:, None])
    tags, tag_scales = _bytes(weights[GRAMS:] * known.tag_rarity[:, None] * TAG_SHARE)
    scales = np.zeros((2, len(heads)), np.float32)
    scales[0, : len(BOTH)], scales[1] = gram_scales, tag_scales
    return {
        "grams": grams,
        "tags": tags,
        "scales": scales,
        "bias": np.array([one.bias for one in heads.values()], np.float32),
    }


def _bytes(weights: NDArray[np.float64]) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    used = np.where(weights == 0, np.nan, np.abs(weights))
    scales = np.nanpercentile(used, _CLIPPED, axis=0) / _MOST
    return np.clip(np.rint(weights / scales), -_MOST, _MOST).astype(np.int8), scales


def coarse() -> NDArray[np.int64]:
    """Which class each one is in features of three."""
    names = sorted(set(COARSE_OF.values()))
    if len(names) >= COARSE or len(LETTERS) >= CLASSES:
        raise ValueError("more classes than there is room for")
    found = np.zeros(CLASSES, np.int64)
    for code, letter in enumerate(LETTERS, 1):
        found[code] = 1 + names.index(COARSE_OF[letter]) if letter in COARSE_OF else 0
    return found


def out_of_fold(given: Parts) -> dict[str, NDArray[np.float64]]:
    """What heads say of rows that they were not fitted on; our own texts are always fitted on."""
    rows = given.table.rows
    folds = np.array([row.fold for row in rows])
    made = np.array([row.source == MADE for row in rows])
    said: dict[str, NDArray[np.float64]] = {}
    for fold in range(FOLDS):
        print(f"fold {fold + 1} of {FOLDS}", file=sys.stderr, flush=True)
        held_out = (folds == fold) & ~made
        for name, head in shifted(trained(given, ~held_out)).items():
            said.setdefault(name, np.zeros(len(rows)))[held_out] = head.of(given.table.values[held_out])
    return said


def arguments() -> argparse.Namespace:
    """Where the sets lie, and whether to measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-root", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cross-validate", action="store_true", help="measure, and write the figures into the card")
    parser.add_argument("--only-measure", action="store_true", help="write nothing")
    return parser.parse_args()


def main() -> None:
    """Read, cross-validate, train, write."""
    given = arguments()
    words = lexicon(given.data_root)
    kinds = coarse()
    rows = [*known_rows(given.data_root), *made_rows(SEED, COUNT), *plain_rows(given.data_root)]
    read = parts(table(rows, vocabulary(words), kinds))
    if given.cross_validate or given.only_measure:
        figures = measured(rows, out_of_fold(read))
        print("\n".join(f"{name:52} {value:.3f}" for name, value in figures.items()))
        if given.only_measure:
            return
        (WEIGHTS / "CARD.md").write_text(card(rows, figures), "utf-8")
    heads = shifted(trained(read, np.ones(len(rows), np.bool_)))
    tables: Tables = {
        **quantised(heads, read.table),
        "gram_rarity": _units(read.table.gram_rarity),
        "tag_rarity": _units(read.table.tag_rarity),
        "coarse": kinds.astype(np.uint8),
        "words": np.frombuffer(words, np.uint8),
    }
    data = to_bytes(tuple(heads), tables)
    from_bytes(data)
    (WEIGHTS / "harm.safetensors").write_bytes(data)
    print(f"{len(data):,} bytes, {1 << BITS:,} buckets, {ROWS:,} features of classes, {len(heads)} heads")


def _units(rarity: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.rint(rarity * RARITY_UNIT).astype(np.uint8)


if __name__ == "__main__":
    main()
