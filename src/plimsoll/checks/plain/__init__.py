"""Checks that need no weights of ours: language, structure, links, hidden and encoded text, topics, length.

Here: one file for each question. Not here: what has a form of its own and leads to a person, secrets and injections
(`plimsoll.checks.detectors`), and which options a policy can write (`plimsoll.checks.catalogue`).
"""

from ._encoded import encoded
from ._invisible import invisible
from ._language import language, output_language
from ._length import length
from ._links import links
from ._structure import json_schema
from ._topics import topics

__all__ = ["encoded", "invisible", "json_schema", "language", "length", "links", "output_language", "topics"]
