"""What the documentation says can stand in a file of `guardrails/` can stand there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plimsoll.project._yaml import parse_yaml
from plimsoll.project.schemas.guardrail import GuardrailDefinition

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
_KEYS = {"checks", "tests", "extends"}


def _documented() -> Iterator[Any]:
    for page in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]):
        for number, match in enumerate(_BLOCK.finditer(page.read_text("utf-8")), 1):
            if re.match(r"(?:checks|extends):", match[1]):
                yield pytest.param(match[1], id=f"{page.relative_to(ROOT)} {number}")


DOCUMENTED = list(_documented())


def test_there_are_some() -> None:
    assert len(DOCUMENTED) >= 3


@pytest.mark.parametrize("block", DOCUMENTED)
def test_it_can_stand_there(block: str) -> None:
    parsed = parse_yaml(block.encode())
    assert not parsed.mistakes
    assert isinstance(parsed.data, dict)
    assert set(parsed.data) <= _KEYS
    GuardrailDefinition.model_validate(parsed.data)
