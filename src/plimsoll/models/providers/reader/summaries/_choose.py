"""Choose utterances for a summary: the best ones, but none that says what is said already, up to a number of words.

Maximum marginal relevance (Carbonell and Goldstein, The use of MMR, diversity-based reranking, 1998).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .._evidence import Embed
from ..linear import Linear
from ._features import is_general, utterance_features
from ._types import Meeting, Summary

_LOOKED_AT: Final = 80
_TAKEN: Final = -1e9


@dataclass(frozen=True, slots=True)
class SummaryPlan:
    """How long summaries are, and how much repetition costs; chosen by cross-validation on meetings."""

    words_of_whole: int = 100
    """Choosing ends when so many words are reached, for a summary of everything."""
    words_of_part: int = 65
    """The same, for a query about one subject."""
    repetition: float = 0.8
    """What full likeness to a chosen utterance takes off, in deviations of the scores."""
    names_speakers: bool = True
    """Whether `Speaker: ` stands before what another one says."""


def summarise(query: str, meeting: Meeting, embed: Embed, *, model: Linear, plan: SummaryPlan | None = None) -> Summary:
    """The summary of `meeting` for `query`; an empty query asks for the whole. Of nothing it is empty."""
    if not meeting.utterances:
        return Summary("", ())
    plan = plan or SummaryPlan()
    scores = model.scores(utterance_features(query, meeting, embed))[:, 0].astype(np.float64)
    scores = (scores - scores.mean()) / max(1e-9, float(scores.std()))
    words = plan.words_of_whole if is_general(query) else plan.words_of_part
    chosen = _chosen(scores, meeting, words=words, repetition=plan.repetition)
    return Summary(_text(meeting, chosen, plan), tuple(meeting.utterances[place] for place in chosen))


def _chosen(scores: NDArray[np.float64], meeting: Meeting, *, words: int, repetition: float) -> list[int]:
    places = np.argsort(-scores, kind="stable")[:_LOOKED_AT]
    vectors, worth = meeting.vectors[places], scores[places].copy()
    alike = np.zeros(len(places))
    taken: list[int] = []
    count = 0
    while count < words and len(taken) < len(places):
        best = int((worth - repetition * alike).argmax())
        worth[best] = _TAKEN
        taken.append(int(places[best]))
        count += meeting.utterances[places[best]].words
        alike = np.maximum(alike, vectors @ vectors[best])
    return sorted(taken)


def _text(meeting: Meeting, chosen: list[int], plan: SummaryPlan) -> str:
    said: list[str] = []
    last = ""
    for place in chosen:
        one = meeting.utterances[place]
        names = plan.names_speakers and one.speaker and one.speaker != last
        said.append(f"{one.speaker}: {one.text}" if names else one.text)
        last = one.speaker
    return " ".join(said)
