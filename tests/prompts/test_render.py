"""Rendering prompts, and that templates cannot do harm."""

import contextlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.models import Message, Passage
from plimsoll.prompts import Prompt, TemplateFailedError, render

NUMBERED = """\
{% for passage in passages %}
[{{ passage.number }}] {{ passage.title }}, page {{ passage.page }} ({{ passage.document }})
{{ passage.text }}
{% endfor %}
Question: {{ question }}
"""


def text(template: str, *, question: str = "q", passages: tuple[Passage, ...] = ()) -> str:
    (message,) = render(Prompt("", template), question=question, passages=passages)
    return message.content


def failure(template: str, *, passages: tuple[Passage, ...] = ()) -> TemplateFailedError:
    with pytest.raises(TemplateFailedError) as caught:
        text(template, passages=passages)
    return caught.value


def test_question_and_passages_become_two_messages(passages: tuple[Passage, ...]) -> None:
    prompt = Prompt("Answer from {{ passages|length }} passages.", NUMBERED)
    assert render(prompt, question="How long?", passages=passages) == (
        Message("system", "Answer from 2 passages."),
        Message(
            "user",
            "[1] Contract 1, page 1 (contracts/1.pdf)\nNotice is 30 days.\n"
            "[2] Contract 2, page 2 (contracts/2.pdf)\nIgnore this: {{ question }} {% raw %}\n"
            "Question: How long?",
        ),
    )


def test_a_blank_system_template_sends_no_system_message() -> None:
    prompt = Prompt("{% if passages %}Read.{% endif %}\n", "{{ question }}")
    assert render(prompt, question="q") == (Message("user", "q"),)


def test_text_is_not_escaped_for_html() -> None:
    assert text("{{ question }}", question="<a & b>") == "<a & b>"


@given(st.text(alphabet="{}%#-|()[]_'\"question selfrange\n7*\\", min_size=1).filter(str.strip))
def test_untrusted_text_is_never_evaluated(foreign: str) -> None:
    passage = Passage("p", foreign, foreign, 1, 0, len(foreign), foreign, 0.1)
    template = "{{ question }}|{% for p in passages %}{{ p.text }}|{{ p.title }}|{{ p.document }}{% endfor %}"
    assert text(template, question=foreign, passages=(passage,)) == "|".join([foreign] * 4)


def test_what_prompts_need_is_there(passages: tuple[Passage, ...]) -> None:
    template = """\
{% set first = passages|first %}
{{ first.title|upper|replace("CONTRACT", "No.") }} {{ passages|map(attribute="page")|join(", ") }}
{% for line in first.text.split(" ") if line != "is" %}
{{ loop.index }}{{ "," if not loop.last else "." }}{{ line.strip(".")|truncate(4, True, "", 0) }}
{% endfor %}
{% if question is defined and "q" in ("q", "r") %}
{{ (passages|length + 1) * 2 }}{{ range(3)|list|length }}
{% endif %}
"""
    assert text(template, passages=passages) == "No. 1 1, 2\n1,Noti\n2,30\n3.days\n63\n"


@pytest.mark.parametrize(
    ("template", "line", "reason"),
    [
        ("a\nb {{ passages[3].text }}", 2, "has no element 3"),
        ("{{ question }}\n\n{{ questoin }}", 3, "'questoin' is undefined"),
        ("{% for p in passages %}\n{{ p.txt }}\n{% endfor %}", 2, "a passage has no attribute 'txt'"),
        ("{% for p in passages %}\n{{ p.id }}{% endfor %}", 2, "a passage has no attribute 'id'"),
        ("a\n{{ 1 / 0 }}", 2, "division by zero"),
        ("a\n{{ question + 1 }}", 2, "for numbers only"),
        ("a\n{{ passages }}", 2, "a list cannot be printed"),
        ("a\n{{ question.upper }}", 2, "cannot be printed"),
        ("{{ question", 1, "unexpected end of template"),
        ("{% if question %}", 1, "Unexpected end of template"),
        ("  \n", 1, "empty message"),
    ],
)
def test_a_failure_names_the_line_and_the_reason(
    template: str, line: int, reason: str, passages: tuple[Passage, ...]
) -> None:
    error = failure(template, passages=passages)
    assert (error.line, error.part) == (line, "template")
    assert reason in error.message
    assert error.message.startswith(f"line {line} of the prompt's template cannot be rendered: ")
    assert error.hint


def test_a_failure_in_the_system_template_says_so() -> None:
    with pytest.raises(TemplateFailedError, match="line 2 of the prompt's system cannot") as caught:
        render(Prompt("a\n{{ b }}", "{{ question }}"), question="q")
    assert caught.value.part == "system"


@pytest.mark.parametrize(
    "template",
    [
        "{{ question.__class__.__mro__ }}",
        "{{ question['__class__'] }}",
        "{{ question|map(attribute='__class__')|list|first }}",
        "{{ ().__class__ }}",
        "{{ range.__globals__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ question.format(question) }}",
        "{% set f = question.format %}{{ f() }}",
        "{% set range = question.format %}{{ range() }}",
        "{% set x = 'for' %}{{ question[x + 'mat']() }}",
        "{{ '%999999999d' % 1 }}",
        "{{ 'a' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 10 ** 1000000000 }}",
        "{{ 'a'.ljust(1000000000) }}",
        "{{ 'a'|center(1000000000) }}",
        "{{ 'a'|indent(1000000000) }}",
        "{{ '%d'|format(1) }}",
        "{{ 1.5|round(1000000000) }}",
        "{{ lipsum(n=1000000) }}",
        "{{ range(1000000000)|list|length }}",
        "{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}x",
        "{% for a in range(99999) %}{{ a }}{% endfor %}",
        "{% set ns = namespace(a=1) %}{{ ns.a }}",
        "{% set a %}{{ question }}{% endset %}{{ a }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% for a in [[1]] recursive %}{{ loop(a) }}{% endfor %}",
        "{% include 'x' %}",
        "{% extends 'x' %}",
        "{% import 'x' as y %}",
        "{{ '" + "a" * 100_001 + "' }}",
        "{{ " + "(" * 40_000 + "1" + ")" * 40_000 + " }}",
        "{{ " + "9" * 5000 + " }}",
        "{% if 1 %}" * 200 + "x" + "{% endif %}" * 200,
        "{{ " + "-" * 30_000 + "1 }}",
        "{{ '" + "a" * 50_000 + "'|replace('a', '" + "b" * 45_000 + "') }}",
        "{{ range(90000)|join('" + "b" * 90_000 + "') }}",
    ],
    ids=lambda template: template[:40],
)
def test_templates_cannot_reach_out_or_grow_without_limit(template: str) -> None:
    failure(template)


def test_doubling_a_text_forty_times_is_refused() -> None:
    assert "for numbers only" in failure("{% set a = question %}" + "{% set a = a + a %}" * 40 + "{{ a }}").message
    assert "`~` is not read" in failure("{% set a = question %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}").message


def test_doubling_a_number_is_stopped() -> None:
    assert "larger than" in failure("{% set a = 9 %}" + "{% set a = a * a %}" * 40 + "{{ a }}").message


def test_a_message_has_a_largest_length() -> None:
    long = Passage("p", "d", "t", 1, 0, 1, "x" * 1000, 0.5)
    assert len(text("{% for p in passages %}{{ p.text }}{% endfor %}", passages=(long,) * 1999)) == 1_999_000
    error = failure("{% for p in passages %}{{ p.text }}{% endfor %}", passages=(long,) * 2001)
    assert "the message is longer than 2000000 characters" in error.message


def test_the_loops_of_one_rendering_share_their_budget_and_the_next_one_has_its_own() -> None:
    template = "{% for a in range(9999) %}{% endfor %}{% for a in range(9999) %}{% endfor %}x"
    assert [text(template), text(template)] == ["x", "x"]
    assert "more than 20000 steps" in failure(template + "{% for a in range(3) %}{% endfor %}").message


@given(st.text(alphabet="{}%#-|()[]_'\". questionpassagesforinifendset=~*+0123456789\n", max_size=60))
def test_no_template_raises_anything_else(template: str) -> None:
    with contextlib.suppress(TemplateFailedError):
        assert render(Prompt(template, "{{ question }}"), question="q")[-1] == Message("user", "q")


def test_a_prompt_survives_json() -> None:
    prompt = Prompt("s", "t", {"temperature": 0.5, "seed": 1})
    assert Prompt.from_json(prompt.to_json()) == prompt


def test_order_of_loop_values(passages: tuple[Passage, ...]) -> None:
    numbers = text("{% for p in passages|reverse %}{{ p.number }}{% endfor %}", passages=passages)
    assert all(int(a) > int(b) for a, b in pairwise(numbers))
