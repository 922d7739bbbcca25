"""Sentences with their sources, and whether these bear them out: from permissive sets, and made wrong on purpose.

People's own sentences come from SciFact (claims that an abstract supports or contradicts), BEGIN (answers about a
snippet), QMSum (answers about a stretch of a meeting), PubMedQA (conclusions of an abstract) and the answers of the
Anthropic documentation set. The rest is made from documents: sentences copied, shortened or joined are borne out; the
same with another number, name or verb, with a `not`, with subject and object exchanged, with half of a sentence from
elsewhere, or with an added judgement are not.
"""

import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plimsoll.checks.grounding.words import ANTONYMS

Rows = list[dict[str, Any]]
Documents = Sequence[tuple[str, list[str]]]
"""Name and sentences of each."""
_CORPORA = ("chunking_evaluation", "anthropic_docs_rag")
_WINDOW = (2, 25)
_OPINIONS = (
    *("an impressive result", "a significant achievement", "a major turning point", "a key concern for experts"),
    *("one of the most important of its kind", "a decision that was widely criticised", "a remarkable success"),
)
_ADDED = (
    *("leading to widespread concern", "which experts consider crucial", "following months of negotiations"),
    *("resulting in a significant improvement", "despite earlier failures", "making it the first of its kind"),
    *("as confirmed by several officials", "because of growing demand", "according to a recent report"),
    *("and plans to expand next year", "which surprised many observers", "with further details expected soon"),
)
_GENERAL = (
    ("some", "all"),
    ("may", "will"),
    ("might", "will"),
    ("can", "must"),
    ("often", "always"),
    ("most", "all"),
    ("many", "all"),
    ("could", "will"),
    ("suggest", "prove"),
    ("suggests", "proves"),
    ("nearly", "more than"),
    ("about", "exactly"),
    ("sometimes", "always"),
    ("likely", "certainly"),
    ("several", "all"),
    ("plans to", "has decided to"),
)
_SAME = (
    ("approximately", "about"),
    ("about", "around"),
    ("because", "since"),
    ("however", "but"),
    ("large", "big"),
    ("showed", "demonstrated"),
    ("shows", "demonstrates"),
    ("said", "stated"),
    ("also", "additionally"),
    ("use", "utilise"),
    ("used", "employed"),
    ("many", "numerous"),
    ("begin", "start"),
    ("began", "started"),
    ("help", "assist"),
    ("helps", "assists"),
    ("show", "indicate"),
    ("found", "discovered"),
    ("important", "key"),
    ("allows", "lets"),
    ("provides", "offers"),
    ("increase", "rise"),
    ("people", "individuals"),
    ("shall", "must"),
    ("until", "up to"),
    ("more than", "over"),
    ("less than", "under"),
    ("obtained", "got"),
    ("created", "made"),
    ("received", "was given"),
)
_SPLIT = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(])|\n+")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-zA-Z-]+(?: [A-Z][a-zA-Z-]+)*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_VERB = re.compile(r"\b(is|are|was|were|has|have|had|will|can|may|should|must|could|would)\b")
_LEAST, _MOST = 40, 400
_OTHER_CLAIMS, _OTHER_CONCLUSIONS = 0.15, 0.2
_COPIED, _SHORTENED, _WORDED = 0.2, 0.5, 0.8
_CUT, _REWORDED, _OPENED = 0.7, 0.7, 0.2
_FROM_WINDOW, _WHOLE = 0.5, 0.3
_LEAST_BESIDE, _LEAST_AFTER, _LEAST_WORDS = 8, 12, 8
_OPENINGS = ("According to the document, ", "The text says that ", "In summary, ", "Also, ")


@dataclass(frozen=True)
class Sample:
    """One sentence or answer, with what it is to rest on."""

    text: str
    sources: tuple[str, ...]
    kind: str
    group: str
    """What must not be split between fitting and measuring."""
    question: str = ""
    wrong: bool = False


def read_rows(path: Path) -> Rows:
    """The rows of a file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def material(root: Path, seed: int, *, corruptions: int) -> list[Sample]:
    """All samples, in an order of their own."""
    rng = random.Random(seed)  # noqa: S311  # the same material each time, no secret
    people = [*_begin(root), *_scifact(root, rng), *_qmsum(root), *_pubmedqa(root, rng), *_anthropic(root)]
    documents = _documents(root)
    made = list(_made(documents, rng, corruptions))
    spoiled = [one for sample in people if not sample.wrong for one in _spoiled_answer(sample, documents, rng)]
    return [*people, *made, *spoiled]


def _begin(root: Path) -> Iterator[Sample]:
    for row in read_rows(root / "begin" / "dev.jsonl.gz"):
        group = "begin:" + row["knowledge"][:60]
        yield Sample(
            row["response"],
            (row["knowledge"],),
            "begin-" + row["part"],
            group,
            row["message"],
            wrong=bool(row["label"]),
        )


def _scifact(root: Path, rng: random.Random) -> Iterator[Sample]:
    corpus = {str(row["_id"]): row for row in read_rows(root / "scifact" / "corpus.jsonl.gz")}
    names = sorted(corpus)
    for row in read_rows(root / "scifact" / "dev.jsonl.gz"):
        for proof in row["evidence"]:
            found = corpus.get(str(proof["doc_id"]))
            if found is None:
                continue
            wrong = proof["label"] == "CONTRADICT"
            source = " ".join(found["sentences"])
            yield Sample(row["text"], (source,), "scifact-" + proof["label"], f"scifact:{proof['doc_id']}", wrong=wrong)
        other = " ".join(corpus[rng.choice(names)]["sentences"])
        if rng.random() < _OTHER_CLAIMS:
            yield Sample(row["text"], (other,), "scifact-other", "scifact:" + row["_id"], wrong=True)


def _qmsum(root: Path) -> Iterator[Sample]:
    for row in read_rows(root / "qmsum" / "dev.jsonl.gz"):
        turns = [f"{turn['speaker']}: {re.sub(r'{[^}]*}', '', turn['content'])}" for turn in row["transcript"]]
        spans = [
            (query, sorted({n for a, b in query["relevant_text_span"] for n in range(int(a), int(b) + 1)}))
            for query in row["specific_queries"]
        ]
        for number, (query, places) in enumerate(spans):
            source = "\n".join(turns[n] for n in places if n < len(turns))[:6000]
            for part in _parts(query["answer"]):
                yield Sample(part, (source,), "qmsum", "qmsum:" + row["id"], query["query"])
            other = spans[(number + 1) % len(spans)]
            if not set(other[1]) & set(places):
                for part in _parts(query["answer"])[:1]:
                    wrong = "\n".join(turns[n] for n in other[1] if n < len(turns))[:6000]
                    yield Sample(part, (wrong,), "qmsum-other", "qmsum:" + row["id"], query["query"], wrong=True)


def _pubmedqa(root: Path, rng: random.Random) -> Iterator[Sample]:
    rows = read_rows(root / "pubmedqa" / "dev.jsonl.gz")
    for row in rows:
        group = "pubmedqa:" + row["id"]
        for part in _parts(row["long_answer"]):
            yield Sample(part, tuple(row["contexts"]), "pubmedqa", group, row["question"])
            if rng.random() < _OTHER_CONCLUSIONS:
                other = rng.choice(rows)
                if other is not row:
                    yield Sample(part, tuple(other["contexts"]), "pubmedqa-other", group, row["question"], wrong=True)


def _anthropic(root: Path) -> Iterator[Sample]:
    corpus = {row["_id"]: row for row in read_rows(root / _CORPORA[1] / "corpus.jsonl.gz")}
    for row in read_rows(root / _CORPORA[1] / "dev.jsonl.gz"):
        sources = tuple(str(corpus[link]["text"]) for link in row["correct_chunks"] if link in corpus)
        if sources:
            for part in _parts(row["correct_answer"]):
                yield Sample(part, sources, "anthropic", "anthropic:" + row["id"], row["question"])


def _documents(root: Path) -> list[tuple[str, list[str]]]:
    """Name and sentences of each document."""
    texts = [
        (f"{name}:{number}", row["text"])
        for name in _CORPORA
        for number, row in enumerate(read_rows(root / name / "corpus.jsonl.gz"))
    ]
    texts += [(f"cuad:{row['id']}", row["text"]) for row in read_rows(root / "cuad" / "dev.jsonl.gz")[:60]]
    texts += [
        (f"scifact:{row['_id']}", "\n".join(row["sentences"]))
        for row in read_rows(root / "scifact" / "corpus.jsonl.gz")[:800]
    ]
    return [(name, parts) for name, text in texts if len(parts := _parts(text)) >= _WINDOW[0]]


def _parts(text: str) -> list[str]:
    found = [" ".join(part.split()) for part in _SPLIT.split(text)]
    return [part for part in found if _LEAST <= len(part) <= _MOST]


def _made(documents: Documents, rng: random.Random, count: int) -> Iterator[Sample]:
    shelves: dict[str, list[tuple[str, list[str]]]] = {}
    for document in documents:
        shelves.setdefault(document[0].split(":")[0], []).append(document)
    for _ in range(count):
        name, parts = rng.choice(shelves[rng.choice(sorted(shelves))])
        size = rng.randint(*_WINDOW)
        first = rng.randrange(max(1, len(parts) - size + 1))
        window = parts[first : first + size]
        right, kind = _faithful(window, rng)
        yield Sample(right, (" ".join(window),), kind, name)
        wrong = Spoiler(window, documents, rng).spoiled(right)
        if wrong is not None:
            yield Sample(wrong[0], (" ".join(window),), wrong[1], name, wrong=True)


def _faithful(window: Sequence[str], rng: random.Random) -> tuple[str, str]:
    """A sentence that the window bears out."""
    sentence = rng.choice(window)
    way = rng.random()
    if way < _COPIED:
        return sentence, "copied"
    if way < _SHORTENED:
        return _shortened(sentence, rng), "shortened"
    if way < _WORDED:
        return _worded(_shortened(sentence, rng), rng), "worded"
    number = rng.randrange(len(window))
    pair = window[number : number + 2]
    joined = " and ".join(_shortened(one, rng).rstrip(".") for one in pair)
    return joined + ".", "joined"


def _shortened(sentence: str, rng: random.Random) -> str:
    """Without brackets, and without one part between commas or the end after a comma."""
    plain = re.sub(r"\s*\([^)]*\)", "", sentence)
    pieces = plain.rstrip(".").split(", ")
    if len(pieces) > 1 and rng.random() < _CUT:
        kept = [piece for number, piece in enumerate(pieces) if number == 0 or rng.random() < _FROM_WINDOW]
        plain = ", ".join(kept) + "."
    return plain if len(plain) >= _LEAST // 2 else sentence


def _worded(sentence: str, rng: random.Random) -> str:
    """With some words replaced by others that mean the same, and perhaps an opening."""
    for one, other in rng.sample(_SAME, len(_SAME)):
        if rng.random() < _REWORDED:
            sentence = re.sub(rf"\b{one}\b", other, sentence, count=1)
    if rng.random() < _OPENED:
        opening = rng.choice(_OPENINGS)
        sentence = opening + sentence[0].lower() + sentence[1:]
    return sentence


@dataclass(frozen=True)
class Spoiler:
    """Makes right sentences wrong."""

    window: Sequence[str]
    """The sentences that bear them out."""
    documents: Documents
    rng: random.Random

    def spoiled(self, right: str) -> tuple[str, str] | None:
        """A sentence made wrong in one of several ways, and in which; None where none of them works."""
        ways = [
            *(self.number, self.name, self.negate, self.opposite, self.exchanged, self.mixed, self.added, self.judged),
            *(self.general, self.foreign, self.foreign_name),
        ]
        for way in self.rng.sample(ways, len(ways)):
            found = way(right)
            if found is not None and found != right:
                return found, f"wrong-{way.__name__}"
        return None

    def number(self, right: str) -> str | None:
        """Another number, of the same source or with another digit."""
        found = list(_NUMBER.finditer(right))
        if not found:
            return None
        match = self.rng.choice(found)
        others = [one for one in _NUMBER.findall(" ".join(self.window)) if one != match.group()]
        if others and self.rng.random() < _FROM_WINDOW:
            new = self.rng.choice(others)
        else:
            digits = list(match.group())
            place = self.rng.choice([n for n, one in enumerate(digits) if one.isdigit()])
            digits[place] = self.rng.choice([one for one in "123456789" if one != digits[place]])
            new = "".join(digits)
        return f"{right[: match.start()]}{new}{right[match.end() :]}"

    def name(self, right: str) -> str | None:
        """Another name of the same source."""
        return self._named(right, " ".join(self.window))

    def foreign_name(self, right: str) -> str | None:
        """A name of another document."""
        return self._named(right, " ".join(self.rng.choice(self.documents)[1][:80]))

    def _named(self, right: str, text: str) -> str | None:
        found = list(_NAME.finditer(right))
        others = [one for one in _NAME.findall(text) if one not in right]
        if not found or not others:
            return None
        match = self.rng.choice(found)
        return f"{right[: match.start()]}{self.rng.choice(others)}{right[match.end() :]}"

    def negate(self, right: str) -> str | None:
        """With a `not`, or without the one that it has."""
        if re.search(r"\bnot\b", right):
            return re.sub(r"\bnot ", "", right, count=1)
        found = _VERB.search(right)
        return f"{right[: found.end()]} not{right[found.end() :]}" if found else None

    def opposite(self, right: str) -> str | None:
        """A word that says the opposite."""
        words = re.findall(r"[A-Za-z]+", right)
        pairs = [(word, other) for word in words for other in _OPPOSITES.get(word.lower(), ())]
        if not pairs:
            return None
        word, other = self.rng.choice(pairs)
        return re.sub(rf"\b{word}\b", other, right, count=1)

    def exchanged(self, right: str) -> str | None:
        """Two names, or else two stretches around a verb, change places."""
        found = list(_NAME.finditer(right))
        if len(found) > 1:
            one, other = sorted(self.rng.sample(found, 2), key=lambda match: match.start())
            between = right[one.end() : other.start()]
            return right[: one.start()] + other.group() + between + one.group() + right[other.end() :]
        verb = _VERB.search(right)
        if verb is None or not _LEAST_BESIDE < verb.start() < len(right) - _LEAST_AFTER:
            return None
        before, after = right[: verb.start()].strip(), right[verb.end() :].strip().rstrip(".")
        return f"{after[0].upper()}{after[1:]} {verb.group()} {before[0].lower()}{before[1:]}."

    def mixed(self, right: str) -> str | None:
        """The beginning of one sentence with the end of another of the same source."""
        others = [match for one in self.window if one != right and (match := _VERB.search(one))]
        verb = _VERB.search(right)
        if verb is None or not others:
            return None
        other = self.rng.choice(others)
        return f"{right[: verb.start()]}{other.string[other.start() :]}"

    def added(self, right: str) -> str | None:
        """With a clause that nothing bears out."""
        return f"{right.rstrip('.')}, {self.rng.choice(_ADDED)}."

    def judged(self, right: str) -> str | None:
        """With a judgement that nothing bears out."""
        return f"{right.rstrip('.')}, {self.rng.choice(_OPINIONS)}."

    def general(self, right: str) -> str | None:
        """With `all` for `some`, and the like."""
        for one, other in self.rng.sample(_GENERAL, len(_GENERAL)):
            if re.search(rf"\b{one}\b", right):
                return re.sub(rf"\b{one}\b", other, right, count=1)
        return None

    def foreign(self, right: str) -> str | None:
        """The end of a sentence of another document, or all of it."""
        other = self.rng.choice(self.rng.choice(self.documents)[1])
        words, foreign = right.rstrip(".").split(), other.split()
        if len(foreign) < _LEAST_WORDS:
            return None
        if self.rng.random() < _WHOLE:
            return other
        kept = words[: max(4, len(words) * 2 // 3)]
        return " ".join([*kept, *foreign[-self.rng.randint(3, 8) :]])


def _spoiled_answer(sample: Sample, documents: Documents, rng: random.Random) -> Iterator[Sample]:
    window = _parts(" ".join(sample.sources)) or [*sample.sources]
    wrong = Spoiler(window, documents, rng).spoiled(sample.text)
    if wrong is not None:
        yield Sample(wrong[0], sample.sources, "answer-" + wrong[1], sample.group, sample.question, wrong=True)


def _opposites() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for pair in sorted(tuple(sorted(pair)) for pair in ANTONYMS):
        if len(pair) > 1:
            found.setdefault(pair[0], []).append(pair[1])
            found.setdefault(pair[1], []).append(pair[0])
    return {word: tuple(others) for word, others in found.items()}


_OPPOSITES = _opposites()
