import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from plimsoll.documents import LoadSettings, load
from plimsoll.documents._language import detect_language

TEXTS = {
    "en": "This agreement is made between the supplier and the buyer on the first day of March in the year 2019.",
    "de": "Dieser Vertrag wird zwischen dem Lieferanten und dem Käufer am ersten März geschlossen und unterschrieben.",
    "fr": "Le présent contrat est conclu entre le fournisseur et l'acheteur le premier mars pour deux ans.",
    "es": "El presente contrato se celebra entre el proveedor y el comprador el primero de marzo por dos años.",
    "it": "Il presente contratto è stipulato tra il fornitore e l'acquirente il primo marzo per la durata di due anni.",
    "nl": "Deze overeenkomst wordt gesloten tussen de leverancier en de koper en is geldig voor een jaar.",
    "pl": "Niniejsza umowa zostaje zawarta między dostawcą a kupującym w dniu pierwszego marca na dwa lata.",
    "ru": "Настоящий договор заключен между поставщиком и покупателем первого марта сроком на два года.",
    "he": "הסכם זה נערך בין הספק לבין הקונה ביום הראשון של חודש מרץ.",
    "ar": "تم إبرام هذه الاتفاقية بين المورد والمشتري في اليوم الأول من شهر مارس.",
    "ja": "この契約は三月一日に供給者と購入者の間で締結されます。",
    "ko": "이 계약은 공급자와 구매자 사이에 3월 1일에 체결됩니다.",
}


@pytest.mark.parametrize(("language", "text"), TEXTS.items())
def test_the_language_of_a_sentence_is_known(language: str, text: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize("text", ["", "hello", "12 | 33 | 9.0 | 22\n" * 50, "Item | Qty", "\u200b" * 500])
def test_too_little_to_tell_is_no_language(text: str) -> None:
    assert detect_language(text) == ""


def test_the_whole_length_counts_and_not_only_the_beginning() -> None:
    assert detect_language(TEXTS["de"] + TEXTS["en"] * 50) == "en"


def test_a_document_knows_its_language() -> None:
    assert load(TEXTS["he"].encode(), "a.txt", LoadSettings()).language == "he"


def test_languages_of_real_paragraphs_are_known() -> None:
    place = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "xquad" / "dev.jsonl.gz"
    if not place.exists():
        pytest.skip("the XQuAD paragraphs are not on this machine")
    with gzip.open(place, "rt", encoding="utf-8") as lines:
        texts = {(row["lang"], row["context"]) for row in map(json.loads, lines)}
    right = Counter(language for language, text in texts if detect_language(text) == language)
    every = Counter(language for language, _ in texts)
    assert {language for language, count in every.items() if right[language] < 0.95 * count} == set()
