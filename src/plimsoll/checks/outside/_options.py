"""Reading what a policy says of a check that asks somebody else."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final
from urllib.parse import SplitResult, urlsplit

from plimsoll.kernel.digest import Json, digest_json, hex_part

from .._errors import CheckOptionsError

USUAL_TIMEOUT_S: Final = 10.0
"""Where the policy does not say it; a policy gives such a check the same."""
KIND: Final = re.compile(r"[a-z][a-z0-9_/-]{0,62}")
"""How a kind is called."""
_LONGEST_TEXT: Final = 20_000
_MOST_LISTED: Final = 100
_LONGEST_ADDRESS: Final = 2000
_VERSION_LENGTH: Final = 8
_SECRET_NAMES: Final = re.compile(r"(?i)auth|key|token|secret|cookie|password|signature")
_REFERENCE: Final = "${env:"


class Options:
    """The `options` of one rule, and what else the rule says. Every method raises CheckOptionsError."""

    def __init__(self, check: str, rule: Mapping[str, Json], known: Collection[str]) -> None:
        self.check = check
        given = rule.get("options")
        if given is None:
            given = {}
        if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
            raise CheckOptionsError(check, "`options` must be a group of keys", f"keys: {', '.join(sorted(known))}")
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise self.wrong(f"`options` has no key `{unknown[0]}`", f"keys: {', '.join(sorted(known))}", unknown[0])
        self.given: Mapping[str, Json] = given
        self._rule = rule

    def wrong(self, what: str, instead: str, option: str = "") -> CheckOptionsError:
        """The error that says so, of an option or of the check as a whole."""
        return CheckOptionsError(self.check, what, instead, option)

    def version(self, facts: Sequence[Json]) -> str:
        """What stands for everything that a verdict depends on here."""
        try:
            return hex_part(digest_json(list(facts)))[:_VERSION_LENGTH]
        except ValueError:  # half a character, or a number that JSON does not know
            what = "there is something in `options` that cannot be sent"
            raise self.wrong(what, "write texts and finite numbers", "options") from None

    @property
    def name(self) -> str:
        """The rule's `name`, else that of the check: what is found is called so."""
        name = self._rule.get("name") or self.check
        if not isinstance(name, str) or not KIND.fullmatch(name):
            raise self.wrong(
                "`name` must be lower-case letters, digits, `_` and `-`", f"write `name: my-{self.check}`", "name"
            )
        return name

    @property
    def kinds(self) -> tuple[str, ...]:
        """The rule's `kinds`; none where it does not say any."""
        return self._kinds(self._rule.get("kinds"))

    @property
    def own_kinds(self) -> tuple[str, ...]:
        """The kinds that a rule names in its options, for checks of which only the project knows them."""
        return self._kinds(self.given.get("kinds"))

    def _kinds(self, given: Json) -> tuple[str, ...]:
        listed = given or ()
        if not isinstance(listed, list | tuple) or len(listed) > _MOST_LISTED:
            raise self.wrong(
                f"`kinds` must be a list of at most {_MOST_LISTED} names", "write `kinds: [threat]`", "kinds"
            )
        kinds = tuple(one for one in listed if isinstance(one, str) and KIND.fullmatch(one))
        if len(kinds) != len(listed) or len(set(kinds)) != len(kinds):
            raise self.wrong("`kinds` must be different lower-case names", "write `kinds: [threat, insult]`", "kinds")
        return kinds

    @property
    def has_threshold(self) -> bool:
        """Whether the rule says itself how sure a finding must be (`at_least`)."""
        return self._rule.get("at_least") is not None

    @property
    def timeout_s(self) -> float:
        """How long an answer may take."""
        given = self._rule.get("timeout_s")
        if isinstance(given, bool) or not isinstance(given, int | float) or not given > 0:
            # What is wrong with it the policy says, which reads it too.
            return USUAL_TIMEOUT_S
        return float(given)

    def text(self, key: str, instead: str, usual: str | None = None) -> str:
        """A text; needed where nothing is `usual`."""
        value = self.given.get(key, usual)
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_TEXT:
            problem = "is missing" if value is None else f"must be text of 1 to {_LONGEST_TEXT:,} characters"
            raise self.wrong(f"`{key}` {problem}", instead, key)
        return value

    def optional_text(self, key: str, instead: str) -> str | None:
        """A text; None where it is not given."""
        return None if self.given.get(key) is None else self.text(key, instead)

    def one_of(self, key: str, known: tuple[str, ...]) -> str:
        """One of some words; the first where it is not given."""
        value = self.given.get(key, known[0])
        if not isinstance(value, str) or value not in known:
            raise self.wrong(f"`{key}` must be one that there is", f"one of {', '.join(known)}", key)
        return value

    def whole(self, key: str, usual: int, *, least: int, most: int) -> int:
        """A whole number."""
        value = self.given.get(key, usual)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(
                f"`{key}` must be a whole number from {least:,} to {most:,}", f"write `{key}: {usual}`", key
            )
        return value

    def flag(self, key: str, *, usual: bool = False) -> bool:
        """Yes or no."""
        value = self.given.get(key, usual)
        if not isinstance(value, bool):
            raise self.wrong(f"`{key}` must be true or false", f"write `{key}: {str(not usual).lower()}`", key)
        return value

    def names(self, key: str, known: Collection[str] = ()) -> tuple[str, ...]:
        """A list of different words, of those that are known where some are."""
        listed = self.given.get(key) or ()
        instead = f"of {', '.join(known)}" if known else f"write `{key}: [one, another]`"
        if not isinstance(listed, list | tuple) or len(listed) > _MOST_LISTED:
            raise self.wrong(f"`{key}` must be a list of at most {_MOST_LISTED} names", instead, key)
        names = tuple(one for one in listed if isinstance(one, str) and one and (not known or one in known))
        if len(names) != len(listed) or len(set(names)) != len(names):
            raise self.wrong(f"`{key}` must be a list of different names", instead, key)
        return names

    def group(self, key: str, instead: str) -> Mapping[str, Json]:
        """A group of keys; empty where it is not given."""
        value = self.given.get(key)
        if value is None:
            return {}
        if (
            not isinstance(value, Mapping)
            or len(value) > _MOST_LISTED
            or not all(isinstance(one, str) for one in value)
        ):
            raise self.wrong(f"`{key}` must be a group of at most {_MOST_LISTED} keys", instead, key)
        return value

    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers that are sent, with references to secrets in place of secrets."""
        instead = 'write `headers: {authorization: "Bearer ${env:MY_KEY}"}`'
        found = []
        for name, value in self.group("headers", instead).items():
            if not isinstance(value, str) or not value:
                raise self.wrong(f"the header `{name}` must be text", instead, "headers")
            if _SECRET_NAMES.search(name) and _REFERENCE not in value:
                raise self.wrong(
                    f"the header `{name}` holds a secret, which must not stand in a file", instead, "headers"
                )
            found.append((name.lower(), value))
        return tuple(found)

    def address(self, key: str, usual: str | None = None) -> str:
        """An address of the web: https, or http where `allow_http` is given."""
        instead = f"write `{key}: https://…`"
        url = self.text(key, instead, usual)
        parts = _parts(url)
        if parts is None or len(url) > _LONGEST_ADDRESS:
            raise self.wrong(f"`{key}` is no https:// address of at most {_LONGEST_ADDRESS} characters", instead, key)
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise self.wrong(f"`{key}` holds a user name, a password or a fragment", "send keys in a header", key)
        if parts.scheme == "http" and not self.flag("allow_http"):
            raise self.wrong(
                f"`{key}` is not encrypted", "write https://, or `allow_http: true` where nobody listens", key
            )
        return url


def _parts(url: str) -> SplitResult | None:
    """The parts of an address that can be asked."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if good and url.isascii() and url.isprintable() and " " not in url else None
