"""Checks that ask somebody else: a model of the release, a service, OpenAI's moderation, a trained model, Presidio.

Here: what each of them is sent, and what of an answer is believed: all that is no clear verdict raises, and so closes.
Not here: the models of routes (`plimsoll.models`), HTTP itself (`plimsoll.http`), and who gives a check what it asks
through (`plimsoll.bootstrap`).
"""

from collections.abc import Callable, Mapping
from typing import Final

from plimsoll.kernel.digest import Json

from ._classifier import classifier
from ._errors import CheckTimeoutError, NobodyToAskError, NoVerdictError, OutsideClosedError
from ._judge import judge
from ._loop import OutsideLoop
from ._moderations import KINDS as MODERATION_KINDS
from ._moderations import openai_moderation
from ._posting import Poster
from ._presidio import KINDS as PRESIDIO_KINDS
from ._presidio import presidio
from ._service import http
from ._types import Outside, OutsideCheck, Post, Reply, Server
from .requests import Question

Factory = Callable[[Mapping[str, Json], Outside | None], OutsideCheck]
"""From a whole rule of a policy, and whom it can ask; without anybody its options are checked all the same."""

FACTORIES: Final[Mapping[str, Factory]] = {
    "judge": judge,
    "http": http,
    "openai_moderation": openai_moderation,
    "classifier": classifier,
    "presidio": presidio,
}
"""The checks by their names."""

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "judge": (),
    "http": (),
    "openai_moderation": MODERATION_KINDS,
    "classifier": (),
    "presidio": PRESIDIO_KINDS,
}
"""What each can find; nothing where the policy says it."""

__all__ = [
    "FACTORIES",
    "KINDS",
    "CheckTimeoutError",
    "NoVerdictError",
    "NobodyToAskError",
    "Outside",
    "OutsideCheck",
    "OutsideClosedError",
    "OutsideLoop",
    "Post",
    "Poster",
    "Question",
    "Reply",
    "Server",
]
