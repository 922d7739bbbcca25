import hashlib
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.documents.similar import NEAR, near_duplicates, signature

WORDS = [f"word{number}" for number in range(3000)]


def text(seed: int, words: int = 800) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def edited(original: str, share: float, seed: int = 0) -> str:
    """The text with a share of its words left out, replaced or followed by another one."""
    chance = random.Random(seed)
    words: list[str] = []
    for word in original.split():
        lot = chance.random() / share if share else 1.0
        if lot < 1 / 3:
            continue
        words += [chance.choice(WORDS)] if lot < 2 / 3 else [word, chance.choice(WORDS)] if lot < 1 else [word]
    return " ".join(words)


def test_a_text_with_few_changes_is_a_near_duplicate_of_the_first() -> None:
    texts = [text(1), text(2), edited(text(1), 0.01), edited(text(2), 0.02), text(3)]
    twins = near_duplicates([signature(t) for t in texts])
    assert [(twin.place, twin.first) for twin in twins] == [(2, 0), (3, 1)]
    assert all(twin.similarity >= NEAR for twin in twins)


def test_recall_and_precision_on_a_made_set() -> None:
    originals = [text(seed) for seed in range(150)]
    base = [signature(original) for original in originals]
    for share, least in ((0.0, 1.0), (0.01, 1.0), (0.02, 0.97)):
        copies = [signature(edited(original, share, seed)) for seed, original in enumerate(originals)]
        twins = near_duplicates([*base, *copies])
        right = sum(twin.first == twin.place - len(base) for twin in twins)
        assert right == len(twins)
        assert right >= least * len(base)
    other = [signature(edited(original, 0.15, seed)) for seed, original in enumerate(originals)]
    assert near_duplicates([*base, *other]) == []


def test_case_punctuation_and_line_breaks_do_not_count() -> None:
    plain = text(5)
    assert signature(plain) == signature(plain.upper().replace(" ", ",\n\n"))


def test_a_short_text_is_near_to_nothing() -> None:
    assert signature("too short to tell") == b""
    assert near_duplicates([b"", b""]) == []


def test_text_without_spaces_has_a_signature_too() -> None:
    chance = random.Random(3)
    chinese = "".join(chr(chance.randrange(0x4E00, 0x9FFF)) for _ in range(400))
    changed = chinese[:200] + "变" + chinese[201:]
    assert [twin.first for twin in near_duplicates([signature(chinese), signature(changed)])] == [0]


def test_a_near_duplicate_of_a_near_duplicate_is_compared_with_the_first() -> None:
    drafts = [text(7)]
    for seed in range(6):
        drafts.append(edited(drafts[-1], 0.01, seed))
    twins = near_duplicates([signature(draft) for draft in drafts])
    firsts = {twin.first for twin in twins}
    assert firsts.isdisjoint(twin.place for twin in twins)


def test_the_signature_is_the_same_on_every_machine_and_in_every_version() -> None:
    assert hashlib.sha256(signature(text(1))).hexdigest()[:16] == "6a9ac900c9450115"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(min_size=512, max_size=512) | st.just(b""), max_size=8))
def test_each_text_is_told_at_most_once_and_after_its_first(signatures: list[bytes]) -> None:
    twins = near_duplicates(signatures)
    places = [twin.place for twin in twins]
    assert places == sorted(set(places))
    assert all(twin.first < twin.place and signatures[twin.place] for twin in twins)
