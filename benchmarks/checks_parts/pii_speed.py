"""How fast personal data is looked for, in processor time; beside Presidio's patterns where `make sdks` put it.

`patterns` are all kinds of the check `pii`, with their checksums and places, on text with one finding in a hundred
words, and in five words where it is dense; `names` is the tagger. Presidio runs without a language model, as it does
not have to have one: only the recognisers that are made of patterns, in English; in a process of its own, right after
ours, because what it needs does not fit beside the rest.
"""

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from plimsoll.checks import CHECKS, make_check
from plimsoll.checks.entities import KINDS, names

_WORDS = re.findall(
    r"\w+",
    "the tenant may end this lease with a notice period of three months to the end of any quarter unless both parties "
    "have agreed on other terms in writing before which the landlord shall keep all rooms in good repair and pay",
)
_FOUND = (
    "john.doe{}@example.com",
    "+1 (415) 555-0{}",
    "4111 1111 1111 1111",
    "460-89-9{}",
    "192.168.1.{}",
    "GB82 WEST 1234 5698 7654 32",
    "https://example.com/u/{}",
    "born 1984-02-{}",
)
_SIZES = {"1kB": (1000, 50, 0.01), "10kB": (10_000, 10, 0.01), "10kB_dense": (10_000, 10, 0.2)}
_SECONDS = 1.0
_ROOT = Path(__file__).resolve().parents[2]
_PLACE = _ROOT / ".venv-sdk" / "presidio"


def measure_rates() -> dict[str, Any]:
    """Million characters a second, and the ratio to Presidio's where it is there; milliseconds of the tagger."""
    patterns = make_check("pii", {"kinds": list(CHECKS["pii"])})
    tagger = names(KINDS)
    told: dict[str, Any] = {}
    for size, (length, count, share) in _SIZES.items():
        texts = _texts(length, count, share)
        rate = _rate(patterns.find, texts)
        told[f"pii_million_characters_per_s_{size}"] = rate
        told[f"names_ms_{size}"] = length / _rate(tagger.find, texts) / 1000
        if _PLACE.is_dir() or find_spec("presidio_analyzer") is not None:
            theirs = _presidio_rate(size)
            told |= {f"presidio_million_characters_per_s_{size}": theirs, f"times_presidio_{size}": rate / theirs}
    return told


def _texts(length: int, count: int, share: float) -> list[str]:
    """Texts of ordinary words, a share of them personal data."""
    luck = random.Random(5)  # noqa: S311  # made-up texts are no secrets
    texts = []
    for _ in range(count):
        text = ""
        while len(text) < length:
            is_found = luck.random() < share
            text += (luck.choice(_FOUND).format(luck.randrange(100, 255)) if is_found else luck.choice(_WORDS)) + " "
        texts.append(text[:length])
    return texts


def _rate(find: Callable[[str], object], texts: Sequence[str]) -> float:
    """Million characters a second of processor time."""
    for text in texts:
        find(text)
    done, started = 0, time.process_time()
    while time.process_time() - started < _SECONDS:
        for text in texts:
            find(text)
            done += len(text)
    return done / (time.process_time() - started) / 1e6


def _presidio_rate(size: str) -> float:
    """Million characters a second of Presidio's analyser, in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "benchmarks.checks_parts.pii_speed", size],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (_PLACE, _ROOT)))},
        stdout=subprocess.PIPE,
        check=True,
    )
    return float(ran.stdout)


def _presidio() -> Callable[[str], object]:
    """Presidio's analyser with its recognisers that are patterns."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry  # type: ignore[import-not-found]
    from tldextract import TLDExtract, tldextract  # type: ignore[import-not-found]

    tldextract.TLD_EXTRACTOR = TLDExtract(cache_dir=None, suffix_list_urls=())  # the list that is installed
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    registry.recognizers = [one for one in registry.recognizers if type(one).__name__ != "SpacyRecognizer"]
    analyzer = AnalyzerEngine(nlp_engine=_no_language_model(), registry=registry, supported_languages=["en"])
    return lambda text: analyzer.analyze(text, language="en")


def _no_language_model() -> Any:
    """What Presidio asks about words, and which knows nothing of them."""
    from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine  # type: ignore[import-not-found]

    def process_text(self: Any, _text: str, language: str) -> Any:
        return NlpArtifacts([], [], [], [], self, language)

    answers = {
        "load": None,
        "is_loaded": True,
        "is_stopword": False,
        "is_punct": False,
        "get_supported_entities": [],
        "get_supported_languages": ["en"],
        "process_batch": [],
    }
    methods: dict[str, Any] = {
        name: (lambda _self, *_given, answer=answer, **_named: answer) for name, answer in answers.items()
    }
    return type("Nothing", (NlpEngine,), {**methods, "process_text": process_text})()


if __name__ == "__main__":
    import json

    print(_rate(_presidio(), _texts(*_SIZES[sys.argv[1]])) if sys.argv[1:] else json.dumps(measure_rates()))
