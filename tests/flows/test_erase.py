"""A person is forgotten: nothing that mentions them is in any file, and every proof still holds."""

import shutil
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from tests.flows.home import APP, KEEPER, Home

from plimsoll.access._errors import LastAdminError
from plimsoll.access.limits import Consumption
from plimsoll.flows.erase import (
    BasisUnusableError,
    EraseParts,
    Erasure,
    Forgetful,
    IdentifierUnusableError,
    erase,
    plan_erasure,
)
from plimsoll.flows.erase._erase import _is_manifest
from plimsoll.governance.retention import erased_blobs
from plimsoll.kernel.digest import Digest, canonical_json, hex_part
from plimsoll.kernel.errors import UnavailableError
from plimsoll.ledger import Act, By, open_checkpoint
from plimsoll.ledger._merkle import leaf_hash, verify_consistency, verify_inclusion
from plimsoll.ledger.verifier import verify_lines
from plimsoll.models import ChatEnd, Completion, Usage
from plimsoll.models.answers import AnswerCache, AnswerStore, Lifetimes, Scope
from plimsoll.pipelines import StageCache
from plimsoll.registry import Publication
from plimsoll.releases import Manifest
from plimsoll.tracing.feedback import Feedback, FeedbackBook

ADA = "ada.lovelace@example.org"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    yield home
    home.close()


def parts(home: Home) -> EraseParts:
    return EraseParts(home.stores, home.cache, partial(prune_indexes, home), lambda _: None, KEEPER)


def elsewhere(home: Home) -> dict[str, Forgetful]:
    return {
        "answers": AnswerStore(home.answers_database),
        "feedback": FeedbackBook(home.traces_database),
        "usage": Consumption(home.usage_database),
    }


def forget(home: Home, identifier: str = ADA) -> Erasure:
    return erase(identifier, parts(home))


def prepare_index(home: Home, digest: Digest, text: str) -> None:
    place = home.folder / "indexes" / hex_part(digest)
    place.mkdir(parents=True)
    (place / "rows.msgpack").write_text(text)


def prune_indexes(home: Home, keep: Collection[Digest]) -> None:
    folders = (home.folder / "indexes").glob("*")
    for folder in [each for each in folders if each.name not in set(map(hex_part, keep))]:
        shutil.rmtree(folder)


def live_without_ada(home: Home) -> Manifest:
    """An home that once knew Ada everywhere, and does not need her any more."""
    subject = home.ledger.subject(ADA)
    index, _ = home.index(f"Lease of {ADA}", "The shed")
    prepare_index(home, index.digest, f"Lease of {ADA}")
    dataset = home.publish(Publication("dataset", "ask", {"rows": [{"question": f"Who is {ADA.upper()}?"}]}))[0]
    old = home.release(home.prompt(f"Be kind to {ADA}"), index, dataset, run=[{"answer": ADA}])
    home.environments.ship(old, "staging", by=By(subject), reason=f"{ADA} asked for it")
    home.trace(old.manifest.digest, user_id=ADA, answer=f"{ADA} pays")
    home.trace(old.manifest.digest, question=f"Who is {ADA}?")
    home.trace(old.manifest.digest, question="Who is Grace?")
    home.cache.put("load", {"a": f"Lease of {ADA}".encode(), "b": b"The shed"})
    home.cache.put("embed", {"c": b"\x01" * 64})
    index, _ = home.index("The shed")
    prepare_index(home, index.digest, "The shed")
    new = home.release(home.prompt("Be kind"), index, run=[{"answer": "yes"}])
    home.ship(new)
    home.draft(home.prompt("Be kinder"), index)
    return new.manifest


def mentions(home: Home, identifier: str = ADA) -> list[str]:
    wanted = identifier.lower().encode()
    return [name for name, data in home.everything().items() if wanted in data.lower()]


def test_nothing_of_a_person_is_left_in_any_file(home: Home) -> None:
    live = live_without_ada(home)
    assert {"traces.db", "cache.db"} & {name.removesuffix("-wal") for name in mentions(home)}
    done = forget(home)
    assert done.complete
    assert mentions(home) == []
    assert done.purged == {"traces": 2, "outputs": 1, "blobs": 4}  # segment, dataset, prompt, run
    assert home.ledger.find_subject(ADA) is None
    assert home.ledger.name(done.subject) is None
    assert [trace.question for trace in home.traces.latest(APP, 9)] == ["Who is Grace?"]
    assert home.cache.get("load", ["a", "b"]) == {"b": b"The shed"}
    assert home.cache.get("embed", ["c"]) == {}, "what a vector was made of cannot be read out of it"
    assert [path.name for path in (home.folder / "indexes").iterdir() if path.is_dir()] == [
        hex_part(live.artifacts["index:texts"])
    ]
    home.close()
    assert mentions(home) == []


def test_every_proof_still_holds(home: Home) -> None:
    live_without_ada(home)
    verifier = home.keys[1].verifier
    before = open_checkpoint(home.ledger.checkpoint(), [verifier])
    old = home.ledger.checkpoint()
    lines = list(home.ledger.lines())
    forget(home)
    after = open_checkpoint(home.ledger.checkpoint(), [verifier])
    assert after.size == before.size + 1
    assert list(home.ledger.lines(stop=before.size)) == lines
    proof = home.ledger.consistency(before.size, after.size)
    assert verify_consistency(before.size, before.root, after.size, after.root, proof)
    for index, line in enumerate(home.ledger.lines()):
        path = home.ledger.inclusion(index)
        assert verify_inclusion(leaf_hash(line.encode()), index, after.size, path, after.root)
    report = verify_lines(home.ledger.lines(), [home.ledger.checkpoint()], [old], verifier.text())
    assert report.ok, report
    home.ledger.record([Act("version.collect", APP, KEEPER, {"versions": []})])


def test_the_tombstone_says_what_was_done_and_not_who_it_was(home: Home) -> None:
    live_without_ada(home)
    subject = home.ledger.find_subject(ADA)
    done = forget(home)
    (entry,) = home.ledger.entries(act="subject.erase")
    assert done.sequence == entry.sequence
    assert entry.facts == {
        "subject": subject,
        "basis": "GDPR Art. 17(1)",
        "key_destroyed": True,
        "purged": dict(done.purged),
        "blobs": list(done.blobs),
        "residuals": [],
    }
    assert erased_blobs(home.ledger.entries()) == set(done.blobs)
    assert set(home.missing()) <= set(done.blobs)


def test_a_reason_that_they_gave_is_gone(home: Home) -> None:
    live_without_ada(home)
    (first, _) = home.environments.moves(APP)
    assert first.reason == f"{ADA} asked for it"
    forget(home)
    (first, second) = home.environments.moves(APP)
    assert (first.reason, second.reason) == (None, "")


def test_erasing_twice_is_well_and_says_so(home: Home) -> None:
    live_without_ada(home)
    assert forget(home).found
    size = home.ledger.size()
    again = forget(home)
    assert (again.found, again.complete, again.sequence) == (False, True, None)
    assert home.ledger.size() == size
    assert not plan_erasure(ADA, parts(home))


def test_what_is_in_use_stays_and_is_said(home: Home) -> None:
    index, segment = home.index(f"Lease of {ADA}")
    dataset = home.publish(Publication("dataset", "ask", {"rows": [{"question": ADA}]}))[0]
    live = home.release(home.prompt("kind"), index, run=[{"answer": ADA}])
    home.ship(live)
    home.draft(dataset)
    done = forget(home)
    assert not done.complete
    assert done.blobs == ()
    for part in (f"needs {segment}", f"needs {dataset.digest}", "suite:ask", "index:texts", "dataset:ask", "project"):
        assert any(part in residual for residual in done.residuals), part
    (entry,) = home.ledger.entries(act="subject.erase")
    assert entry.facts["residuals"] == list(done.residuals)
    assert home.missing() == []
    other, _ = home.index("The shed")
    clean = home.release(home.prompt("kind"), other, run=[])
    home.ship(clean)
    home.draft(*home.publish(Publication("dataset", "ask", {"rows": []})))
    assert forget(home).complete
    assert mentions(home) == []


def test_a_residual_never_names_the_person_in_the_ledger(home: Home) -> None:
    name = "ada-lovelace"
    prompt = home.publish(Publication("prompt", name, {"system": "for Ada-Lovelace"}))[0]
    home.draft(prompt)
    done = forget(home, name)
    assert any(name in residual for residual in done.residuals)
    (entry,) = home.ledger.entries(act="subject.erase")
    assert name not in str(entry.facts)
    assert any("manifest" in residual for residual in done.residuals)


def test_a_plan_shows_the_same_and_changes_nothing(home: Home) -> None:
    live_without_ada(home)
    before = (home.ledger.size(), list(home.blobs.addresses()))
    plan = plan_erasure(ADA, parts(home))
    assert (home.ledger.size(), list(home.blobs.addresses())) == before
    assert len(home.traces.latest(APP, 9)) == 3
    done = forget(home)
    assert (plan.traces, plan.outputs, plan.blobs) == (2, 1, done.blobs)
    assert plan.subject == done.subject


def test_somebody_who_never_acted_is_forgotten_too(home: Home) -> None:
    draft = home.draft(home.prompt("kind"))
    home.trace(draft.digest, answer=f"Ask {ADA}")
    done = forget(home)
    assert done.purged["traces"] == 1
    assert home.ledger.find_subject(ADA) is None
    (entry,) = home.ledger.entries(act="subject.erase")
    assert entry.facts["subject"] == done.subject


@pytest.mark.parametrize("identifier", ["", " ", "ab", " a\u200bb "])
def test_an_identifier_that_stands_everywhere_is_refused(home: Home, identifier: str) -> None:
    with pytest.raises(IdentifierUnusableError):
        plan_erasure(identifier, parts(home))


def test_a_basis_that_names_the_person_is_refused(home: Home) -> None:
    home.trace("sha256:00", user_id=ADA)
    with pytest.raises(BasisUnusableError):
        erase(ADA, parts(home), basis=f"{ADA} asked")
    assert len(home.traces.latest(APP, 9)) == 1


def test_a_crash_after_the_tombstone_is_made_good_by_the_same_call(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    class PowerCutError(Exception):
        pass

    def cut(*_: object, **__: object) -> bool:
        raise PowerCutError

    live_without_ada(home)
    with monkeypatch.context() as patch:
        patch.setattr(home.blobs, "remove", cut)
        with pytest.raises(PowerCutError):
            forget(home)
    assert mentions(home)
    done = forget(home)
    assert done.found
    assert mentions(home) == []
    assert set(home.missing()) <= erased_blobs(home.ledger.entries())


def test_a_crash_before_the_tombstone_leaves_no_blob_missing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    class PowerCutError(Exception):
        pass

    def cut(*_: object, **__: object) -> int:
        raise PowerCutError

    live_without_ada(home)
    with monkeypatch.context() as patch:
        patch.setattr(StageCache, "purge", cut)
        with pytest.raises(PowerCutError):
            forget(home)
    assert home.missing() == []
    assert forget(home).complete
    assert mentions(home) == []


def test_a_damaged_blob_is_said_because_it_cannot_be_searched(home: Home) -> None:
    digest = home.blobs.put(canonical_json({"note": "nobody uses this"}))
    home.blob(digest).write_bytes(b"changed")
    home.trace("sha256:00", user_id=ADA)
    done = forget(home)
    assert not done.complete
    assert digest in done.residuals[0]


def test_manifests_are_told_from_other_contents() -> None:
    assert _is_manifest(canonical_json(Manifest("a", {}).to_json()))
    for content in (b"{", b"[]", b"{}", b"\x81", canonical_json({"format": 1, "app": "a"})):
        assert not _is_manifest(content)


def test_what_was_derived_goes_also_when_everything_else_is_gone_already(home: Home) -> None:
    """Such as after an erasure whose engine did not answer, or a collection of the contents."""
    live = live_without_ada(home)

    def fail(_: Collection[Digest]) -> None:
        raise UnavailableError("the server does not answer", hint="try again")

    with pytest.raises(UnavailableError):
        erase(ADA, replace(parts(home), prune_indexes=fail))
    assert [name for name in mentions(home) if name.startswith("indexes")]
    assert not forget(home).found
    assert mentions(home) == []
    assert [path.name for path in (home.folder / "indexes").iterdir()] == [hex_part(live.artifacts["index:texts"])]


def test_somebody_whom_nothing_can_do_without_is_not_forgotten(home: Home) -> None:
    def refuse(_subject: str) -> None:
        raise LastAdminError("ada")

    home.trace("sha256:00", user_id=ADA)
    ada = home.ledger.subject(ADA)
    size = home.ledger.size()
    with pytest.raises(LastAdminError):
        erase(ADA, replace(parts(home), retire=refuse))
    assert (home.ledger.size(), home.ledger.name(ada)) == (size, ADA)
    assert home.traces.count_subject(ADA) == 1


def test_what_an_actor_may_do_ends_before_the_key_is_destroyed(home: Home) -> None:
    ada = home.ledger.subject(ADA)
    retired: list[str | None] = []
    erase(ADA, replace(parts(home), retire=lambda subject: retired.extend([subject, home.ledger.name(subject)])))
    assert retired == [ada, ADA]


def test_what_other_stores_keep_of_a_person_goes_too(home: Home) -> None:
    trace = home.trace("sha256:00", question="nothing of hers")
    FeedbackBook(home.traces_database).keep(Feedback(trace.id, 1.0, comment="well said", user=ADA))
    cache = AnswerCache(AnswerStore(home.answers_database))
    answer = {"choices": [{"index": 0, "message": {"content": "yes"}, "finish_reason": "stop"}]}
    body = {"messages": [{"role": "user", "content": f"Is {ADA} in?"}]}
    cache.keep(Scope("team", "r", "route"), body, Completion(answer, ChatEnd(Usage(1, 1))), Lifetimes(exact_s=60))
    cache.flush()
    cache.close()
    others = replace(parts(home), elsewhere=elsewhere(home))
    planned = plan_erasure(ADA, others)
    assert planned.elsewhere == {"answers": 1, "feedback": 1, "usage": 0}
    done = erase(ADA, others)
    assert (done.purged["answers"], done.purged["feedback"]) == (1, 1)
    assert not plan_erasure(ADA, others).elsewhere["answers"]
    assert ADA.encode() not in b"".join(home.everything().values())


@pytest.mark.parametrize(
    "said",
    [
        Feedback("", 0.5, comment=f"Ask {ADA.upper()} about this", user="ben"),
        Feedback("", None, label=f"told-{ADA}", user="ben"),
        Feedback("", -1.0, user=ADA),
    ],
)
def test_what_somebody_else_said_of_a_person_about_an_answer_to_somebody_else_goes_too(
    home: Home, said: Feedback
) -> None:
    trace = home.trace("sha256:00", question="nothing of hers", user_id="cleo")
    book = FeedbackBook(home.traces_database)
    book.keep(replace(said, trace=trace.id))
    kept = book.keep(Feedback(trace.id, 1.0, comment="short and right", user="ben"))
    assert len(book.of_trace(trace.id)) == 2
    others = replace(
        parts(home), elsewhere=elsewhere(home), judged=lambda who: [one.said.trace for one in book.about(who)]
    )
    planned = plan_erasure(ADA, others)
    assert bool(planned)
    assert (planned.traces, planned.elsewhere["feedback"], planned.judged) == (0, 1, (trace.id,))
    done = erase(ADA, others)
    assert (done.found, done.complete, done.purged["feedback"], done.purged["traces"]) == (True, True, 1, 0)
    assert book.of_trace(trace.id) == (kept,)
    assert ADA.encode() not in b"".join(home.everything().values()).lower()
    assert not plan_erasure(ADA, others)
