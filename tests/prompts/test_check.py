"""Finding mistakes in templates before anything is rendered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.prompts import TEMPLATE_NAMES, TemplateMistake, check_template, used_names


def found(template: str) -> list[tuple[int, str]]:
    return [(mistake.line, mistake.what) for mistake in check_template(template, TEMPLATE_NAMES)]


def test_a_good_template_has_no_mistakes() -> None:
    template = "{% for p in passages %}[{{ p.number }}] {{ p.text.strip()|upper }}{% endfor %}\n{{ question }}"
    assert check_template(template, TEMPLATE_NAMES) == ()


def test_all_mistakes_come_at_once_with_their_lines() -> None:
    template = """\
{% for p in passages %}
{{ p.txt }} {{ p.text|uper }}
{% endfor %}
{{ questoin }} {{ question ~ "?" }}
{% macro f() %}{% endmacro %}
{{ cycler(1) }} {{ question.format(1) }}
{% if question is defind %}{{ question.__class__ }}{% endif %}
{% set x = [question] %}{% set range = 2 ** 3 %}{{ {"a": 1} }}
"""
    assert found(template) == [
        (2, "a passage has no `txt`"),
        (2, "there is no filter `uper`"),
        (4, "`~` is not read in prompts"),
        (4, "there is no variable `questoin`"),
        (5, "a statement of the kind `macro` is not read in prompts"),
        (6, "there is no variable `cycler`"),
        (6, "this cannot be called"),
        (7, "`__class__` cannot be read"),
        (7, "there is no test `defind`"),
        (8, "`**` is not read in prompts"),
        (8, "`range` cannot be set"),
        (8, "`{key: value}` is not read in prompts"),
        (8, "a list may hold only fixed texts and numbers"),
    ]


def test_a_name_that_is_almost_right_is_recognised() -> None:
    assert check_template("a\n{{ questoin }}", TEMPLATE_NAMES) == (
        TemplateMistake(
            2, "there is no variable `questoin`", "did you mean `question`? what there is: question, passages"
        ),
    )
    (mistake,) = check_template("{% for p in passages %}{{ p.pages }}{% endfor %}", TEMPLATE_NAMES)
    assert mistake.instead == "did you mean `page`? what there is: number, document, title, page, text"


@pytest.mark.parametrize(
    ("template", "line", "what", "instead"),
    [
        ("a\n{{ question", 2, "unexpected end of template", "one value between"),
        ("a\n{% if question %}\nb", 3, "Unexpected end of template", "close every"),
        ("a\n{% elseif x %}", 2, "unknown tag 'elseif'", "statements of a prompt are"),
        ("{{ question ? 1 }}", 1, "unexpected char '?'", "quotes and brackets"),
        ("\n{# a", 2, "Missing end of comment", "close the comment"),
    ],
)
def test_wrong_syntax_is_one_mistake_with_its_line(template: str, line: int, what: str, instead: str) -> None:
    (mistake,) = check_template(template, TEMPLATE_NAMES)
    assert mistake.line == line
    assert mistake.what.startswith("the template's syntax is wrong: ")
    assert what in mistake.what
    assert instead in mistake.instead


@pytest.mark.parametrize(
    "template",
    ["x" * 100_001, "{{ " + "(" * 40_000, "{{ " + "9" * 5000 + " }}", "{% if 1 %}" * 200 + "{% endif %}" * 200],
    ids=["long", "deep", "number", "nested"],
)
def test_what_no_prompt_needs_is_a_mistake(template: str) -> None:
    assert [line for line, _ in found(template)] == [1]


def test_used_names_are_those_that_come_from_outside() -> None:
    assert used_names("{% set a = question %}{% for p in passages %}{{ p.text }}{{ loop.index }}{% endfor %}") == {
        "question",
        "passages",
    }
    assert used_names("{{ question") == frozenset()


@given(st.text(alphabet="{}%#-|()[]_'\". questionpassagesforinifendset=~*+0123456789\n", max_size=60))
def test_no_template_raises(template: str) -> None:
    assert all(1 <= mistake.line <= template.count("\n") + 1 for mistake in check_template(template, TEMPLATE_NAMES))
