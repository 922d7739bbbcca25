"""Options of the checks of this room, asked for by name."""

from collections.abc import Mapping

from plimsoll.kernel.digest import Json

from .._errors import CheckOptionsError


def known_options(check: str, options: Mapping[str, Json], names: tuple[str, ...]) -> None:
    """Raises CheckOptionsError when an option is not among `names`."""
    for name in options:
        if name not in names:
            raise CheckOptionsError(check, f"it has no option `{name}`", f"options: {', '.join(names)}")


def one_of(check: str, options: Mapping[str, Json], name: str, choices: tuple[str, ...]) -> str:
    """The option's value, the first of `choices` without it. Raises CheckOptionsError."""
    value = options.get(name, choices[0])
    if not isinstance(value, str) or value not in choices:
        raise CheckOptionsError(check, f"`{name}` must be one of {', '.join(choices)}", f"write `{name}: {choices[0]}`")
    return value


def yes_or_no(check: str, options: Mapping[str, Json], name: str) -> bool:
    """The option's value, False without it. Raises CheckOptionsError."""
    value = options.get(name, False)
    if not isinstance(value, bool):
        raise CheckOptionsError(check, f"`{name}` must be true or false", f"write `{name}: true`")
    return value
