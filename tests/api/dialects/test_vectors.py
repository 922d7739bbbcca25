"""Embeddings and moderations."""

import base64
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import CreateEmbeddingResponse, ModerationCreateResponse
from tests.api.dialects.made import TRACE, body, started

from plimsoll.api._errors import FieldError
from plimsoll.api.openai import read_embeddings, read_moderations, write_embeddings, write_moderations
from plimsoll.flows.serve import Vectors
from plimsoll.models import Embeddings, Usage


@pytest.mark.parametrize(
    ("given", "inputs"),
    [("a", ["a"]), (["a", "b"], ["a", "b"]), ([1, 2, 3], [[1, 2, 3]]), ([[1], [2, 3]], [[1], [2, 3]])],
)
def test_each_kind_of_input_becomes_a_list(given: Any, inputs: list[Any]) -> None:
    asked = read_embeddings(body(model="m", input=given, dimensions=3, user="u", encoding_format="base64"))
    assert (asked.target, asked.echo, asked.users) == ("m", "base64", (("user", "u"),))
    assert asked.body == {"input": inputs, "dimensions": 3, "user": "u"}


@pytest.mark.parametrize(
    "given", ["", [], [[]], [""], ["a", 1], ["a", [1]], [1.5], [-1], 7, None, [[1], "a"], ["a"] * 2049]
)
def test_inputs_that_are_none_are_refused(given: Any) -> None:
    with pytest.raises(FieldError) as refused:
        read_embeddings(body(model="m", input=given))
    assert (refused.value.param or "").startswith("input")


FLOAT32 = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.lists(st.lists(FLOAT32, min_size=2, max_size=2).map(tuple), min_size=1, max_size=3))
def test_both_encodings_hold_the_same_numbers(vectors: list[tuple[float, ...]]) -> None:
    found = Vectors(started(name="m"), Embeddings(tuple(vectors), Usage(5, 0, 0.1)), 3.0)
    told = {}
    for encoding in ("float", "base64"):
        asked = read_embeddings(body(model="m", input=["a"], encoding_format=encoding))
        told[encoding] = json.loads(write_embeddings(asked, found))
    CreateEmbeddingResponse.model_validate(told["float"])
    decoded = [struct.unpack("<2f", base64.b64decode(row["embedding"])) for row in told["base64"]["data"]]
    assert decoded == vectors
    assert [tuple(row["embedding"]) for row in told["float"]["data"]] == vectors
    assert [row["index"] for row in told["float"]["data"]] == list(range(len(vectors)))
    assert told["float"]["usage"] == {"prompt_tokens": 5, "total_tokens": 5}
    assert told["float"]["plimsoll"]["trace"] == TRACE


def test_moderations_say_which_categories_were_looked_at() -> None:
    assert read_moderations(body(input="a")) == ["a"]
    assert read_moderations(body(input=["a", "b"], model="omni")) == ["a", "b"]
    assert read_moderations(body(input=[{"type": "text", "text": "a"}])) == ["a"]
    told = json.loads(write_moderations([{"hate": 0.9, "violence": 0.1}, {}], model="builtin", trace_id=TRACE))
    ModerationCreateResponse.model_validate(told)
    first, second = told["results"]
    assert (first["flagged"], second["flagged"]) == (True, False)
    assert [name for name, flag in first["categories"].items() if flag] == ["hate"]
    assert first["category_scores"]["violence"] == 0.1
    assert [name for name, kinds in first["category_applied_input_types"].items() if kinds] == ["hate", "violence"]
    assert len(second["categories"]) == 13


@pytest.mark.parametrize("given", [None, [], [{"type": "image_url"}], [3]])
def test_moderations_read_text_alone(given: Any) -> None:
    with pytest.raises(FieldError):
        read_moderations(body(input=given))
