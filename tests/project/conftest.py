"""A project without mistakes, in which tests break things."""

from collections.abc import Mapping
from pathlib import Path

import pytest

FILES: Mapping[str, str] = {
    "plimsoll.yaml": "name: contracts\nowner: legal-tech@example.org\n",
    "prompts/answer.yaml": "system: Read.\n",
    "knowledge/handbook.yaml": "sources:\n  - path: documents\n",
    "routes/default.yaml": "model: builtin/reader\n",
    "endpoints/ask.yaml": "kind: rag\nprompt: answer\nknowledge: handbook\nroute: default\n",
    "evals/ask.yaml": (
        "dataset: ask\nendpoint: ask\nscorers: [answer_contains]\nthresholds:\n  answer_contains: {at_least: 0.8}\n"
    ),
    "datasets/ask.jsonl": '{"question": "How long?", "answers": ["30 days"]}\n',
    "documents/notice.md": "The notice period is 30 days.\n",
}


class Folder:
    """A project folder whose files tests replace."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, content: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "contracts")
    for path, content in FILES.items():
        made.write(path, content)
    return made
