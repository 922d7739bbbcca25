"""Runs an encoder over many texts, so that each gets the same bytes in whatever company it stands."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ._errors import ModelFilesError
from ._graph import IDS, STATES, TYPES
from ._tokens import Encoded

_BATCH_TOKENS: Final = 512
"""More of them leave the processor's cache: a tenth slower."""

States = NDArray[np.float32]
"""Of one text: shape (tokens, width); or (width,) from a graph that makes one vector of them by itself."""

Take = Callable[[int, States], None]


class Encoder(Protocol):
    """Turns tokens into states."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same tokens could get other states."""

    def each(self, texts: Sequence[Encoded], take: Take) -> None:
        """Hand the place and the states of each text to `take`, in any order, perhaps from several threads."""


class GraphEncoder:
    """A graph that was made here. Texts of equal length are run together, without padding.

    A product of matrices adds up each row by itself, so a text's states do not depend on the others in its batch; a
    test holds this.
    """

    def __init__(self, session: Any, *, fingerprint: str, threads: int) -> None:
        self._session = session
        self._threads = threads
        self.fingerprint = fingerprint

    def each(self, texts: Sequence[Encoded], take: Take) -> None:
        """See Encoder."""

        def work(places: list[int]) -> None:
            ids = np.array([texts[place].ids for place in places], np.int64)
            types = np.array([texts[place].types for place in places], np.int64)
            for place, states in zip(places, self._session.run([STATES], {IDS: ids, TYPES: types})[0], strict=True):
                take(place, states)

        _spread(work, list(_batches(texts)), self._threads)


class ForeignEncoder:
    """A graph that somebody else made: one text at a time, because it may mix those of a batch (dynamic rounding)."""

    def __init__(self, session: Any, *, model: str, outputs: Sequence[str], fingerprint: str, threads: int) -> None:
        """Raises ModelFilesError when the graph takes or gives something else than an encoder does."""
        self._session = session
        self._model = model
        self._threads = threads
        self.fingerprint = fingerprint
        self._inputs = [(each.name, _input_kind(each.name, model)) for each in session.get_inputs()]
        self._output = _output_of(session.get_outputs(), outputs, model)

    def each(self, texts: Sequence[Encoded], take: Take) -> None:
        """See Encoder. Raises ModelFilesError when the graph fails."""

        def work(place: int) -> None:
            take(place, self._run(texts[place]))

        _spread(work, range(len(texts)), self._threads)

    def _run(self, text: Encoded) -> States:
        rows = {"ids": text.ids, "types": text.types, "mask": [1] * len(text.ids), "places": range(len(text.ids))}
        given = {name: np.array([list(rows[kind])], np.int64) for name, kind in self._inputs}
        try:
            found = self._session.run([self._output], given)[0]
        except Exception as error:  # the library has a class for each status, with no common one but Exception
            raise ModelFilesError(self._model, f"its graph failed: {error}") from error
        states: States = np.asarray(found, np.float32)[0]
        return states


def _input_kind(name: str, model: str) -> str:
    kinds = {"input_ids": "ids", "token_type_ids": "types", "attention_mask": "mask", "position_ids": "places"}
    if name not in kinds:
        raise ModelFilesError(model, f"its graph wants an input {name!r}, which no text encoder has")
    return kinds[name]


def _output_of(given: Sequence[Any], wanted: Sequence[str], model: str) -> str:
    names = [str(output.name) for output in given]
    found = next((name for name in wanted if name in names), None)
    if found is None:
        raise ModelFilesError(model, f"its graph gives {', '.join(names)}, and none of {', '.join(wanted)}")
    return found


def _batches(texts: Sequence[Encoded]) -> Iterator[list[int]]:
    """Places of texts with equally many tokens, the shortest first, with at most 512 tokens together."""
    batch: list[int] = []
    for place in sorted(range(len(texts)), key=lambda place: len(texts[place].ids)):
        length = len(texts[place].ids)
        if batch and (length != len(texts[batch[0]].ids) or (len(batch) + 1) * length > _BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _spread(work: Callable[[Any], None], pieces: Sequence[Any], threads: int) -> None:
    """Do all pieces, in several threads where there are any; the first error ends it."""
    if threads == 1 or len(pieces) == 1:
        for piece in pieces:
            work(piece)
        return
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(work, piece) for piece in pieces]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
