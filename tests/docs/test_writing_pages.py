"""The files that the pages about search and chunking show, as they stand there, in a project that is built."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.gateway.port import Yard
from tests.gateway.writers import Writer, writer

from plimsoll.flows.ask import ask
from plimsoll.flows.serve import Answer

PAGES = Path(__file__).parents[2] / "docs/reference"
_FILE = re.compile(r"```yaml\n# (\S+\.yaml)\n(.*?)```", re.DOTALL)
QUESTION = "Urlaub?"


@pytest.fixture
def held() -> Iterator[Writer]:
    with writer() as server:
        yield server


def built(page: str, root: Path, held: Writer) -> Yard:
    shown = {name: text for name, text in _FILE.findall((PAGES / page).read_text()) if text}
    assert sorted(shown) == ["knowledge/handbook.yaml", "routes/helper.yaml"]
    # The model of the page, at another address.
    address = f"base_url: {held.url}/v1\n"
    files = {
        **shown,
        "routes/helper.yaml": shown["routes/helper.yaml"] + address,
        "routes/default.yaml": f"model: vllm/writer\n{address}",
        "prompts/answer.yaml": "system: Answer from the passages.\n",
        "endpoints/ask.yaml": "kind: rag\nprompt: answer\nknowledge: handbook\nroute: default\n",
        "documents/leave.md": "# Leave\n\nEvery employee has twenty-six days of paid leave in a year.\n",
    }
    yard = Yard(root, files, {"OPENAI_API_KEY": "sk-of-the-test"})
    yard.build()
    return yard


def asked(yard: Yard) -> Answer:
    parts = yard.open().serve_parts()
    try:
        return asyncio.run(ask("harbour", QUESTION, endpoint=None, environment=None, parts=parts))
    finally:
        yard.close()


def test_the_page_about_search_puts_questions_in_other_words(tmp_path: Path, held: Writer) -> None:
    asked(built("search.md", tmp_path / "harbour", held))
    assert held.asked_variants == [QUESTION]
    assert {body["model"] for body in held.heard} == {"gpt-4.1-mini", "writer"}


def test_the_page_about_chunking_has_contexts_written(tmp_path: Path, held: Writer) -> None:
    answer = asked(built("chunking.md", tmp_path / "harbour", held))
    assert len(held.asked_contexts) == 1
    assert [passage.document for passage in answer.started.passages] == ["leave.md"]
