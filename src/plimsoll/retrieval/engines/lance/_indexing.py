"""The indexes of a dataset: of words from the first chunk on; of vectors and of what filters ask, above a size."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .._documents import KINDS

if TYPE_CHECKING:
    from lance import LanceDataset

_SUFFIXES: Final = tuple(f"_{kind}" for kind in KINDS)
MOST_ROWS_PER_FILE: Final = 2**31 - 1
"""All rows of one writing go into one file, so that those of a document lie one behind the other."""


@dataclass(frozen=True, slots=True)
class LanceSettings:
    """When indexes are made, and when they take in what was added since."""

    indexed_above: int = 10_000
    """Chunks up to which every vector is compared, and every row held against a filter."""
    least_unindexed: int = 5_000
    unindexed_share: float = 0.05
    """What was added is looked at one by one until it is more than the larger of the two."""
    most_files: int = 48
    """More files with rows than this are written together."""

    def partitions(self, chunks: int) -> int:
        """Of the index of vectors: the power of two that is nearest to the root of the number of chunks."""
        return 1 << round(chunks.bit_length() / 2) if chunks > self.indexed_above else 1


def bring_up_to_date(dataset: "LanceDataset", settings: LanceSettings) -> None:
    """Make the indexes that are missing, and take into them what was added, once that is much."""
    there = {index.name: index.num_rows_indexed for index in dataset.describe_indices()}
    chunks = dataset.count_rows()
    if len(dataset.get_fragments()) > settings.most_files:
        dataset.optimize.compact_files(target_rows_per_fragment=MOST_ROWS_PER_FILE)
    late = max((chunks - indexed for indexed in there.values()), default=0)
    if late > max(settings.least_unindexed, int(chunks * settings.unindexed_share)):
        dataset.optimize.optimize_indices()
    for name, column, kind, options in _wanted(dataset, settings, chunks):
        if name in there:
            continue
        if kind == "IVF_SQ":
            dataset.create_index(column, kind, name=name, **options)
        else:
            dataset.create_scalar_index(column, kind, name=name, **options)


def _wanted(
    dataset: "LanceDataset", settings: LanceSettings, chunks: int
) -> Iterator[tuple[str, str, Any, dict[str, Any]]]:
    """Name, column, kind and options of each index that there should be."""
    # Words come as they shall be found: nothing is done to them but parting them at spaces.
    yield (
        "words_idx",
        "words",
        "INVERTED",
        {
            "base_tokenizer": "whitespace",
            "lower_case": False,
            "stem": False,
            "remove_stop_words": False,
            "ascii_folding": False,
            "max_token_length": None,
        },
    )
    if chunks <= settings.indexed_above:
        return
    # The defaults take ten times as long and find no more (docs/adr/0005-vector-store.md).
    partitions = settings.partitions(chunks)
    options = {"metric": "dot", "num_partitions": partitions, "sample_rate": 32, "max_iters": 10}
    yield "vector_idx", "vector", "IVF_SQ", options
    yield "key_idx", "key", "BTREE", {}
    yield "everybody_idx", "everybody", "BITMAP", {}
    yield "access_idx", "access", "LABEL_LIST", {}
    for column in dataset.schema.names:
        if column.endswith(_SUFFIXES):
            yield f"{column}_idx", column, "BTREE", {}
