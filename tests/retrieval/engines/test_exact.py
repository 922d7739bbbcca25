"""The embedded engine against going through everything, after documents came, changed and went."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.retrieval.engines.shelf import Shelf, documents, embed, embedded, groups, texts, vector_of

from plimsoll.kernel.digest import Json
from plimsoll.retrieval import Filter, Index, IndexedDocument
from plimsoll.retrieval._words import words
from plimsoll.retrieval.engines import Query
from plimsoll.retrieval.engines.embedded import _folder, _text_search, _vector_search, _writing
from plimsoll.retrieval.engines.embedded._columns import own_fields
from plimsoll.retrieval.engines.embedded._text_search import HEAD_WEIGHT

Place = tuple[str, int]
"""A chunk: the path of its document and its place there."""

_questions = st.one_of(
    texts,
    st.sampled_from(["", "never said", "the", "rope never said", "中文", "getTarget run target"]),
    st.lists(st.integers(0, 999), min_size=205, max_size=230, unique=True).map(
        lambda numbers: " ".join(["rope", *(f"w{number}" for number in numbers), "tea"])
    ),
)
_WANTED: tuple[Json, ...] = (
    {},
    {"kind": "a"},
    {"path": {"in": ["a.txt", "b.txt", "z"]}},
    {"year": {"gte": 0}},
    {"language": "de"},
)
_filters = st.builds(Filter.from_json, st.sampled_from(_WANTED))
_asked = st.tuples(
    _questions,
    st.one_of(st.none(), texts),
    st.integers(1, 12),
    _filters,
    st.one_of(st.none(), groups.map(frozenset), st.just(frozenset[str]())),
)
_Asked = tuple[str, str | None, int, Filter, frozenset[str] | None]
_builds = st.lists(
    st.tuples(
        st.lists(documents, max_size=6, unique_by=lambda each: each.path),
        st.lists(st.sampled_from("abcdefghijklmno"), max_size=4),
    ),
    min_size=1,
    max_size=4,
)


class _Everything:
    """All chunks, each scored by the formulas."""

    def __init__(self, members: Mapping[str, IndexedDocument]) -> None:
        self._members = members
        self._texts = {
            (path, chunk.ordinal): words(chunk.text) for path, member in members.items() for chunk in member.chunks
        }
        self._heads = {
            (path, ordinal): words(head)
            for path, member in members.items()
            for ordinal, head in enumerate(member.heads())
        }

    def text(self, question: str) -> dict[Place, float]:
        asked = list(dict.fromkeys(words(question)))[:200]
        text, head = self._bm25(self._texts, asked), self._bm25(self._heads, asked)
        return {place: score + HEAD_WEIGHT * head[place] for place, score in text.items()}

    @staticmethod
    def _bm25(stored: Mapping[Place, Sequence[str]], asked: Sequence[str]) -> dict[Place, float]:
        counts = {place: Counter(own) for place, own in stored.items()}
        mean = max(sum(map(len, stored.values())) / max(len(stored), 1), 1e-9)
        scores = dict.fromkeys(stored, 0.0)
        for word in asked:
            df = sum(word in one for one in counts.values())
            idf = math.log(1 + (len(stored) - df + 0.5) / (df + 0.5))
            for place, one in counts.items():
                often = min(one[word], 255)
                scores[place] += idf * 2.2 * often / (often + 1.2 * (0.25 + 0.75 * len(stored[place]) / mean))
        return scores

    def vector(self, about: str) -> dict[Place, float]:
        wanted = vector_of(about)
        return {
            (path, ordinal): round(float(vector @ wanted), 6)
            for path, member in self._members.items()
            for ordinal, vector in enumerate(embed(member.embedding_texts()))
        }

    def allowed(self, asked: _Asked) -> set[Place]:
        _, _, _, wanted, asking = asked
        return {
            place
            for place in self._texts
            if wanted.holds(own_fields(self._members[place[0]]))
            and (asking is None or "*" in self._members[place[0]].access or asking & {*self._members[place[0]].access})
        }


def _check(index: Index, everything: _Everything, asked: _Asked) -> None:
    question, about, limit, wanted, asking = asked
    found = index.find(Query(question, None if about is None else vector_of(about), limit, wanted, asking))
    places = [(chunk.document, chunk.ordinal) for chunk in index.read(found.rows.tolist())]
    allowed = everything.allowed(asked)
    assert set(places) <= allowed
    wholes = [(found.text_scores, found.text_ranks, everything.text(question))]
    if about is not None:
        wholes.append((found.vector_scores, found.vector_ranks, everything.vector(about)))
    for scores, ranks, right in wholes:
        best = sorted((right[place] for place in allowed if right[place] > 0), reverse=True)[:limit]
        ranked = sorted((int(rank), at) for at, rank in enumerate(ranks) if rank)
        assert [rank for rank, _ in ranked] == list(range(1, len(best) + 1))
        assert [scores[at] for _, at in ranked] == pytest.approx(best, rel=1e-4, abs=2e-6)
        assert [right[places[at]] for _, at in ranked] == pytest.approx(best, rel=1e-4, abs=2e-6)
    if about is not None:
        right = everything.vector(about)
        assert list(found.vector_scores) == pytest.approx([right[place] for place in places], abs=2e-6)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(_builds, st.lists(_asked, min_size=1, max_size=5), st.tuples(st.sampled_from([0, 8, 10**9]), st.booleans()))
def test_what_is_found_is_what_going_through_everything_finds(
    tmp_path_factory: pytest.TempPathFactory,
    builds: list[tuple[list[IndexedDocument], list[str]]],
    asked: list[_Asked],
    how: tuple[int, bool],
) -> None:
    cost, short = how
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_writing, "MOST_ROWS", 5)
        patch.setattr(_folder, "_SMALL", 3)
        patch.setattr(_text_search, "_LOOKUP_COST", cost)
        if short:
            patch.setattr(_vector_search, "_EXACT_UP_TO", 0)
        shelf, place = Shelf(), tmp_path_factory.mktemp("index")
        for new, gone in builds:
            for name in gone:
                shelf.documents.pop(f"{name}.txt", None)
            for member in new:
                shelf.add(member)
            snapshot = shelf.snapshot()
            index = embedded(place)(shelf, snapshot)
            everything = _Everything(shelf.documents)
            assert index.chunk_count == snapshot.chunks
            for one in asked:
                _check(index, everything, one)
