"""A small project of plain texts, and the platform that it is built on."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from plimsoll.bootstrap import Platform, open_platform
from plimsoll.flows.build import BuildReport, build
from plimsoll.project import load_project
from plimsoll.settings import Settings

TEXTS = {
    "contracts/lease.md": "# Lease of Shed 7\n\nThe lease may be ended with ninety days of notice.\n\n"
    + "\n\n".join(
        f"Clause {number}. The tenant keeps door {number} of the shed clean and dry." for number in range(40)
    ),
    "contracts/cleaning.txt": "Cleaning agreement.\n\nThe floor of the office is cleaned every Tuesday by Brightwater.",
    "policies/leave.md": "# Leave\n\nEvery employee has twenty-six days of paid leave in a year.",
    "letters/claim.html": "<title>Claim</title><p>The freezer failed on 3 May 2025 and spoiled 400 kg of cod.</p>",
}
FILES = {
    "plimsoll.yaml": "name: harbour\n",
    "prompts/answer.yaml": "system: Answer from the passages.\n",
    "knowledge/texts.yaml": "sources: [{path: documents}]\nchunk: {size: 400, overlap: 40}\n",
    "routes/default.yaml": "model: builtin/reader\n",
    "endpoints/ask.yaml": "kind: rag\nprompt: answer\nknowledge: texts\nroute: default\n",
    "evals/ask.yaml": "dataset: ask\nendpoint: ask\nscorers: [answer_contains, refusal_correct, retrieval_recall]\n"
    "thresholds: {answer_contains: {at_least: 0.5}, retrieval_recall: {at_least: 0.9}}\nconfidence: estimate\n",
    "datasets/ask.jsonl": "".join(
        json.dumps(row) + "\n"
        for row in (
            {
                "question": "How many days of paid leave has an employee?",
                "answers": ["twenty-six days"],
                "documents": ["policies/leave.md"],
            },
            {
                "question": "When did the freezer fail?",
                "answers": ["3 May 2025"],
                "documents": ["letters/claim.html"],
            },
            {"question": "What does the lifeboat on the roof cost?", "answerable": False},
        )
    ),
}


def settings_in(home: Path, actor: str = "ada", *, key: str | None = None) -> Settings:
    anchor = home / "anchor" / "checkpoints.jsonl"
    return Settings(home=home, keys=home / "keys", anchor=str(anchor), actor=actor, workers=1, key=key)


class Workshop:
    """A project folder with its platform; opening it again is like starting a new process."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.documents = root / "documents"
        self.home = root / ".plimsoll"
        self._platforms: list[Platform] = []
        for name, text in {**FILES, **{f"documents/{name}": text for name, text in TEXTS.items()}}.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def open(self, actor: str = "ada", *, key: str | None = None) -> Platform:
        """A platform for a user of this machine, or for whoever has a key."""
        platform = open_platform(settings_in(self.home, actor, key=key), self.root)
        self._platforms.append(platform)
        return platform

    def build(self) -> BuildReport:
        platform = self.open()
        try:
            return build(load_project(self.root), platform.build_parts(lambda *_: None))
        finally:
            platform.close()

    def close(self) -> None:
        for platform in self._platforms:
            platform.close()


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    workshop = Workshop(tmp_path / "harbour")
    yield workshop
    workshop.close()
