"""Trains the checks of attacks: `src/plimsoll/checks/attacks/weights/attacks.safetensors`.

    python -m tools.train_checks.attacks [--data-root ../shared/data] [--cross-validate]

Three logistic regressions over hashed n-grams (L2 penalty), one a head: is a text an attack, is it a jailbreak, is a
sentence an instruction. Behind each, a small logistic regression over what the heads and the patterns say, fitted on
what models said that had not seen the row. Equal input gives equal weights, on the same machine and libraries.

What is printed with `--cross-validate` leaves whole sources and whole families of attacks out.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # it brings no types

from plimsoll.checks.attacks import FILE, HEADS, PART_FACTS, known, parted
from plimsoll.checks.attacks._weights import read_calibration
from plimsoll.checks.detectors import injection as patterns
from plimsoll.checks.ngrams import NgramModel, to_bytes
from plimsoll.checks.patterns import normalise

from ._attacks_data import Place, long_rows, own_places, places, sentences
from ._attacks_rows import LONG_ATTACK, OWN_ATTACKS, TEXT, Row, rows
from ._attacks_texts import text_rows
from ._ngrams import Table, chosen, model_of, read

BITS = 18
FEWEST = 3
"""An n-gram of fewer texts is not known."""
PENALTY = {"direct": 5.0, "jailbreak": 5.0, "instruction": 5.0}
"""C: the inverse of the square penalty."""
STEPS = 150
FOLDS = 4
CALIBRATION_PENALTY = 0.3
SHIFT = {"direct": 0.3, "jailbreak": 0.0, "instruction": -1.0}
"""What is added to a calibration's bias so that 0.5 is a good place to act."""

OF_LENGTH = -0.2
"""What is added to the weight of `length` behind `direct`: outside of our rows few long texts hold an attack."""

Floats = NDArray[np.float64]
Heads = dict[str, tuple[Floats, float]]


def fitted(table: object, labels: Floats, weights: Floats, penalty: float) -> tuple[Floats, float]:
    """Coefficients and intercept of one head."""
    fit = LogisticRegression(C=penalty, max_iter=STEPS, tol=1e-2, solver="liblinear", random_state=0)
    fit.fit(table, labels, sample_weight=weights)
    return np.asarray(fit.coef_[0], np.float64), float(fit.intercept_[0])


class Material:
    """Everything that is learned from, with its features."""

    def __init__(self, data_root: Path) -> None:
        texts = text_rows(data_root)
        self.rows = [*rows(data_root), *long_rows(data_root), *texts]
        self.attack = np.array([row.is_attack for row in self.rows], np.float64)
        self.jail = np.array([row.is_jailbreak for row in self.rows], np.float64)
        self.weights = np.array([row.weight for row in self.rows])
        self.sources = np.array([row.source for row in self.rows])
        self.places = [*places(data_root), *own_places(data_root, texts)]
        self.lines = [*_lines_of(self.places), *((*one, "", "") for one in sentences(data_root))]
        grams, line_grams = read([row.text for row in self.rows]), read([text for text, *_ in self.lines])
        self.known = chosen([grams, line_grams], BITS, FEWEST)
        self.table, self.line_table = self.known.rows(grams), self.known.rows(line_grams)
        self.line_labels = np.array([is_one for _, is_one, *_ in self.lines], np.float64)
        self.line_groups = np.array([group for *_, group, _ in self.lines])
        self.line_attacks = np.array([attack for *_, attack in self.lines])

    def model(self, kept: NDArray[np.bool_], kept_lines: NDArray[np.bool_], heads: Sequence[str] = HEADS) -> NgramModel:
        """The heads, fitted on some rows and some lines; a head that is not asked for says nothing.

        Long texts with an attack only serve calibration.
        """
        kept = kept & (self.sources != LONG_ATTACK)
        alike = np.ones(len(self.lines))
        tables = {
            "direct": (self.table, self.attack, self.weights, kept),
            "jailbreak": (self.table, self.jail, self.weights, kept),
            "instruction": (self.line_table, self.line_labels, alike, kept_lines),
        }
        fits = [
            fitted(table[own], labels[own], weights[own], PENALTY[head]) if head in heads else (np.zeros(2**BITS), 0.0)
            for head, (table, labels, weights, own) in tables.items()
        ]
        coefficients = np.stack([coefficient for coefficient, _ in fits])
        return model_of(HEADS, coefficients, np.array([bias for _, bias in fits]), self.known)


def _lines_of(found: Sequence[Place]) -> list[tuple[str, bool, str, str, str]]:
    """The sentences of data, each with whether it is hidden there."""
    blank = model_of(HEADS, np.zeros((len(HEADS), 2)), np.zeros(len(HEADS)), Table(np.zeros(2, np.uint32)))
    lines = {}
    for place in found:
        parts = parted(normalise(place.text).text, blank)
        for start, end in parts.spans:
            said = place.text[start:end].strip()
            hidden = _inside(place, start, end)
            if said and (said, hidden) not in lines:
                lines[said, hidden] = (said, hidden, "place", place.group, place.attack if hidden else "")
    return list(lines.values())


def _inside(place: Place, start: int, end: int) -> bool:
    common = min(end, place.end) - max(start, place.start)
    return common > 0.5 * min(end - start, place.end - place.start)


def folds(groups: Sequence[str], random_: np.random.Generator) -> NDArray[np.int64]:
    """A fold for each, the same for the same group."""
    names = sorted(set(groups))
    of = dict(zip(names, random_.permutation(len(names)) % FOLDS, strict=True))
    return np.array([of[group] for group in groups])


def folds_of_rows(material: Material) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each row: in which fold it is asked about, and of which other fold's model it is kept away as well.

    Texts that are no requests are asked about by their kinds. Of each kind of our own attacks one half is asked of a
    model that knows none of the kind, as it will know none of a stranger's, and the other half of one that does.
    """
    kinds = sorted({one for one in material.sources.tolist() if one.startswith(TEXT)})
    asked, away = [], []
    for at, source in enumerate(material.sources.tolist()):
        own = OWN_ATTACKS.index(source) if source in OWN_ATTACKS else -1
        away.append(own)
        if own >= 0:
            asked.append(own if at % 2 else len(OWN_ATTACKS))
        else:
            asked.append((kinds.index(source) if source in kinds else at) % FOLDS)
    return np.array(asked), np.array(away)


def facts_of_rows(model: NgramModel, found: Sequence[Row]) -> list[dict[str, float]]:
    """What is known of rows."""
    own = patterns(())
    return [known(row.text, model, own).facts for row in found]


def calibration(
    facts: Sequence[dict[str, float]], labels: Floats, weights: Floats, names: Sequence[str]
) -> dict[str, object]:
    """The small regression behind a head."""
    return _said(names, np.array([[one.get(name, 0.0) for name in names] for one in facts]), labels, weights)


def _said(names: Sequence[str], table: Floats, labels: Floats, weights: Floats) -> dict[str, object]:
    fit = LogisticRegression(C=CALIBRATION_PENALTY, max_iter=3000).fit(table, labels, sample_weight=weights)
    return {
        "bias": round(float(fit.intercept_[0]), 4),
        "weights": {
            # A match of a pattern never speaks against an attack.
            name: round(max(0.0, float(one)) if name.startswith("pattern_") else float(one), 4)
            for name, one in zip(names, fit.coef_[0], strict=True)
        },
    }


def calibrated(material: Material) -> tuple[dict[str, dict[str, object]], list[dict[str, float]]]:
    """The regressions behind all heads, and the facts of rows, by models that had not seen the row or the place."""
    row_folds, away = folds_of_rows(material)
    groups = [one or f"line {number % 97}" for number, one in enumerate(material.line_groups)]
    line_folds = folds(groups, np.random.default_rng(0))
    of_group = dict(zip(groups, line_folds.tolist(), strict=True))
    kinds = sorted({place.attack for place in material.places} - {"", "own"})
    of_kind = {kind: number % FOLDS for number, kind in enumerate(kinds)}
    line_kinds = np.array([of_kind.get(attack, -1) for attack in material.line_attacks])
    facts: list[dict[str, float]] = [{}] * len(material.rows)
    parts = []
    for fold in range(FOLDS):
        model = material.model((row_folds != fold) & (away != fold), (line_folds != fold) & (line_kinds != fold))
        chosen = np.flatnonzero(row_folds == fold)
        for number, told in zip(chosen, facts_of_rows(model, [material.rows[one] for one in chosen]), strict=True):
            facts[number] = told
        own = [one for one in material.places if of_kind.get(one.attack, of_group.get(one.group, 0)) == fold]
        parts += [_parts_of(one, model) for one in own]
    table, labels, weights = (np.concatenate(column) for column in zip(*parts, strict=True))
    found = {
        "direct": calibration(facts, material.attack, material.weights, _names("direct", facts)),
        "jailbreak": calibration(facts, material.jail, material.weights, _names("jailbreak", facts)),
        "instruction": _said(PART_FACTS, table, labels, weights),
    }
    for head, shift in SHIFT.items():
        found[head]["bias"] = float(str(found[head]["bias"])) + shift
    lengths = found["direct"]["weights"]
    if isinstance(lengths, dict):
        lengths["length"] = round(lengths["length"] + OF_LENGTH, 4)
    return found, facts


def _parts_of(place: Place, model: NgramModel) -> tuple[Floats, Floats, Floats]:
    """The facts of a place's parts, whether each is hidden there, and how much each counts."""
    text = normalise(place.text).text
    parts = parted(text, model, patterns(()).find(text))
    labels = np.array([_inside(place, *span) for span in parts.spans], np.float64)
    return parts.facts, labels, np.full(len(labels), 1 / max(1, len(labels)) ** 0.5)


def _names(head: str, facts: Sequence[dict[str, float]]) -> list[str]:
    found = {name for one in facts for name in one if name.startswith("pattern_")}
    heads = ("direct", "jailbreak") if head == "direct" else (head,)
    own = [f"{one}{suffix}" for one in heads for suffix in ("", "_wide", "_narrow", "_part")]
    return [*own, "length", *sorted(found)]


def trained(material: Material) -> NgramModel:
    """The model that is shipped."""
    everything = np.ones(len(material.rows), np.bool_), np.ones(len(material.lines), np.bool_)
    model = material.model(*everything)
    found, _ = calibrated(material)
    notes = {"calibrations": json.dumps(found, sort_keys=True)}
    return replace(model, notes=notes)


def main() -> None:
    """Read, cross-validate, train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-root", type=Path, default=Path("../shared/data"))
    parser.add_argument("--write", type=Path, default=FILE, help="the file for the weights")
    parser.add_argument("--cross-validate", action="store_true", help="print figures without sources, write nothing")
    given = parser.parse_args()
    material = Material(given.data_root)
    print(
        f"{len(material.rows):,} texts, {len(material.lines):,} sentences, {len(material.places):,} places", flush=True
    )
    if given.cross_validate:
        from ._attacks_report import report

        found, facts = calibrated(material)
        print(json.dumps(found, sort_keys=True), flush=True)
        report(material, {name: read_calibration(one) for name, one in found.items()}, facts)
        return
    given.write.parent.mkdir(exist_ok=True)
    given.write.write_bytes(to_bytes(trained(material)))
    print(f"{given.write.stat().st_size:,} bytes in {given.write}")


if __name__ == "__main__":
    main()
