"""What the documentation says can stand in a file of `knowledge/` can stand there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from plimsoll.project.schemas import KnowledgeDefinition

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _documented() -> Iterator[Any]:
    keys = set(KnowledgeDefinition.model_fields)
    for page in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]):
        for number, match in enumerate(_BLOCK.finditer(page.read_text("utf-8")), 1):
            content = yaml.safe_load(match[1])
            if isinstance(content, dict) and content and keys >= set(content):
                yield pytest.param(content, id=f"{page.relative_to(ROOT)} {number}")


def _frozen(value: Any) -> Any:
    """As the loader of projects hands it over: with tuples."""
    if isinstance(value, dict):
        return {key: _frozen(one) for key, one in value.items()}
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value


DOCUMENTED = list(_documented())


def test_there_are_some() -> None:
    assert len(DOCUMENTED) >= 5


@pytest.mark.parametrize("content", DOCUMENTED)
def test_it_can_stand_there(content: dict[str, Any]) -> None:
    KnowledgeDefinition.model_validate(_frozen({"sources": [{"path": "documents"}], **content}))
