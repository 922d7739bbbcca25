"""The check `http` keeps to what checks keep to, where its service answers."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from tests.checks.outside.fakes import FakeOutside

from plimsoll.checks import Check, Context
from plimsoll.checks.outside import FACTORIES, Post, Reply
from plimsoll.testing.checks import CheckConformance, Sample


def find_bad(post: Post) -> Reply:
    """A service that finds the word `bad`."""
    text = json.loads(post.body)["text"]
    found = [{"start": one.start(), "end": one.end(), "kind": "bad", "score": 0.5} for one in re.finditer("bad", text)]
    return Reply(200, json.dumps({"findings": found[:100]}).encode())


class TestService(CheckConformance):
    @pytest.fixture
    def make(self) -> Callable[[], Check]:
        options: Any = {
            "url": "https://checks.example/",
            "kinds": ["bad"],
            "most_characters": 10_000_000,
            "send": ["passages"],
        }
        return lambda: FACTORIES["http"]({"check": "http", "options": options}, FakeOutside(reply=find_bad))

    @pytest.fixture
    def samples(self) -> Sequence[Sample]:
        return [Sample("this is bad"), Sample("bad and bad", Context(passages=("\ud800", "two")))]
