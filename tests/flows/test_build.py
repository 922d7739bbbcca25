"""Building: only what changed is done, everything is a version, and nothing is lost."""

import asyncio
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.flows.conftest import TEXTS, Workshop

from plimsoll.bootstrap import AppTakenError
from plimsoll.cli.show.builds import build_json
from plimsoll.documents import LoadSettings, digest_file, encode_document, load_file
from plimsoll.flows.ask import ask
from plimsoll.flows.build import BuildReport, NothingIndexedError, build, changed_files
from plimsoll.flows.build.loading._load import _Loaded, _Waiting
from plimsoll.flows.serve._runtime import load_runtime
from plimsoll.governance import trace_lineage
from plimsoll.models.predictors import Prediction
from plimsoll.pipelines import Done
from plimsoll.project import ProjectInvalidError, load_project
from plimsoll.registry import VersionRef
from plimsoll.releases import Evidence, Manifest
from plimsoll.retrieval.chunkers import ChunkSettings, chunk_document
from plimsoll.retrieval.search import Scope

KEY = "sk-harbour-0123456789abcdef"
MODEL = "kind: few_shot\nlabels:\n  lease: [rent of a shed]\n  leave: [days of paid holiday]\n"


def done(report: BuildReport) -> dict[str, int]:
    return {name: count.done for name, count in report.stages.items() if count.done}


def fates(report: BuildReport) -> dict[str, str]:
    return {outcome.path: outcome.fate for outcome in report.knowledge[0].outcomes}


def search(workshop: Workshop, query: str) -> list[str]:
    platform = workshop.open()
    draft = platform.releases.working_draft("harbour")
    content = platform.registry.content(draft.artifacts["index:texts"])
    knowledge = platform.registry.content(draft.artifacts["knowledge:texts"])
    index = platform.serve_parts().open_index(content, knowledge)
    found = [hit.passage.document for hit in asyncio.run(index.retrieve(query, Scope())).hits]
    asyncio.run(index.close())
    return found


def test_the_first_build_does_everything_and_the_second_nothing(workshop: Workshop) -> None:
    first = workshop.build()
    assert fates(first) == dict.fromkeys(sorted(TEXTS), "indexed")
    assert done(first).keys() == {"load", "chunk", "embed", "index"}
    assert done(first)["load"] == done(first)["chunk"] == len(TEXTS)
    second = workshop.build()
    assert second.work_done == 0
    assert second.draft == first.draft
    assert second.versions == first.versions


def test_changing_one_document_embeds_only_its_changed_chunks(workshop: Workshop) -> None:
    before = workshop.build()
    lease = workshop.documents / "contracts" / "lease.md"
    lease.write_text(lease.read_text().replace("keeps door 20 of", "never opens door 20 of"))
    after = workshop.build()
    assert done(after) == {"load": 1, "chunk": 1, "embed": done(after)["embed"], "index": 1}
    chunks = before.knowledge[0].snapshot.chunks
    assert after.knowledge[0].snapshot.chunks in {chunks - 1, chunks, chunks + 1}
    # One sentence stands in one chunk, or in two where it lies in their overlap.
    assert done(after)["embed"] in {1, 2}
    assert chunks > 8


def test_removing_a_document_removes_its_rows_and_changes_nothing_else(workshop: Workshop) -> None:
    before = workshop.build()
    assert "letters/claim.html" in search(workshop, "the freezer failed and spoiled cod")
    (workshop.documents / "letters" / "claim.html").unlink()
    after = workshop.build()
    assert "letters/claim.html" not in fates(after)
    assert after.knowledge[0].snapshot.chunks == before.knowledge[0].snapshot.chunks - 1
    assert done(after) == {"index": 1}
    assert "letters/claim.html" not in search(workshop, "the freezer failed and spoiled cod")


def test_the_way_to_a_content_does_not_matter(workshop: Workshop, tmp_path: Path) -> None:
    workshop.build()
    (workshop.documents / "policies" / "travel.md").write_text("# Travel\n\nTrains are second class.")
    (workshop.documents / "contracts" / "cleaning.txt").unlink()
    grown = workshop.build()
    other = Workshop(tmp_path / "elsewhere")
    shutil.rmtree(other.documents)
    shutil.copytree(workshop.documents, other.documents)
    fresh = other.build()
    other.close()
    assert fresh.draft == grown.draft
    assert fresh.work_done > grown.work_done


def test_a_setting_of_the_search_does_not_touch_the_index(workshop: Workshop) -> None:
    before = workshop.build()
    workshop.write(
        "knowledge/texts.yaml", "sources: [{path: documents}]\nchunk: {size: 400, overlap: 40}\nsearch: {top_k: 2}\n"
    )
    after = workshop.build()
    assert after.work_done == 0
    assert after.draft.artifacts["index:texts"] == before.draft.artifacts["index:texts"]
    assert after.draft.artifacts["knowledge:texts"] != before.draft.artifacts["knowledge:texts"]


def test_a_setting_of_the_chunker_does_not_load_again(workshop: Workshop) -> None:
    workshop.build()
    workshop.write("knowledge/texts.yaml", "sources: [{path: documents}]\nchunk: {size: 300, overlap: 30}\n")
    assert done(workshop.build()).keys() == {"chunk", "embed", "index"}


def test_every_setting_source_and_index_is_a_version_with_its_parents(workshop: Workshop) -> None:
    report = workshop.build()
    assert {(version.kind, version.name) for version in report.versions} == {
        ("source", "texts"),
        ("knowledge", "texts"),
        ("index", "texts"),
        ("prompt", "answer"),
        ("route", "default"),
        ("endpoint", "ask"),
        ("dataset", "ask"),
        ("suite", "ask"),
    }
    platform = workshop.open()
    registry = platform.registry
    by_kind = {version.kind: version for version in report.versions}
    assert {ref.kind for ref in registry.parents("harbour", by_kind["index"].ref)} == {"source", "knowledge"}
    assert {ref.kind for ref in registry.parents("harbour", by_kind["endpoint"].ref)} == {"prompt", "route", "index"}
    assert {ref.kind for ref in registry.parents("harbour", by_kind["suite"].ref)} == {"dataset"}
    assert {platform.named(version.author) for version in report.versions} == {"ada"}


def test_lineage_names_the_parents_of_this_build(workshop: Workshop) -> None:
    """The endpoint's own content stays the same when its prompt gets another version."""
    workshop.build()
    workshop.write("prompts/answer.yaml", "system: Answer shortly.\n")
    report = workshop.build()
    platform = workshop.open()
    asyncio.run(ask("harbour", "Anything?", endpoint=None, environment=None, parts=platform.serve_parts()))
    platform.recorder.flush()
    (summary,) = platform.traces.latest("harbour", 1)
    trace = platform.traces.get("harbour", summary.id)
    chain = trace_lineage(trace, platform.registry, platform.releases, platform.environments)
    endpoint = next(used for used in chain.artifacts if used.version.kind == "endpoint")
    parents = {parent.ref.key: parent.digest for parent in endpoint.parents}
    assert parents["prompt:answer"] == report.draft.artifacts["prompt:answer"]
    assert all(report.draft.artifacts[key] == digest for key, digest in parents.items())


def test_a_classical_model_is_a_version_behind_its_endpoint_and_part_of_the_draft(workshop: Workshop) -> None:
    workshop.write("models/kind.yaml", MODEL)
    workshop.write("endpoints/kind.yaml", "kind: predict\nmodel: kind\n")
    report = workshop.build()
    platform = workshop.open()
    assert {"model:kind", "endpoint:kind", "endpoint:ask"} <= report.draft.artifacts.keys()
    endpoint = next(version for version in report.versions if version.ref.key == "endpoint:kind")
    model = VersionRef("model", "kind", report.draft.artifacts["model:kind"])
    assert platform.registry.parents("harbour", endpoint.ref) == (model,)
    runtime = load_runtime(report.draft.digest, platform.serve_parts())
    (prediction,) = runtime.predictor("kind").predict([{"text": "How many days of holiday do I have?"}])
    assert isinstance(prediction, Prediction)
    assert prediction.label == "leave"


def test_changed_files_of_every_kind_are_told(workshop: Workshop) -> None:
    workshop.write("models/kind.yaml", MODEL)
    workshop.write("guardrails/standard.yaml", "checks: [{check: secrets, on: [input], action: block}]\n")
    draft = workshop.build().draft
    assert changed_files(load_project(workshop.root), draft, workshop.open().registry.content) == ()
    workshop.write("models/kind.yaml", f"{MODEL}at_least: 0.5\n")
    workshop.write("models/other.yaml", MODEL)
    workshop.write("guardrails/standard.yaml", "checks: [{check: secrets, on: [input], action: flag}]\n")
    workshop.write("routes/more.yaml", "model: builtin/reader\n")
    assert changed_files(load_project(workshop.root), draft, workshop.open().registry.content) == (
        "guardrails/standard.yaml",
        "models/kind.yaml",
        "models/other.yaml",
        "routes/more.yaml",
    )


class Deaf:
    """Knows no word at all."""

    name = "deaf"
    fingerprint = "deaf"
    dimension = 4

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.zeros((len(texts), self.dimension), np.float32)


def test_models_whose_labels_cannot_be_embedded_are_told_with_their_files_before_anything_is_built(
    workshop: Workshop,
) -> None:
    workshop.write("models/kind.yaml", MODEL)
    workshop.write("models/other.yaml", MODEL)
    platform = workshop.open()
    parts = replace(platform.build_parts(lambda *_: None), make_embedder=lambda _: Deaf())
    with pytest.raises(ProjectInvalidError) as caught:
        build(load_project(workshop.root), parts)
    assert [mistake.place for mistake in caught.value.mistakes] == ["models/kind.yaml", "models/other.yaml"]
    assert "no example of the label `lease` has a known word" in caught.value.mistakes[0].what
    assert platform.registry.versions("harbour") == ()


def test_a_project_that_only_serves_names_is_built(workshop: Workshop) -> None:
    for folder in ("endpoints", "evals", "knowledge", "prompts", "datasets"):
        shutil.rmtree(workshop.root / folder)
    workshop.write("routes/default.yaml", "model: builtin/reader\nserves: [reader]\n")
    assert workshop.build().draft.artifacts.keys() == {"route:default"}


def test_two_projects_of_one_name_do_not_share_records(workshop: Workshop, tmp_path: Path) -> None:
    workshop.build()
    home = workshop.root / ".plimsoll"
    other = Workshop(tmp_path / "twin")
    other.home = home
    with pytest.raises(AppTakenError, match="is called harbour too"):
        other.build()
    shutil.rmtree(workshop.root / "endpoints")
    (workshop.root / "plimsoll.yaml").unlink()
    assert other.build().draft.app == "harbour"
    other.close()


def test_a_copy_of_a_project_brings_its_own_records(workshop: Workshop, tmp_path: Path) -> None:
    first = workshop.build()
    copy = Workshop(tmp_path / "copy")
    shutil.rmtree(copy.root)
    shutil.copytree(workshop.root, copy.root)
    again = copy.build()
    assert (again.work_done, again.draft) == (0, first.draft)
    copy.close()


@pytest.mark.parametrize("name", ["a?b", "c%20d#e", "ä b"])
def test_odd_names_of_folders(tmp_path: Path, name: str) -> None:
    odd = Workshop(tmp_path / name)
    assert odd.build().work_done > 0
    assert odd.build().work_done == 0
    odd.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_no_secret_is_in_a_version(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARBOUR_KEY", KEY)
    route = "model: openai/gpt-4.1-mini\napi_key: ${env:HARBOUR_KEY}\n"
    workshop.write("routes/default.yaml", route)
    report = workshop.build()
    content: Any = workshop.open().registry.content(report.draft.artifacts["route:default"])
    assert [target["api_key"] for target in content["targets"]] == ["${env:HARBOUR_KEY}"]
    assert KEY.encode() not in b"".join(path.read_bytes() for path in workshop.home.rglob("*") if path.is_file())


def test_every_file_is_indexed_or_listed_with_its_reason(workshop: Workshop) -> None:
    (workshop.documents / "empty.txt").write_text("")
    (workshop.documents / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing of use")
    (workshop.documents / "photo.heic").write_bytes(b"not for us")
    (workshop.documents / "copy.md").write_text(TEXTS["policies/leave.md"])
    report = workshop.build()
    found = fates(report)
    assert {found[name] for name in ("empty.txt", "broken.pdf")} == {"failed"}
    assert found["photo.heic"] == "skipped"
    # The first by path is kept, whichever was there first.
    assert (found["copy.md"], found["policies/leave.md"]) == ("indexed", "duplicate")
    left_out = [outcome for outcome in report.knowledge[0].outcomes if outcome.fate != "indexed"]
    assert all(outcome.reason and outcome.hint for outcome in left_out)
    again = workshop.build()
    assert again.work_done == 0
    assert again.knowledge[0].outcomes == report.knowledge[0].outcomes


def test_a_file_that_vanishes_while_being_read_is_listed_and_the_others_go_on(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanish(location: Path, path: str, settings: LoadSettings) -> str:
        digest = digest_file(location, path, settings)
        if path == "contracts/cleaning.txt":
            location.unlink()
        return digest

    monkeypatch.setattr("plimsoll.flows.build.loading._finding.digest_file", vanish)
    report = workshop.build()
    gone = next(outcome for outcome in report.knowledge[0].outcomes if outcome.path == "contracts/cleaning.txt")
    assert (gone.fate, "vanished" in gone.reason) == ("failed", True)
    assert report.knowledge[0].indexed == len(TEXTS) - 1


def test_nothing_to_index_is_said_and_the_working_build_stays(workshop: Workshop) -> None:
    before = workshop.build()
    shutil.rmtree(workshop.documents)
    workshop.documents.mkdir()
    (workshop.documents / "empty.txt").write_text("")
    with pytest.raises(NothingIndexedError, match=r"1 files found.*empty\.txt"):
        workshop.build()
    assert workshop.open().releases.working_draft("harbour") == before.draft


def test_several_sources_and_several_knowledge_bases(workshop: Workshop) -> None:
    workshop.write("more/extra.md", "# Extra\n\nThe mooring fee is forty crowns.")
    workshop.write("knowledge/both.yaml", "sources: [{path: documents, include: ['policies/*']}, {path: more}]\n")
    report = workshop.build()
    both = next(built for built in report.knowledge if built.name == "both")
    assert [outcome.path for outcome in both.outcomes] == ["documents/policies/leave.md", "more/extra.md"]
    assert {"index:both", "index:texts"} <= report.draft.artifacts.keys()


def test_contracts_of_real_companies(workshop: Workshop, data: Path) -> None:
    """All 25 PDFs are indexed or listed; changing one text embeds only its changed chunks."""
    shutil.rmtree(workshop.documents)
    shutil.copytree(data / "cuad" / "dev_pdf", workshop.documents)
    workshop.documents.chmod(0o755)
    report = workshop.build()
    assert len(fates(report)) == 25
    assert set(fates(report).values()) <= {"indexed", "failed"}
    assert report.knowledge[0].indexed >= 24
    text = workshop.write(
        "documents/terms.txt", "\n\n".join(f"{n}. Term {n} of the contract is long." for n in range(500))
    )
    settings = ChunkSettings(400, 40)
    before = chunks_of(text, settings)
    workshop.build()
    text.write_text(text.read_text().replace("Term 250 of", "Term two hundred and fifty of"))
    changed = len(chunks_of(text, settings) - before)
    assert done(workshop.build()) == {"load": 1, "chunk": 1, "embed": changed, "index": 1}
    assert 0 < changed <= 14


def chunks_of(path: Path, settings: ChunkSettings) -> set[str]:
    document = load_file(path, path.name, LoadSettings())
    return {chunk.text for chunk in chunk_document(document, settings)}


def test_the_report_can_be_written_as_json(workshop: Workshop) -> None:

    content = json.loads(msgspec.json.encode(build_json(workshop.build())))
    assert content["knowledge"][0]["documents"] == len(TEXTS)


def test_indexes_of_the_working_build_and_of_every_release_stay_prepared(workshop: Workshop) -> None:
    views = workshop.root / ".plimsoll" / "indexes" / "views"
    leave = workshop.documents / "policies" / "leave.md"

    def index_of(report: BuildReport) -> str:
        return report.draft.artifacts["index:texts"].removeprefix("sha256:")

    first = workshop.build()
    platform = workshop.open()
    evidence = (Evidence("ask", first.draft.digest, first.draft.digest, "pass"),)
    manifest = Manifest("harbour", first.draft.artifacts, evidence)
    platform.releases.keep_release(manifest, by=platform.acting.by, source_commit="")
    leave.write_text(f"{TEXTS['policies/leave.md']} The second edition.")
    workshop.build()
    leave.write_text(f"{TEXTS['policies/leave.md']} The third edition.")
    latest = workshop.build()
    assert {path.name for path in views.iterdir()} == {index_of(first), index_of(latest)}


def test_notes_are_told_in_every_build(workshop: Workshop) -> None:
    text = "Kündigungsfrist für das Kühlhaus: sechs Wochen, außer im März. " * 8
    (workshop.documents / "old.txt").write_bytes(text.encode("cp1252"))
    for _ in range(2):
        outcomes = {outcome.path: outcome for outcome in workshop.build().knowledge[0].outcomes}
        assert "windows-1252" in outcomes["old.txt"].notes[0]


def test_an_incomplete_document_is_indexed_and_tried_again(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading is done in this process here, so that it can be made to miss a page once."""
    missed = ["page 2 looks scanned and was not recognised: it took too long"]

    def load(settings: LoadSettings, file: _Waiting) -> Any:
        document = load_file(file.location, file.path, settings)
        notes = tuple(missed) if file.path == "policies/leave.md" else ()
        return _Loaded(encode_document(document), notes, incomplete=bool(notes), signature=b"")

    def here(function: Any, items: Any, **_: Any) -> Any:
        return [Done(item, load(function.args[0], item)) for item in items]

    monkeypatch.setattr("plimsoll.flows.build.loading._load.map_isolated", here)
    first = workshop.build()
    assert fates(first)["policies/leave.md"] == "indexed"
    assert done(workshop.build()) == {"load": 1}
    missed.clear()
    assert done(workshop.build()) == {"load": 1}
    assert workshop.build().work_done == 0
