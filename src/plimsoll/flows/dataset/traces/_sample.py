"""How many of each stratum are taken, and which."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from ._kinds import Candidate, Stratum


def shares(there: Mapping[Stratum, int], rows: int, *, balanced: bool) -> dict[Stratum, int]:
    """How many of each stratum are taken: never more than there are, one of each as long as that is enough.

    In proportion, so that means over the rows are near those of all requests; or, `balanced`, in proportion to the
    square root (Bankier, 1988), so that what is rare has rows enough for figures of its own. What remains of rounding
    goes to the largest remainders (Hamilton's method).
    """
    rows = min(rows, sum(there.values()))
    order = sorted(there, key=lambda stratum: (-there[stratum], stratum))
    taken = dict.fromkeys(order, 0)
    for stratum in order[:rows]:
        taken[stratum] = 1
    while (left := rows - sum(taken.values())) > 0:
        # What is full gives its share to the others.
        open_ = [stratum for stratum in order if taken[stratum] < there[stratum]]
        weights = {one: math.sqrt(there[one]) if balanced else float(there[one]) for one in open_}
        whole = sum(weights.values())
        wanted = {one: left * weights[one] / whole for one in open_}
        given = {one: min(int(wanted[one]), there[one] - taken[one]) for one in open_}
        if not any(given.values()):
            for one in sorted(open_, key=lambda one: (int(wanted[one]) - wanted[one], one))[:left]:
                given[one] = 1
        for one, count in given.items():
            taken[one] += count
    return taken


def sample(candidates: Sequence[Candidate], rows: int, *, balanced: bool) -> list[Candidate]:
    """Some of the candidates, which stand in the order of chance; of a stratum one of each topic in turn."""
    of_stratum: dict[Stratum, dict[int, list[Candidate]]] = defaultdict(lambda: defaultdict(list))
    for one in candidates:
        of_stratum[one.stratum][one.topic].append(one)
    there = {stratum: sum(map(len, topics.values())) for stratum, topics in of_stratum.items()}
    taken: set[str] = set()
    for stratum, count in shares(there, rows, balanced=balanced).items():
        taken |= {one.trace.id for one in _in_turn(list(of_stratum[stratum].values()))[:count]}
    return [one for one in candidates if one.trace.id in taken]


def _in_turn(topics: Sequence[Sequence[Candidate]]) -> list[Candidate]:
    """The first of each topic, then the second, and so on."""
    longest = max(map(len, topics), default=0)
    return [topic[place] for place in range(longest) for topic in topics if place < len(topic)]
