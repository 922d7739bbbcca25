"""Runs as one HTML page without anything outside it: it opens offline, is read without its script, and loads nothing.

Everything from a run is escaped, and the page's own policy allows no other style and no other script than the two that
stand in it, by their digests; so a text that gets past the escaping would still do nothing.
"""

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources
from typing import Final

from ._facts import Facts, conclusion
from ._html_cases import differing, worst_cases
from ._html_compared import compared
from ._html_figures import figures, slices
from ._html_words import badge, text
from ._words import money, plural

_POLICY: Final = (
    "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'"
)


def html_report(runs: Sequence[Facts], title: str = "Evaluation") -> str:
    """The page, with a section for each run."""
    style, script = _file("_page.css"), _file("_page.js")
    policy = _POLICY.format(style=_digest(style), script=_digest(script))
    sections = [_section(facts, place) for place, facts in enumerate(runs)]
    body = "\n".join(sections) or "<p>No suite was run.</p>"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{text(title)}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{text(title)}</h1>
{_overview(runs)}
</header>
<main>
{body}
</main>
<script>{script}</script>
</body>
</html>
"""


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _digest(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _overview(runs: Sequence[Facts]) -> str:
    """The suites with their verdicts, where there are several."""
    if len(runs) < 2:  # noqa: PLR2004  # one needs no list
        return ""
    items = [
        f'<li><a href="#suite-{place}">{text(facts.run.suite)}</a> {badge(facts.run.verdict)} '
        f"<span>{text(conclusion(facts))}</span></li>"
        for place, facts in enumerate(runs)
    ]
    return f'<ul class="overview">{"".join(items)}</ul>'


def _section(facts: Facts, place: int) -> str:
    run = facts.run
    kept = f", {plural(facts.kept, 'answer')} kept from earlier" if facts.kept and not facts.unchanged else ""
    cost = "" if facts.unchanged else f" Cost: {money(run.cost_usd)}."
    work = f"{plural(len(run.rows), 'row')} through {run.endpoint}{kept}. {facts.day} UTC.{cost}"
    parts = (
        f'<div class="title"><h2>Suite {text(run.suite)}</h2>{badge(run.verdict)}</div>',
        f"<p>{text(conclusion(facts))}</p>",
        f'<p class="quiet">{text(work)}</p>',
        figures(facts),
        slices(facts),
        compared(facts),
        differing(facts, place),
        worst_cases(facts, place),
        _environment(facts),
    )
    inside = "\n".join(part for part in parts if part)
    return f'<section class="suite" id="suite-{place}">\n{inside}\n</section>'


def _environment(facts: Facts) -> str:
    run = facts.run
    digests = {"draft or release": run.subject, "suite": run.suite_digest, "dataset": run.dataset_digest}
    if facts.baseline is not None:
        digests[f"baseline {facts.baseline.name}"] = facts.baseline.run.subject
    told = {
        "scorers": ", ".join(f"{name}@{version}" for name, version in sorted(run.scorers.items())),
        "repeats, seed": f"{run.repeats}, {run.seed}",
        **{name.capitalize(): version for name, version in run.environment.items()},
    }
    rows = [f'<dt>{text(name)}</dt><dd class="digest">{text(value)}</dd>' for name, value in digests.items() if value]
    rows += [f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in told.items() if value]
    return f"<h3>What was measured, and with what</h3>\n<dl>{''.join(rows)}</dl>"
