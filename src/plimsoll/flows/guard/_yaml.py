"""Reading and writing YAML as project files are read: `on` and `off` are words, and so are days."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_BOOL: Final = "tag:yaml.org,2002:bool"
_WORDS_OF_BOOL: Final = re.compile(r"^(?:true|false)$")
_WIDE: Final = 1_000_000
_AS_WORDS: Final = frozenset({_BOOL, "tag:yaml.org,2002:timestamp"})


def write_yaml(lists: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Lists of checks or tests as project files are written: each on a line of its own, and no letter hidden."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """PyYAML puts quotes around `on`, which is a word here."""

    Dumper.yaml_implicit_resolvers = _resolvers(yaml.SafeDumper.yaml_implicit_resolvers)
    Dumper.add_implicit_resolver(_BOOL, _WORDS_OF_BOOL, list("tf"))

    def written(one: Mapping[str, Any], *, allow_unicode: bool = False) -> str:
        how: dict[str, Any] = {
            "sort_keys": False,
            "default_flow_style": True,
            "width": _WIDE,
            "allow_unicode": allow_unicode,
        }
        text: str = yaml.dump(one, Dumper=Dumper, **how)
        return text

    lines: list[str] = []
    for name, items in lists.items():
        lines.append(f"{name}:")
        for one in items:
            said = yaml.dump(
                one, Dumper=Dumper, sort_keys=False, allow_unicode=True, default_flow_style=True, width=_WIDE
            )
            if not said.strip().isprintable():
                said = written(one)
            lines.append(f"  - {said.strip()}")
    return "\n".join(lines) + "\n"


def read_yaml(text: str | bytes) -> Any:
    """What a text says. Raises yaml.YAMLError, UnicodeDecodeError and RecursionError."""
    import yaml

    class Loader(yaml.SafeLoader):
        """PyYAML reads YAML 1.1, in which `on` is true."""

    Loader.yaml_implicit_resolvers = _resolvers(yaml.SafeLoader.yaml_implicit_resolvers)
    Loader.add_implicit_resolver(_BOOL, _WORDS_OF_BOOL, list("tf"))
    return yaml.load(text, Loader=Loader)  # noqa: S506  # a safe one


def _resolvers(known: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {first: [one for one in resolvers if one[0] not in _AS_WORDS] for first, resolvers in known.items()}
