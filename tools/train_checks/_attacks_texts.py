"""Harmless texts that are no requests: prose, manuals, code, logs, tables, letters, lists, and what repeats itself.

Some come from small grammars of our own, some with Python, some from free development sets. Each has a kind, so that
figures can be taken without it.
"""

import json
import pydoc
import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from pydoc_data.topics import topics

from plimsoll.checks.attacks import views
from plimsoll.checks.patterns import normalise

from ._attacks_grammar import read_rules, told
from ._attacks_rows import TEXT, Row, read

GRAMMAR = read_rules("benign_texts")
_OF_GRAMMAR = {
    "declarative": 1500,
    "sign": 500,
    "named": 700,
    "manual": 2600,
    "code": 1200,
    "log": 300,
    "json": 500,
    "table": 250,
    "recipe": 200,
    "legal": 350,
    "email": 400,
    "list": 350,
    "foreign": 400,
    "short": 350,
}
_SENTENCES = frozenset({"declarative", "manual", "legal", "recipe", "foreign", "log", "json", "sign"})
_REPEATED = 300
_DISGUISED = 1500
_FEWEST, _SHORT, _MOST = 40, 300, 2000
_LINE_SHARE = 0.33
_LIBRARY = Path(pydoc.__file__).parent
_OTHERS = {"site-packages", "test", "tests", "idle_test"}
"""Folders of the library that hold what others wrote, or what tests read."""
_GAPS = re.compile(r"[_.*|/-]")
"""What names are joined by; a check takes them apart."""
_TAG = re.compile(r"<[^<>]{1,200}>")
_DOCSTRING = re.compile(r'"""(.{60,}?)"""', re.DOTALL)

Made = Callable[[random.Random], str]


def text_rows(data_root: Path, seed: int = 3) -> list[Row]:
    """All of them."""
    random_ = random.Random(seed)  # noqa: S311  # rows are no secrets
    found = list(_of_grammars(random_))
    found += [Row(_repeated(random_), is_attack=False, source=TEXT + "repeated") for _ in range(_REPEATED)]
    for kind, texts, count in (*_of_python(), *_of_sets(data_root)):
        found += [Row(text, is_attack=False, source=TEXT + kind) for text in _cut(random_, texts, count)]
    return [*found, *_in_disguise(random_, found)]


def _in_disguise(random_: random.Random, rows: Sequence[Row]) -> list[Row]:
    """What harmless texts say where a check takes them for disguised: names joined by signs, words with digits."""
    seen = {view.text for row in rows for view in views(row.text, normalise(row.text))}
    texts = sorted(one for one in seen if one.strip())
    chosen = random_.sample(texts, min(_DISGUISED, len(texts)))
    return [Row(text, is_attack=False, source=TEXT + "disguised") for text in chosen]


def _of_grammars(random_: random.Random) -> Iterator[Row]:
    for kind, count in _OF_GRAMMAR.items():
        for _ in range(count):
            parts = [_GAPS.sub(" ", told(random_, GRAMMAR, kind)) if kind == "named" else told(random_, GRAMMAR, kind)]
            while kind in _SENTENCES and random_.random() < 0.6:  # noqa: PLR2004  # shares of ways
                parts.append(told(random_, GRAMMAR, kind))
            gap = random_.choice(["\n", "\n", "\n\n"]) if kind in {"log", "json"} else random_.choice([" ", " ", "\n"])
            yield Row(gap.join(parts).strip(), is_attack=False, source=TEXT + kind)


def _repeated(random_: random.Random) -> str:
    """One thing again and again: a letter, a word, a sentence, a sign."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    unit = random_.choice(
        [
            random_.choice(letters),
            random_.choice(letters) * random_.randrange(1, 40),
            "".join(random_.choice(letters) for _ in range(random_.randrange(2, 12))),
            told(random_, GRAMMAR, "word"),
            told(random_, GRAMMAR, "declarative"),
            random_.choice(["-", "=", "|", "```", ".", "# ", "{}", "0", "\U0001f600", "\u4f60", "...", "/*", "a b"]),
        ]
    )
    return random_.choice([" ", " ", "\n", "", ", "]).join([unit] * random_.randrange(1, 120))[: _MOST * 2]


def _of_python() -> Iterator[tuple[str, Sequence[str], int]]:
    """The language reference, documentation strings and sources of the standard library, all under the PSF licence."""
    sources = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(_LIBRARY.glob("*.py"))]
    sources += [path.read_text(encoding="utf-8", errors="replace") for path in sorted(_LIBRARY.glob("[a-s]*/*.py"))]
    docstrings = [found.group(1) for text in sources for found in _DOCSTRING.finditer(text)]
    notes = [
        path
        for end in ("txt", "rst", "html")
        for path in sorted(_LIBRARY.rglob(f"*.{end}"))
        if not _OTHERS & {*path.parts}
    ]
    yield "python notes", [_TAG.sub("", path.read_text(encoding="utf-8", errors="replace")) for path in notes], 500
    yield "python topics", [topics[name] for name in sorted(topics)], 500
    yield "python docstrings", docstrings, 1000
    yield "python sources", [text for text in sources if len(text) > _MOST], 1200


def _of_sets(data_root: Path) -> Iterator[tuple[str, Sequence[str], int]]:
    """Sets under MIT, Apache 2.0, CC BY, CC BY-SA and the like."""

    def rows(name: str, make: Callable[[dict[str, object]], str], file: str = "dev") -> list[str]:
        return [make(row) for row in read(data_root, name, file)]

    def of(key: str) -> Callable[[dict[str, object]], str]:
        return lambda row: str(row[key])

    yield "contracts", rows("cuad", of("text")), 600
    yield "subleases", rows("sublease_summaries", of("document")), 150
    yield "wiki", sorted(set(rows("xquad", of("context")))), 600
    yield "abstracts", rows("scifact", lambda row: " ".join(map(str, _list(row["sentences"]))), "corpus"), 200
    yield "medicine", rows("pubmedqa", lambda row: " ".join(map(str, _list(row["contexts"])))), 200
    yield "meetings", rows("qmsum", _transcript), 300
    yield "functions", rows("bfcl", lambda row: json.dumps(row["functions"], indent=1)), 250
    yield "receipts", rows("sroie", lambda row: "\n".join(str(_list(box)[-1]) for box in _list(row["boxes"]))), 150
    yield "measurements", ["\n".join(rows("noaa_weather", json.dumps)[at : at + 12]) for at in range(0, 1200, 12)], 80
    yield "answers of models", rows("llm_drift", of("answer")), 400
    yield "tweets", rows("wnut17", of("text")), 300
    yield "repositories", rows("contextual_code_retrieval", of("text"), "corpus_docs"), 600
    yield "model manual", rows("anthropic_docs_rag", of("text"), "corpus"), 500


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]


def _transcript(row: dict[str, object]) -> str:
    turns = [one for one in _list(row["transcript"]) if isinstance(one, dict)]
    return "\n".join(f"{one['speaker']}: {one['content']}" for one in turns)


def _cut(random_: random.Random, texts: Sequence[str], count: int) -> Iterator[str]:
    """Stretches of texts, some of them a line or a sentence."""
    for _ in range(count):
        text = random_.choice(texts)
        way = random_.random()
        if way < _LINE_SHARE:
            lines = [one for one in re.split(r"\n|(?<=[.!?]) ", text[:50_000]) if len(one.strip()) > 3]  # noqa: PLR2004
            chosen = random_.choice(lines) if lines else text
        else:
            # A third are as long as the stretches that are looked at by themselves.
            most = _SHORT if way < 2 * _LINE_SHARE else _MOST
            start = random_.randrange(max(1, len(text) - most))
            chosen = text[start : start + random_.randrange(_FEWEST, most)]
        if chosen.strip():
            yield chosen.strip()
