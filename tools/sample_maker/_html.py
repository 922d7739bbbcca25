"""Web pages as a company's intranet or a supplier's portal prints them: with navigation, style and script around."""

import html
from collections.abc import Iterator

from ._blocks import Bullets, Heading, PageBreak, Paragraph, Table, TextBlock, bold_runs, is_number, typed
from ._source import Source

_STYLE = """
body { font-family: sans-serif; margin: 2rem auto; max-width: 46rem; line-height: 1.5; }
nav a { margin-right: 1rem; } table { border-collapse: collapse; }
td, th { border: 1px solid #999; padding: .3rem .6rem; }
td.amount { text-align: right; } footer { color: #666; font-size: .8rem; }
"""

_SCRIPT = 'document.querySelectorAll("nav a").forEach((link) => link.addEventListener("click", () => {}));'


def write_html(source: Source) -> bytes:
    """The document as one self-contained page."""
    links = " ".join(f'<a href="#">{html.escape(name)}</a>' for name in source.nav)
    letterhead = "<br>\n".join(html.escape(line) for line in source.letterhead)
    main = "\n".join(line for block in source.blocks for line in _lines(typed(block)))
    page = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="{source.encoding}">
<title>{html.escape(source.title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<nav>{links}</nav>
<header><p>{letterhead}</p></header>
<main>
{main}
</main>
<footer><p>{html.escape(source.footer)}</p></footer>
<script>{_SCRIPT}</script>
</body>
</html>
"""
    return page.encode(source.encoding)


def _inline(text: str) -> str:
    return "".join(
        f"<strong>{html.escape(run, quote=False)}</strong>" if bold else html.escape(run, quote=False)
        for run, bold in bold_runs(text)
    )


def _lines(block: TextBlock) -> Iterator[str]:
    match block:
        case Heading(level, text):
            yield f"<h{level}>{_inline(text)}</h{level}>"
        case Paragraph(lines):
            yield f"<p>{'<br>'.join(map(_inline, lines))}</p>"
        case Bullets(items):
            yield "<ul>"
            yield from (f"<li>{_inline(item)}</li>" for item in items)
            yield "</ul>"
        case Table():
            yield from _table(block)
        case PageBreak():
            yield "<hr>"


def _table(table: Table) -> Iterator[str]:
    yield "<table>"
    if any(table.header):
        yield f"<tr>{''.join(f'<th>{_inline(cell)}</th>' for cell in table.header)}</tr>"
    for row in table.rows:
        yield f"<tr>{''.join(map(_cell, row))}</tr>"
    yield "</table>"


def _cell(text: str) -> str:
    mark = ' class="amount"' if is_number(text) else ""
    return f"<td{mark}>{_inline(text)}</td>"
