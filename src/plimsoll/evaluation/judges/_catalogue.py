"""Making a judge by its name, with the options of a suite."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, cast, get_args

from plimsoll.kernel.digest import Json
from plimsoll.kernel.words import nearest

from ..scorers import ScorerOptionsError
from ._pairwise import PAIR_TASK, Against, Disagreement, PairJudge
from ._pass_fail import PassJudge
from ._rubric import RubricJudge
from ._rubrics import RUBRICS, Material, Rubric
from ._types import Judge, JudgeModel

JudgeMaker = Callable[[str, Mapping[str, Json], JudgeModel], Judge]
"""From what a suite calls it, its options, and who is asked. Raises ScorerOptionsError."""
_MOST_SAMPLES: Final = 25
_SCALE: Final = 5


def _rubric(name: str, options: Mapping[str, Json], model: JudgeModel) -> Judge:
    given = _Options(name, options, ("question", "anchors", "show", "samples"))
    anchors = given.texts("anchors")
    if len(anchors) != _SCALE:
        raise given.wrong(
            "`anchors` must say what each of the numbers from 1 to 5 means", "write five texts, the worst first"
        )
    rubric = Rubric(name, given.text("question"), anchors, given.material())
    return RubricJudge(name, rubric, model, given.samples())


def _named(rubric: Rubric) -> JudgeMaker:
    def make(name: str, options: Mapping[str, Json], model: JudgeModel) -> Judge:
        return RubricJudge(name, rubric, model, _Options(name, options, ("samples",)).samples())

    return make


def _pass(name: str, options: Mapping[str, Json], model: JudgeModel) -> Judge:
    given = _Options(name, options, ("question", "show", "samples"))
    return PassJudge(name, given.text("question"), model, given.material(), given.samples())


def _pair(name: str, options: Mapping[str, Json], model: JudgeModel) -> Judge:
    given = _Options(name, options, ("question", "against", "on_disagreement", "samples"))
    task = given.text("question") if "question" in options else PAIR_TASK
    against = cast("Against", given.one_of("against", get_args(Against)))
    disagreement = cast("Disagreement", given.one_of("on_disagreement", get_args(Disagreement)))
    return PairJudge(name, model, task, against, disagreement, given.samples())


JUDGES: Final[Mapping[str, JudgeMaker]] = MappingProxyType(
    {
        **{f"judge_{name}": _named(rubric) for name, rubric in RUBRICS.items()},
        "judge_rubric": _rubric,
        "judge_pass": _pass,
        "judge_pair": _pair,
    }
)
"""The judges by their names; all take `samples`, and the last three their own words."""


def make_judge(judge: str, model: JudgeModel, *, name: str = "", options: Mapping[str, Json] | None = None) -> Judge:
    """The judge of this name, called `name` in the suite. Raises ScorerOptionsError."""
    maker = JUDGES.get(judge)
    if maker is None:
        near = nearest(judge, JUDGES)
        known = f"judges: {', '.join(sorted(JUDGES))}"
        raise ScorerOptionsError(judge, "there is no such judge", f"did you mean `{near}`? {known}" if near else known)
    return maker(name or judge, options or {}, model)


class _Options:
    """The options of one judge."""

    def __init__(self, name: str, given: Mapping[str, Json], known: tuple[str, ...]) -> None:
        self._name, self._given = name, given
        for option in given:
            if option not in known:
                raise self.wrong(f"it has no option {option!r}", f"options: {', '.join(known)}")

    def wrong(self, what: str, hint: str) -> ScorerOptionsError:
        return ScorerOptionsError(self._name, what, hint)

    def text(self, key: str) -> str:
        value = self._given.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(f"`{key}` must be text that is not empty", f"write `{key}: …`")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._given.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise self.wrong(f"`{key}` must be a list of texts", f"write `{key}: [ … ]`")
        return tuple(str(one) for one in value)

    def one_of(self, key: str, known: tuple[str, ...]) -> str:
        value = self._given.get(key, known[0])
        if value not in known:
            raise self.wrong(f"`{key}` must be one of {', '.join(known)}", f"write `{key}: {known[0]}`")
        return str(value)

    def material(self) -> tuple[Material, ...]:
        shown = self.texts("show") if "show" in self._given else ("question",)
        for one in shown:
            if one not in get_args(Material):
                raise self.wrong(f"`show` has no {one!r}", f"what can be shown: {', '.join(get_args(Material))}")
        return cast("tuple[Material, ...]", shown)

    def samples(self) -> int:
        value = self._given.get("samples", 1)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_SAMPLES:
            raise self.wrong(f"`samples` must be a whole number from 1 to {_MOST_SAMPLES}", "write `samples: 3`")
        return value
