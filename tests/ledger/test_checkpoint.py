from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.kernel.signing import SigningKey, VerifyingKey
from plimsoll.ledger._checkpoint import (
    Checkpoint,
    open_checkpoint,
    parse_proof,
    proof_text,
    sign_checkpoint,
)
from plimsoll.ledger._errors import CheckpointInvalidError, ProofInvalidError
from plimsoll.ledger._merkle import EMPTY_ROOT, Frontier, inclusion_proof, leaf_hash, perfect_root, verify_inclusion

KEY = SigningKey.generate("plimsoll/0a1b2c3d")
ROOT = bytes(range(32))
CHECKPOINT = Checkpoint(KEY.name, 20852163, ROOT)
NOTE = sign_checkpoint(CHECKPOINT, KEY)
WITNESS = f"— witness.example/w1 {b64encode(bytes(76)).decode()}\n"


def _signed(text: str, key: SigningKey = KEY) -> str:
    """Any text, signed as it is."""
    signature = b64encode(key.verifier.key_id + key.sign(text.encode())).decode()
    return f"{text}\n— {key.name} {signature}\n"


def test_a_published_tree_head_of_the_go_checksum_database_carries_a_genuine_signature() -> None:
    key = VerifyingKey.parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
    note = (
        "go.sum database tree\n756113\nk9nFMBuXq8uk+9SQNxs/Vadri2XDkaoo96u4uMa0qE0=\n\n"
        "— sum.golang.org "
        "Az3grgIHxiDLRpsKUElIX5vJMlFS79SqfQDSgHQmON922lNdJ5zxF8SSPPcah3jhIkpG8LSKNaWXiy7IldOSDCt4Pwk=\n"
    )
    # only the last check fails: this log signs under another name than its origin
    with pytest.raises(CheckpointInvalidError, match=r"its origin is 'go\.sum database tree'"):
        open_checkpoint(note, [key])
    with pytest.raises(CheckpointInvalidError, match="the signature of sum"):
        open_checkpoint(note.replace("756113", "756114"), [key])


def test_the_example_note_of_the_go_library_carries_a_genuine_signature() -> None:
    key = VerifyingKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = (
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    with pytest.raises(CheckpointInvalidError, match="it has 2 lines"):
        open_checkpoint(note, [key])


def test_a_checkpoint_is_three_lines_and_the_signature_of_them() -> None:
    text, _, signature = NOTE.partition("\n\n")
    assert text == f"plimsoll/0a1b2c3d\n20852163\n{b64encode(ROOT).decode()}"
    assert signature.startswith("— plimsoll/0a1b2c3d ")
    assert CHECKPOINT.text() == text + "\n"


@given(size=st.integers(1, 2**63 - 1), root=st.binary(min_size=32, max_size=32))
def test_what_was_signed_opens_again(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(KEY.name, size, root)
    assert open_checkpoint(sign_checkpoint(checkpoint, KEY), [KEY.verifier]) == checkpoint


def test_the_empty_ledger_has_a_checkpoint() -> None:
    checkpoint = Checkpoint(KEY.name, 0, EMPTY_ROOT)
    assert open_checkpoint(sign_checkpoint(checkpoint, KEY), [KEY.verifier]) == checkpoint


def test_signatures_of_unknown_keys_are_ignored() -> None:
    text, signature = NOTE.split("\n\n")
    for note in (NOTE + WITNESS, f"{text}\n\n{WITNESS}{signature}", NOTE + WITNESS * 20):
        assert open_checkpoint(note, [KEY.verifier]) == CHECKPOINT


def test_a_key_of_the_same_name_and_another_id_is_another_key() -> None:
    impostor = SigningKey.generate(KEY.name)
    note = sign_checkpoint(CHECKPOINT, impostor)
    with pytest.raises(CheckpointInvalidError, match="no known key signed it"):
        open_checkpoint(note, [KEY.verifier])
    both = NOTE + note.partition("\n\n")[2]
    assert open_checkpoint(both, [KEY.verifier]) == CHECKPOINT


def test_a_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    wrong = f"— {KEY.name} {b64encode(KEY.verifier.key_id + bytes(64)).decode()}\n"
    with pytest.raises(CheckpointInvalidError, match="the signature of plimsoll/0a1b2c3d is wrong"):
        open_checkpoint(NOTE + wrong, [KEY.verifier])


@pytest.mark.parametrize(
    ("old", "new"), [("20852163", "20852162"), ("plimsoll/0a1b2c3d\n", "plimsoll/0a1b2c3e\n"), ("AAEC", "AAED")]
)
def test_a_changed_line_is_noticed(old: str, new: str) -> None:
    changed = NOTE.replace(old, new, 1)
    assert changed != NOTE
    with pytest.raises(CheckpointInvalidError, match="signature of plimsoll/0a1b2c3d is wrong"):
        open_checkpoint(changed, [KEY.verifier])


@given(place=st.integers(0, len(NOTE) - 1), character=st.characters())
def test_no_change_of_one_character_gives_another_checkpoint(place: int, character: str) -> None:
    changed = NOTE[:place] + character + NOTE[place + 1 :]
    if changed == NOTE:
        assert open_checkpoint(changed, [KEY.verifier]) == CHECKPOINT
        return
    with pytest.raises(CheckpointInvalidError):
        open_checkpoint(changed, [KEY.verifier])


def test_a_known_key_cannot_speak_for_another_ledger() -> None:
    note = _signed(Checkpoint("plimsoll/ffffffff", 3, ROOT).text())
    with pytest.raises(CheckpointInvalidError, match="its origin is 'plimsoll/ffffffff', but it is signed by"):
        open_checkpoint(note, [KEY.verifier, SigningKey.generate("plimsoll/ffffffff").verifier])


def test_without_known_keys_nothing_is_believed() -> None:
    with pytest.raises(CheckpointInvalidError, match="known are none"):
        open_checkpoint(NOTE, [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"{KEY.name}\n3\n", "2 lines"),
        (f"{KEY.name}\n3\n{b64encode(ROOT).decode()}\nextension\n", "4 lines"),
        (f"{KEY.name}\n03\n{b64encode(ROOT).decode()}\n", "decimal"),
        (f"{KEY.name}\n-3\n{b64encode(ROOT).decode()}\n", "decimal"),
        (f"{KEY.name}\n٣\n{b64encode(ROOT).decode()}\n", "decimal"),
        (f"{KEY.name}\n3 \n{b64encode(ROOT).decode()}\n", "decimal"),
        (f"{KEY.name}\n{10**19}\n{b64encode(ROOT).decode()}\n", "decimal"),
        (f"{KEY.name}\n3\n{b64encode(ROOT[:-1]).decode()}\n", "root"),
        (f"{KEY.name}\n3\n{b64encode(ROOT).decode()[:-1]}\n", "padding"),
        (f"{KEY.name}\n0\n{b64encode(ROOT).decode()}\n", "root"),
        (f"\n3\n{b64encode(ROOT).decode()}\n", "origin"),
    ],
)
def test_signed_nonsense_is_refused_too(text: str, problem: str) -> None:
    with pytest.raises(CheckpointInvalidError, match=problem):
        open_checkpoint(_signed(text), [KEY.verifier])


@pytest.mark.parametrize(
    ("note", "problem"),
    [
        ("", "empty line"),
        (CHECKPOINT.text(), "empty line"),
        (CHECKPOINT.text() + "\n", "empty line"),
        (NOTE[:-1], "newline"),
        (NOTE.replace("\n", "\r\n"), "control characters"),
        (NOTE + "\t", "control characters"),
        (NOTE.replace("— ", "- "), "malformed"),
        (NOTE.replace("— ", "—  "), "malformed"),
        (NOTE + "— a+b AAAAAAA=\n", "malformed"),
        (NOTE + "— witness\n", "malformed"),
        (NOTE + "— witness AAAAAA==\n", "too short"),
        (NOTE + "— witness AAAAAA\n", "base64"),
        (NOTE + WITNESS * 64, "65 signatures"),
        (NOTE + WITNESS * 5000, "longer than"),
        ("\ud800" + NOTE, "not valid Unicode"),
    ],
)
def test_a_malformed_note_is_refused_with_what_is_wrong(note: str, problem: str) -> None:
    with pytest.raises(CheckpointInvalidError, match=problem):
        open_checkpoint(note, [KEY.verifier])


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [("", 1, ROOT), ("a\nb", 1, ROOT), ("a\0", 1, ROOT), ("a", -1, ROOT), ("a", 1, b""), ("a", 0, ROOT)],
)
def test_a_checkpoint_that_cannot_be_is_a_mistake(origin: str, size: int, root: bytes) -> None:
    with pytest.raises(ValueError, match=r"origin|cannot"):
        Checkpoint(origin, size, root)


def test_a_ledger_does_not_sign_for_another() -> None:
    with pytest.raises(ValueError, match="not signed with the key"):
        sign_checkpoint(Checkpoint("another", 3, ROOT), KEY)


def test_a_proof_of_inclusion_travels_as_one_text_and_convinces() -> None:
    leaves = [b"entry %d" % number for number in range(11)]
    root = Frontier.empty().extend(leaves).root()
    note = sign_checkpoint(Checkpoint(KEY.name, len(leaves), root), KEY)
    hashes = inclusion_proof(
        6, len(leaves), lambda level, at: perfect_root([leaf_hash(x) for x in leaves[at << level : (at + 1) << level]])
    )
    read = parse_proof(proof_text(6, hashes, note))
    checkpoint = open_checkpoint(read.note, [KEY.verifier])
    assert (read.index, read.hashes) == (6, hashes)
    assert verify_inclusion(leaf_hash(b"entry 6"), read.index, checkpoint.size, read.hashes, checkpoint.root)


def test_a_proof_has_the_published_layout() -> None:
    lines = proof_text(73894, [ROOT], NOTE).split("\n")
    assert lines[:5] == ["c2sp.org/tlog-proof@v1", "index 73894", b64encode(ROOT).decode(), "", KEY.name]
    assert lines[-1] == ""


def test_a_proof_may_be_empty_and_may_carry_extra_data() -> None:
    text = proof_text(0, [], NOTE)
    assert parse_proof(text).hashes == ()
    assert parse_proof(text.replace("index", "extra QUJD\nindex")) == parse_proof(text)


GOOD = proof_text(5, [ROOT, ROOT], NOTE)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "first line"),
        (GOOD.replace("@v1", "@v2"), "first line"),
        (GOOD.replace("index 5\n", ""), "index"),
        (GOOD.replace("index 5", "index 05"), "index"),
        (GOOD.replace("index 5", "index -5"), "index"),
        (GOOD.replace("index 5", "index"), "index"),
        (GOOD.replace("index 5", "extra ?\nindex 5"), "extra"),
        (GOOD.replace("index 5", "extra QUJD\nextra QUJD\nindex 5"), "index"),
        (GOOD.replace("AAEC", "AA?C", 1), "hash 1 is not base64"),
        (GOOD.replace("AAEC", "", 1), "hash 1 has 29 bytes"),
        (GOOD.partition("\n\n")[0], "no checkpoint"),
        (GOOD.partition("\n\n")[0] + "\n\n", "no checkpoint"),
        (proof_text(5, [ROOT] * 64, NOTE), "64 hashes"),
        (proof_text(5, [ROOT] * 20_000, NOTE), "longer than"),
    ],
)
def test_a_malformed_proof_is_refused_with_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(ProofInvalidError, match=problem):
        parse_proof(text)
