from plimsoll.retrieval._types import Found
from plimsoll.retrieval.search._passages import Ranked, hit, stretches

_TEXT = "".join(chr(ord("a") + number % 26) for number in range(1000))


class _Text:
    rows: list[int]

    def __init__(self) -> None:
        self.rows = []

    def span(self, row: int, start: int, end: int) -> str:
        self.rows.append(row)
        return _TEXT[start:end]


def _ranked(
    score: float, start: int, end: int, *, document: str = "a.txt", parent: tuple[int, int] | None = None
) -> Ranked:
    found = Found(
        id=f"{document}:{start}",
        document=document,
        title="",
        page=1 + start // 100,
        ordinal=start,
        start=start,
        end=end,
        text=_TEXT[start:end],
        headings=(),
        parent=parent,
        context="",
        language="",
        metadata={},
    )
    return Ranked(start, found, score, 0.5, None, score, None, 1)


def _spans(
    ranked: list[Ranked], *, parents: bool = True, merge: bool = False, limit: int = 10
) -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in stretches(ranked, parents=parents, merge=merge, limit=limit)]


def test_a_chunk_is_widened_to_its_parent_and_a_parent_comes_once() -> None:
    ranked = [_ranked(3, 10, 20, parent=(0, 100)), _ranked(2, 30, 40, parent=(0, 100)), _ranked(1, 200, 210)]
    assert _spans(ranked) == [(0, 100), (200, 210)]
    assert _spans(ranked, parents=False) == [(10, 20), (30, 40), (200, 210)]


def test_neighbours_become_one_in_the_place_of_the_best() -> None:
    ranked = [_ranked(3, 100, 200), _ranked(2, 500, 600), _ranked(1, 200, 300), _ranked(0.5, 90, 110)]
    assert _spans(ranked, merge=True) == [(90, 300), (500, 600)]
    assert _spans(ranked) == [(100, 200), (500, 600), (200, 300), (90, 110)]


def test_a_chunk_between_two_hits_joins_both() -> None:
    ranked = [_ranked(3, 0, 100), _ranked(2, 200, 300), _ranked(1, 100, 200)]
    assert _spans(ranked, merge=True) == [(0, 300)]


def test_stretches_of_other_documents_are_never_joined() -> None:
    ranked = [_ranked(3, 0, 100), _ranked(2, 100, 200, document="b.txt")]
    assert _spans(ranked, merge=True) == [(0, 100), (100, 200)]


def test_no_more_than_the_limit_are_given() -> None:
    ranked = [_ranked(10 - place, 100 * place, 100 * place + 50) for place in range(8)]
    assert len(_spans(ranked, limit=3)) == 3


def test_a_widened_hit_says_where_it_begins_and_keeps_the_name_and_scores_of_its_chunk() -> None:
    stretch = stretches([_ranked(3, 210, 220), _ranked(2, 150, 210)], parents=False, merge=True, limit=5)[0]
    found = hit(stretch, _Text())
    assert found.passage.text == _TEXT[150:220]
    assert (found.passage.start, found.passage.end, found.passage.page) == (150, 220, 2)
    assert (found.passage.id, found.passage.score, found.text_rank) == ("a.txt:210", 3, 1)
