from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.kernel.errors import InvalidError
from plimsoll.registry._reference import Reference, check_label, parse_reference

DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("prompt:answer", Reference("prompt", "answer")),
        ("prompt:answer@3", Reference("prompt", "answer", number=3)),
        ("prompt:answer@007", Reference("prompt", "answer", number=7)),
        ("index:texts@production", Reference("index", "texts", label="production")),
        ("index:texts@v1.2_rc-3", Reference("index", "texts", label="v1.2_rc-3")),
        (f"suite:ask@{DIGEST}", Reference("suite", "ask", digest=DIGEST)),
        ("suite:ask@sha256:0a0a", Reference("suite", "ask", digest="sha256:0a0a")),
        ("model:a:b", Reference("model", "a:b")),
    ],
)
def test_what_names_a_version(text: str, reference: Reference) -> None:
    assert parse_reference(text) == reference
    assert parse_reference(text).key == text.partition("@")[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "prompt",
        "prompt:",
        ":answer",
        "prompts:answer",
        "prompt:answer@",
        "prompt:answer@Production",
        "prompt:answer@-1",
        "prompt:answer@1.5",
        "prompt:answer@1000000000",
        "prompt:answer@\u0661",  # a digit, but not one of ours
        "prompt:answer@\u00b2",
        "prompt:answer@a b",
        "prompt:answer@a@b",
        "prompt:answer@a\n",
        "prompt:answer@sha256:",
        "prompt:answer@sha256:0a",
        "prompt:answer@sha256:0A0A",
        f"prompt:answer@{DIGEST}0",
        "prompt:answer@sha512:0a0a",
        "prompt:answer@%",
    ],
)
def test_what_names_none_is_said(text: str) -> None:
    with pytest.raises(InvalidError):
        parse_reference(text)


@given(st.text(max_size=70))
def test_what_is_a_label_can_be_written_behind_an_at(text: str) -> None:
    try:
        label = check_label(text)
    except InvalidError:
        with suppress(InvalidError):
            assert parse_reference(f"prompt:answer@{text}").label is None
    else:
        assert parse_reference(f"prompt:answer@{text}") == Reference("prompt", "answer", label=label)


@pytest.mark.parametrize("label", ["", "A", "1a", "-a", ".a", "@a", "a" * 64, "é", "a/b", "a\n"])
def test_what_cannot_be_a_label(label: str) -> None:
    with pytest.raises(InvalidError):
        check_label(label)


def test_the_longest_label() -> None:
    assert check_label("a" * 63) == "a" * 63
