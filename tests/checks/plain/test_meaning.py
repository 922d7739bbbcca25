"""Languages, topics, structure and length."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.checks import Check, Context
from plimsoll.checks.plain import _language, json_schema, language, length, output_language, topics
from plimsoll.guardrails import Policy, Rule
from plimsoll.kernel.digest import Json

SENTENCES = {
    "en": "When does the harbour open in winter, and what does a berth cost for one night?",
    "de": "Wann öffnet der Hafen im Winter, und was kostet ein Liegeplatz für eine Nacht?",
    "fr": "Quand le port ouvre-t-il en hiver, et combien coûte une place pour une nuit ?",
    "es": "¿Cuándo abre el puerto en invierno y cuánto cuesta un amarre por una noche?",
    "zh": "港口冬天什么时候开放\uff0c停泊一晚要多少钱\uff1f",
    "ru": "Когда открывается порт зимой и сколько стоит стоянка на одну ночь?",
    "ar": "متى يفتح الميناء في الشتاء وكم تكلفة الرسو لليلة واحدة؟",
}


@pytest.mark.parametrize("code", SENTENCES)
def test_a_language_is_found_where_it_is_not_allowed_and_only_there(code: str) -> None:
    for allowed in SENTENCES:
        found = language([allowed]).find(SENTENCES[code])
        assert [one.kind for one in found] == ([] if allowed == code else ["other_language"]), allowed
    assert language(list(SENTENCES)).find(SENTENCES[code]) == []


@pytest.mark.parametrize("code", SENTENCES)
def test_long_prose_is_told_as_short_prose_is(code: str) -> None:
    text = (SENTENCES[code] + " ") * (990 // (len(SENTENCES[code]) + 1))
    other = "de" if code == "en" else "en"
    assert language([code]).find(text) == []
    assert [(one.start, one.end) for one in language([other]).find(text)] == [(0, len(text))]


@pytest.mark.parametrize(
    "text", ["word " * 150, "\u6e2f\u53e3" * 450 + " " + "\u3072\u3089" * 40, "short words are all asked about"]
)
def test_only_of_many_words_some_are_left_out(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Model:
        asked = ""

        def rank(self, prose: str) -> list[tuple[str, float]]:
            self.asked = prose
            return [("en", 1.0)]

    model = Model()
    monkeypatch.setattr(_language, "_model", lambda: model)
    language(["en"]).find(text)
    assert model.asked.split() == text.split()
    language(["en"]).find("word " * 199)
    assert len(model.asked.split()) == 100


@pytest.mark.parametrize(
    "text",
    [
        "",
        "OK, thanks!",
        "Hola",
        "42",
        "Zürich, São Paulo, Kraków, Reykjavík",
        "const total = items.reduce((sum, item) => sum + item.price, 0);",
        "def find_all(self, text):\n    return [one for one in self.items if one.name == text]",
        "SELECT name, address FROM customers WHERE id = 1 ORDER BY name",
        "import numpy as np\nfrom plimsoll.checks import make_check",
        '{"name": "Bob", "address": {"street": "Main Street", "city": "Springfield"}}',
        "```\nplain words that stand in a fence of code and are left alone\n```",
        "https://example.org/some/long/path/that/has/words/in/it and a@b.example",
        "\u2603" * 100,
    ],
)
def test_what_is_too_short_or_no_prose_is_unknown_and_is_not_found(text: str) -> None:
    assert list(language(["de"]).find(text)) == []
    unknown = language(["de"], ("unknown",)).find(text)
    assert [one.kind for one in unknown] == (["unknown"] if text else [])


def test_of_a_long_text_the_stretch_in_another_language_is_found() -> None:
    text = (SENTENCES["de"] + " ") * 30 + (SENTENCES["fr"] + " ") * 30
    found = language(["de"]).find(text)
    assert found
    assert all(one.start > len(text) // 3 for one in found)


def test_an_answer_is_to_be_in_the_language_of_its_question() -> None:
    check = output_language()
    for asked, question in SENTENCES.items():
        for said, answer in SENTENCES.items():
            found = check.find(answer, Context("output", question))
            assert [one.kind for one in found] == ([] if asked == said else ["other_language"]), (asked, said)
    assert list(check.find(SENTENCES["de"], Context("output", "OK?"))) == []
    assert list(check.find(SENTENCES["de"])) == []


def test_an_answer_that_streams_is_judged_by_its_sentences() -> None:
    rule: Json = {"check": "language", "options": {"languages": ["de"]}, "on": ["output"], "action": "redact"}
    policy = Policy.from_json("p", {"checks": [rule]})
    text = f"{SENTENCES['de']} {SENTENCES['fr']} {SENTENCES['de']}"
    whole = policy.review(text, "output")
    assert SENTENCES["fr"][:20] not in whole.text
    for size in (1, 7, 50):
        stream = policy.stream("output")
        steps = [stream.feed(text[at : at + size]) for at in range(0, len(text), size)]
        assert "".join(step.text for step in [*steps, stream.close()]) == whole.text
        assert any(step.text for step in steps)


MEDICINE = ["Which pills help against a headache?", "What dose should I take?", "Is this rash dangerous?"]
HARBOUR = ["When does the harbour open?", "May I moor my boat here?", "What does a berth cost?"]


def test_a_topic_that_is_denied_is_found_where_it_stands() -> None:
    check = topics(deny={"medicine": MEDICINE})
    assert check.by_sentence
    assert check.kinds == ("medicine",)
    assert [one.kind for one in check.find("Should I take ibuprofen or paracetamol against pain?")] == ["medicine"]
    assert list(check.find("How much is a berth for a yacht in this harbour?")) == []
    text = (
        "The gate is to the left of the tower, behind the old wall. " * 12 + "Which pills help against a bad headache?"
    )
    (found,) = check.find(text)
    assert found.start > len(text) // 2


def test_what_is_near_no_allowed_topic_is_off_topic() -> None:
    check = topics(allow={"harbour": HARBOUR}, deny={"medicine": MEDICINE})
    assert not check.by_sentence
    assert [one.kind for one in check.find("Write a long poem about the moon and three cats")] == ["off_topic"]
    assert list(check.find("What does a berth for my boat cost?")) == []
    assert list(check.find("Thanks, good bye!")) == []
    assert {one.kind for one in check.find("Which pills help against my headache today?")} == {"medicine", "off_topic"}


def test_a_higher_threshold_finds_less() -> None:
    text = "My head hurts, is there anything that you can recommend?"
    scores = [len(topics(deny={"medicine": MEDICINE}, threshold=one).find(text)) for one in (0.01, 0.5, 0.99)]
    assert scores == sorted(scores, reverse=True)
    assert (scores[0], scores[-1]) == (1, 0)


SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {
        "total": {"type": "number"},
        "items": {"type": "array", "items": {"type": "string", "pattern": "^(a+)+$"}},
    },
    "required": ["total"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("text", "kinds", "reason"),
    [
        ('{"total": 1, "items": ["aa"]}', [], ""),
        ("", [], ""),
        ('{"total": "x"}', ["schema"], "`type` is broken at /total"),
        ('{"items": ["b"]}', ["schema", "schema"], "`pattern` is broken at /items/0"),
        ('{"total": 1, "my secret": 2}', ["schema"], "`additionalProperties` is broken at /"),
        ('{"total": 1, "items": ["' + "a" * 40 + '!"]}', ["schema"], "`pattern` is broken at /items/0"),
        ('{"total": 1} and more', ["not_json"], "it cannot be read as JSON"),
        ('{"total": 1, "total": 2}', ["not_json"], "a key stands in an object twice"),
        ('{"total": NaN}', ["not_json"], "NaN and Infinity are no numbers of JSON"),
        ("[" * 100_000, ["too_deep"], "nested more than 64 levels deep"),
        ('{"a":' * 65 + "1" + "}" * 65, ["too_deep"], "nested more than 64 levels deep"),
        ("9" * 5000, ["not_json"], "it cannot be read as JSON"),
        ("\ud800", ["not_json"], "it cannot be read as JSON"),
    ],
)
def test_json_must_be_what_its_schema_says(text: str, kinds: list[str], reason: str) -> None:
    found = json_schema(SCHEMA).find(text)
    assert [one.kind for one in found] == kinds
    assert reason in {one.reason for one in found} or not kinds
    assert all((one.start, one.end) == (0, len(text)) for one in found)


def test_brackets_in_strings_are_no_nesting() -> None:
    assert list(json_schema().find(json.dumps("[" * 1000 + '"' + "\\" + "{" * 1000))) == []


def test_json_may_stand_in_a_fence_only_where_the_policy_says_so() -> None:
    text = '```json\n{"total": 1}\n```\n'
    assert [one.kind for one in json_schema(SCHEMA).find(text)] == ["not_json"]
    assert list(json_schema(SCHEMA, fenced=True).find(text)) == []
    (one,) = json_schema(SCHEMA, fenced=True).find(text.replace("1", "true"))
    assert text.replace("1", "true")[one.start : one.end] == '{"total": true}'
    assert [one.kind for one in json_schema(SCHEMA, fenced=True).find("```\n\n```")] == ["not_json"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=12,
    )
)
def test_every_value_is_json_without_a_schema(value: object) -> None:
    assert list(json_schema().find(json.dumps(value))) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short", []),
        ("a" * 10, []),
        ("a" * 12, [("characters", 10, 12)]),
        ("a\nb\n", []),
        ("a\nb\nc", [("lines", 4, 5)]),
        ("a\r\nb\r\nc", [("lines", 6, 7)]),
        ("a\rb\rc and more", [("lines", 4, 14), ("characters", 10, 14)]),
        ("", []),
    ],
)
def test_what_stands_behind_the_limit_is_found(text: str, expected: list[tuple[str, int, int]]) -> None:
    assert [(one.kind, one.start, one.end) for one in length(10, 2).find(text)] == expected


@pytest.mark.parametrize("check", [json_schema(), length(3), output_language(), topics(allow={"harbour": HARBOUR})])
def test_what_judges_an_answer_is_not_asked_about_what_stands_beside_its_words(check: Check) -> None:
    policy = Policy("p", [Rule(check, ("output",), "block")])
    text, asked = "Schreibe ein langes Gedicht \u00fcber den Mond und drei Katzen.", SENTENCES["en"]
    assert policy.review(text, "output", Context("output", asked)).action == "block"
    assert policy.review(text, "output", Context("output", asked, part="beside")).action == "allow"
