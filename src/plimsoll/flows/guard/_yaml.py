"""Reading YAML as project files are read: `on` and `off` are words, and so are days."""

import re
from typing import Any, Final

_BOOL: Final = "tag:yaml.org,2002:bool"
_AS_WORDS: Final = frozenset({_BOOL, "tag:yaml.org,2002:timestamp"})


def read_yaml(text: str | bytes) -> Any:
    """What a text says. Raises yaml.YAMLError, UnicodeDecodeError and RecursionError."""
    import yaml

    class Loader(yaml.SafeLoader):
        """PyYAML reads YAML 1.1, in which `on` is true."""

    Loader.yaml_implicit_resolvers = {
        first: [one for one in resolvers if one[0] not in _AS_WORDS]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|false)$"), list("tf"))
    return yaml.load(text, Loader=Loader)  # noqa: S506  # a safe one
