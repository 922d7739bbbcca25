"""A person is found however their name was written down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json, msgpack

from plimsoll.kernel.mention import Mention


@pytest.mark.parametrize(
    ("identifier", "text"),
    [
        ("Ada Lovelace", "by ADA  LOVELACE, 1843"),
        ("Ada Lovelace", "Ada\nLovelace"),
        ("Ada Lovelace", "Ada\u00a0Love\u00adlace\u200b"),
        ("ada@example.org", "\uff21\uff24\uff21@example.org"),
        ("Zoë Straße", "ZOE\u0308 STRASSE"),
        ("İpek", "i̇pek"),
        ('Ada "the first"', '{"name": "Ada \\"the first\\""}'),
        ("Zoë", '{"name": "Zo\\u00eb"}'),
        ("Zoë", '{"body": "{\\"name\\": \\"Zo\\\\u00eb\\"}"}'),
        ("Ada 😀", '"Ada \\ud83d\\ude00"'),
        ("C:\\new", "stored in c:\\new\\folder"),
        ("5% _off", "5% _OFF"),
    ],
)
def test_a_mention_is_found_however_it_is_written(identifier: str, text: str) -> None:
    mention = Mention(identifier)
    assert mention.in_text(text)
    assert mention.in_bytes(text.encode())
    assert mention.in_bytes(json.encode({"deep": [{"text": text}]}))


@pytest.mark.parametrize("text", ["", "Ada", "Love lace Ada", "ada.lovelace", "%", "\\u00"])
def test_what_is_not_there_is_not_found(text: str) -> None:
    assert not Mention("Ada Lovelace").in_text(text)
    assert not Mention("_").in_text(text)
    assert not Mention("  \u200b").in_text(text)


@given(
    before=st.text(max_size=200),
    after=st.text(max_size=70),
    vectors=st.binary(max_size=64),
    fill=st.integers(0, 300),
)
def test_a_mention_is_found_in_packed_bytes(before: str, after: str, vectors: bytes, fill: int) -> None:
    name = "Zoë Lovelace"
    for text in (f"{before} {name} {after}", name + "y" * fill, "y" * fill + name):
        packed = msgpack.encode({"format": 1, "vectors": vectors, "documents": [[text, vectors]], name: 1})
        assert Mention("zoë lovelace").in_bytes(packed)
        assert Mention("zoë lovelace").in_bytes(msgpack.encode([text, vectors]))


def test_whole_identifiers_are_told_from_mentions() -> None:
    assert Mention(" Ada ").is_exactly("ADA")
    assert not Mention("Ada").is_exactly("Ada L.")
    assert not Mention("").is_exactly("")
