"""Runs as texts for others: JUnit XML, Markdown for a pull request, one HTML page that opens offline.

Pure: everything that is said comes from the evidence of a run, and nothing is measured again. So a run of last month
gives the same report as it did then. Not here: what is printed on a terminal (`plimsoll.cli.show.runs`), and asking.
"""

from ._facts import Baseline, Facts, conclusion
from ._html import html_report
from ._junit import junit_report
from ._markdown import markdown_report
from ._seen import EvidenceInvalidError, SeenRow, SeenRun, seen_comparison, seen_run
from ._words import interval_text, measure_text

__all__ = [
    "Baseline",
    "EvidenceInvalidError",
    "Facts",
    "SeenRow",
    "SeenRun",
    "conclusion",
    "html_report",
    "interval_text",
    "junit_report",
    "markdown_report",
    "measure_text",
    "seen_comparison",
    "seen_run",
]
