"""A model that is asked for a request beside its own."""

from plimsoll.access.limits import Need
from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import PlimsollError
from plimsoll.models import ChatModel, ChatRequest, Completion
from plimsoll.models.routing import attempts_of
from plimsoll.tracing import attributes

from .._need import payer_of, together
from .._record import RequestRecord
from .._settlement import ChatSettlement
from ..parts import Helper


class PaidModel:
    """A route that is asked beside the endpoint's own, at the cost of whoever asks.

    Its call is reserved and settled by itself; a span of the trace says what it was for, and what it came to.
    """

    def __init__(self, model: ChatModel, helper: Helper, record: RequestRecord, purpose: str) -> None:
        """`purpose` is told in the trace: `variants`, or the check that asks, such as `judge.tone`."""
        self._model = model
        self._helper = helper
        self._record = record
        self._purpose = purpose

    async def complete(self, request: ChatRequest) -> Completion:
        """See ChatModel. Raises what the meter and the model raise."""
        whole = self._record
        own = RequestRecord(request=whole.request, release=whole.release, question="", trace_id=whole.trace_id)
        own.model = self._model.name
        money = _Beside(whole, self._helper)
        with whole.span(f"chat {own.model}", "client") as step:
            step.attributes = own.asks(request.body, streamed=False) | {"plimsoll.purpose": self._purpose}
            body = await money.reserve_call(request.body, size_bytes=0)
            try:
                completion = await self._model.complete(ChatRequest(body, costs=money.costs))
                step.attributes |= own.ended(completion.end)
                own.add_text(completion.text)
                own.complete = True
            except PlimsollError as error:
                own.attempts = attempts_of(error)
                raise
            finally:
                money.close_call(own, ())
                _add(whole, own)
                step.attributes |= _settled(own)
        return completion


class _Beside(ChatSettlement):
    """The money of a call that is made for a request beside its own: it is the same request, so it counts as none."""

    __slots__ = ("_whole",)

    def __init__(self, whole: RequestRecord, helper: Helper) -> None:
        super().__init__(whole.request, helper.route, helper.parts)
        self._whole = whole

    async def reserve(self, need: Need) -> None:
        """Reserve, where the request itself was let in or may still be. Raises what the meter raises."""
        meter = self.parts.meter
        if meter is not None and not self._whole.is_let_in:
            # Nothing is spent for who has no request left.
            (await meter.reserve(payer_of(self._request), Need(tokens=0, cost_pico=0))).release()
        await super().reserve(Need(need.tokens, need.cost_pico, requests=0))


def _add(whole: RequestRecord, own: RequestRecord) -> None:
    """Count a call in the request for which it was made."""
    if own.usage.input_tokens or own.usage.output_tokens:
        whole.beside = own.usage if whole.beside is None else whole.beside.plus(own.usage)
    whole.beside_budget = together(whole.beside_budget, own.budget)


def _settled(own: RequestRecord) -> dict[str, Json]:
    """What a call came to, also where it failed, for its span."""
    usage = own.usage
    said: dict[str, Json] = {
        "plimsoll.attempts": [f"{one.target} {one.outcome} {one.why}".strip() for one in own.attempts]
    }
    if usage.input_tokens or usage.output_tokens:
        said |= attributes.usage(usage.input_tokens, usage.output_tokens, usage.cost_usd)
        said["plimsoll.usage_estimated"] = usage.estimated
    return said | {f"plimsoll.budget.{name}": amounts for name, amounts in own.budget.items()}
