"""What can go wrong with actors and keys.

No sentence here ever holds a key: what a stranger sent may be a real secret of another place.
"""

from collections.abc import Sequence
from datetime import datetime

from plimsoll.kernel.clock import to_text
from plimsoll.kernel.errors import ConflictError, DeniedError, IntegrityError, InvalidError, NotFoundError
from plimsoll.kernel.words import nearest

_SHOWN_LENGTH = 80
_SHOWN_MODELS = 5


class RightMissingError(DeniedError):
    """The actor is known, and has no right to do this."""

    code = "right_missing"

    def __init__(
        self,
        right: str,
        allows: str,
        *,
        who: str,
        roles: Sequence[str],
        granted_by: Sequence[str] = (),
        by_key: bool = False,
    ) -> None:
        grantors = f" ({', '.join(granted_by)})" if granted_by else ""
        hint = f"{_roles(roles)}; whoever has the right `keys`{grantors} can grant it with `plimsoll actor roles`"
        if by_key:
            hint += "; a key can have fewer rights than its actor: `plimsoll key list` shows them"
        super().__init__(f"{who} does not have the right `{right}`, which allows to {allows}", hint=hint)
        self.right = right


class NotAuthenticatedError(DeniedError):
    """Nobody is known by what was sent. The leaves say why."""

    code = "not_authenticated"


class KeyMalformedError(NotAuthenticatedError):
    """What was sent cannot be a key; anybody can tell so without asking us, by its form and its check digits."""

    code = "key_malformed"

    def __init__(self) -> None:
        super().__init__(
            "what was sent is not a whole key of Plimsoll",
            hint="a key is `plim_`, 10 characters, `_`, 43 characters: copy it again, without quotes or spaces",
        )


class KeyUnknownError(NotAuthenticatedError):
    """No such key. The sentence is the same whether its visible part exists or not."""

    code = "key_unknown"

    def __init__(self) -> None:
        super().__init__("this key is not known here", hint="`plimsoll key create` makes one")


class KeyRevokedError(NotAuthenticatedError):
    """The key was revoked."""

    code = "key_revoked"

    def __init__(self, prefix: str, revoked_at: datetime) -> None:
        super().__init__(
            f"the key plim_{prefix} was revoked at {to_text(revoked_at)}",
            hint="`plimsoll key create` makes a new one",
        )


class KeyExpiredError(NotAuthenticatedError):
    """The time of the key is over."""

    code = "key_expired"

    def __init__(self, prefix: str, expires_at: datetime, replaced_by: str | None) -> None:
        hint = "`plimsoll key create` makes a new one"
        if replaced_by is not None:
            hint = f"the key plim_{replaced_by} has taken its place: use that one"
        super().__init__(f"the key plim_{prefix} expired at {to_text(expires_at)}", hint=hint)


class ActorDisabledError(NotAuthenticatedError):
    """The actor may not act any more."""

    code = "actor_disabled"

    def __init__(self, who: str) -> None:
        super().__init__(
            f"the actor {who} was disabled", hint="a disabled actor stays so; an admin can make another one"
        )


class ActorErasedError(NotAuthenticatedError):
    """Nobody knows any more whose key this is."""

    code = "actor_erased"

    def __init__(self, actor: str) -> None:
        super().__init__(
            f"the personal data of the actor {actor} was erased, so nobody can act under it",
            hint="an admin can make another actor and key",
        )


class ActorMissingError(NotFoundError):
    """No actor of that name."""

    code = "actor_missing"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no actor `{name}`", hint="`plimsoll actor list` shows the actors there are")


class KeyMissingError(NotFoundError):
    """No key with that visible part."""

    code = "key_missing"

    def __init__(self, prefix: str) -> None:
        super().__init__(f"there is no key plim_{prefix}", hint="`plimsoll key list` shows the keys there are")


class ActorExistsError(ConflictError):
    """The name is taken."""

    code = "actor_exists"

    def __init__(self, name: str, actor: str) -> None:
        super().__init__(
            f"there is an actor `{name}` already: {actor}",
            hint="choose another name, or change that one with `plimsoll actor roles`",
        )


class LastAdminError(ConflictError):
    """Without an admin nobody could grant a right ever again."""

    code = "last_admin"

    def __init__(self, who: str) -> None:
        super().__init__(
            f"{who} is the last admin, and one must stay",
            hint="make another one first: `plimsoll actor roles NAME admin`",
        )


class KeyReplacedError(ConflictError):
    """The key was rotated already."""

    code = "key_replaced"

    def __init__(self, prefix: str, replaced_by: str) -> None:
        super().__init__(
            f"the key plim_{prefix} was replaced by plim_{replaced_by} already",
            hint=f"rotate plim_{replaced_by} instead",
        )


class RightNotHeldError(InvalidError):
    """A key cannot have more rights than its actor."""

    code = "right_not_held"

    def __init__(self, who: str, rights: Sequence[str]) -> None:
        super().__init__(
            f"{who} does not have the {_plural('right', rights)} {_listed(rights)}, so its key cannot have it either",
            hint="leave it out, or give the actor a role that has it with `plimsoll actor roles`",
        )


class NoRightsError(InvalidError):
    """A key that allows nothing."""

    code = "no_rights"

    def __init__(self, who: str) -> None:
        super().__init__(
            f"a key of {who} without any right could do nothing",
            hint="name at least one right, or give the actor a role first with `plimsoll actor roles`",
        )


class NoModelsError(InvalidError):
    """A list of models with nothing in it, which must not become a key for all of them."""

    code = "no_models"

    def __init__(self) -> None:
        super().__init__(
            "a key that is narrowed to no model could call nothing",
            hint="name at least one model, or leave the list out for a key that may use all of them",
        )


class ModelNameUnfitError(InvalidError):
    """A name in the list of a key's models that no model could have."""

    code = "model_name_unfit"

    def __init__(self, what: str, why: str) -> None:
        super().__init__(
            f"this {what} cannot be taken: it {why}",
            hint="write names as callers do: `my-app/ask`, `gpt-4.1-mini`, or `gpt-4.1*` for all that begin so",
        )


class ModelForbiddenError(DeniedError):
    """The key is narrowed to some models, and this is none of them."""

    code = "model_forbidden"

    def __init__(self, name: str, usable: Sequence[str]) -> None:
        """`name` as the caller wrote it, and what the key may use instead of what is served now."""
        shown = name if len(name) <= _SHOWN_LENGTH else f"{name[:_SHOWN_LENGTH]}…"
        listed = ", ".join(sorted(usable)[:_SHOWN_MODELS]) + (", …" if len(usable) > _SHOWN_MODELS else "")
        hint = f"it may use: {listed}" if usable else "whoever made the key can make another with `plimsoll key create`"
        super().__init__(f"this key may not use the model `{shown}`", hint=hint)
        self.param = "model"


class RoleUnknownError(InvalidError):
    """No such role."""

    code = "role_unknown"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"there is no role `{name}`", hint=_instead(name, known, "roles"))


class RightUnknownError(InvalidError):
    """No such right."""

    code = "right_unknown"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"there is no right `{name}`", hint=_instead(name, known, "rights"))


class NameUnfitError(InvalidError):
    """A name or tag that people could not read, or not tell from another."""

    code = "name_unfit"

    def __init__(self, what: str, why: str) -> None:
        super().__init__(
            f"this {what} cannot be taken: it {why}", hint="use printable characters, as in `Ada Lovelace`"
        )


class ExpiryPastError(InvalidError):
    """A key that would be over before it begins."""

    code = "expiry_past"

    def __init__(self, expires_at: datetime) -> None:
        super().__init__(
            f"a key cannot expire at {to_text(expires_at)}: that is over",
            hint="give a moment in the future, such as `90d` or a date",
        )


class OverlapUnfitError(InvalidError):
    """An overlap that is no length of time, or too long to be a rotation."""

    code = "overlap_unfit"

    def __init__(self, overlap_s: float, most_s: float) -> None:
        super().__init__(
            f"an overlap of {overlap_s:g} s is not possible", hint=f"give one from 0 to {most_s:g} s, such as `24h`"
        )


def _instead(name: str, known: Sequence[str], noun: str) -> str:
    meant = nearest(name, known)
    return (f"did you mean `{meant}`? " if meant else "") + f"the {noun} are {', '.join(known)}"


def _roles(roles: Sequence[str]) -> str:
    return f"the {_plural('role', roles)} {_listed(roles)} {'has' if len(roles) == 1 else 'have'} it"


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _plural(noun: str, names: Sequence[str]) -> str:
    return noun if len(names) == 1 else f"{noun}s"


class AccessForgedError(IntegrityError):
    """Whoever acts would act by rows that the ledger did not make."""

    code = "access_forged"

    def __init__(self, difference: str) -> None:
        super().__init__(
            f"nobody can act by this, because somebody changed the database: {difference}",
            hint="a backup brings the genuine rows back; somebody whose own rows are whole sees with "
            "`plimsoll audit verify` what else differs",
        )
