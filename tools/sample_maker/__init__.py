"""Turns readable Markdown into the mixed document formats of the sample project.

Here live the reading of the content files and one writer per format. What the documents say lives in
`tools/sample_content/`; the project's own files (prompts, evals, questions) are written by hand and stand in
`src/plimsoll/project/samples/`.
"""

from ._render import render
from ._source import Source, SourceError, read_sources

__all__ = ["Source", "SourceError", "read_sources", "render"]
