"""What a knowledge base says about words reaches the search."""

import asyncio
import json
from pathlib import Path

from tests.flows.conftest import Workshop

from plimsoll.retrieval.search import Scope


def _found(workshop: Workshop, question: str) -> list[str]:
    platform = workshop.open()
    draft = platform.releases.working_draft("harbour")
    index, knowledge = (platform.registry.content(draft.artifacts[f"{kind}:texts"]) for kind in ("index", "knowledge"))
    searcher = platform.serve_parts().open_index(index, knowledge)
    hits = asyncio.run(searcher.retrieve(question, Scope())).hits
    asyncio.run(searcher.close())
    return [hit.passage.document for hit in hits if hit.text_rank is not None]


def test_synonyms_of_a_project_are_searched_with_a_question(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path / "harbour")
    knowledge = "sources: [{path: documents}]\nchunk: {size: 400, overlap: 40}\n"
    workshop.write("knowledge/texts.yaml", knowledge)
    workshop.build()
    assert "policies/leave.md" not in _found(workshop, "Urlaub")
    synonyms = json.dumps([{"when": ["urlaub"], "add": ["paid leave"]}])
    workshop.write("knowledge/texts.yaml", f"{knowledge}search: {{synonyms: {synonyms}}}\n")
    workshop.build()
    assert _found(workshop, "Urlaub")[0] == "policies/leave.md"
    workshop.close()
