"""Whether an answer says that it cannot answer."""

import re
from typing import Final

_NOT: Final = (
    r"(?:can(?:not|'t| not)|could(?: not|n't)|do(?:es)?(?: not|n't)|did(?: not|n't)|(?:is|are|was|were)(?: not|n't)"
    r"|am not|unable to|not able to|not possible to)"
)
_FINDS: Final = (
    r"(?:access|find|provide|determine|answer|calculate|browse|retrieve|have|locate|identify|compute|predict|able)"
)
_HOLDS: Final = r"(?:include|contain|provide|mention|specif|state|disclose|give|offer|cover|detail|address|list)"
_SOURCE: Final = r"(?:text|documents?|context|filing|information|data|report|statements?|evidence|passages?|excerpts?)"
_OFFERS: Final = rf"(?:{_HOLDS}|have|allow|enough|sufficient|available|possible|indicate|show|included)"
_ABOUT: Final = r"(?:provided|available|given|about|of|on|regarding|in the)"
_REFER: Final = r"(?:refer|look|review|see|check|access|examine|know|have|find|obtain)"
_PHRASES: Final = re.compile(
    "|".join(
        (
            r"\bas an ai\b",
            rf"\b(?:i|we) (?:{_NOT}|am unable|was unable|was not able)[^.]{{0,60}}{_FINDS}",
            r"\b(?:i'm|i am) (?:sorry|unable|not able)\b",
            r"\bi apologi[sz]e\b",
            r"\bunfortunately,? (?:i|we|the|there|without|no)\b",
            rf"\b(?:provided|given|available|supplied)\b[^.]{{0,80}}\b{_NOT}\b[^.]{{0,40}}\b{_OFFERS}",
            rf"\b{_SOURCE}\b[^.]{{0,40}}\b{_NOT}\b[^.]{{0,30}}\b(?:{_HOLDS}|specific)",
            rf"\bno (?:specific )?(?:information|data|mention|details?)\b[^.]{{0,60}}{_ABOUT}",
            r"\b(?:not enough|insufficient|lack(?:s|ing)? (?:of )?(?:the )?(?:necessary|specific|required))\b",
            rf"\b(?:would|will|you'll|you'd|we'd|i'd) need (?:to {_REFER}|access|more|additional|the)\b",
            r"\bplease (?:refer|check|consult|provide|visit|see)\b",
            r"\bif you (?:can|could|have|provide)\b[^.]{0,80}\b(?:provide|assist|help|happy|data|access|information)",
            r"\b(?:recommend|suggest)(?:ed)? (?:checking|referring|consulting|reviewing|looking|visiting)\b",
            r"\b(?:real-time|knowledge cutoff|training cut-?off|last update)\b",
            rf"\b{_NOT} (?:be )?(?:determine|calculate|answer|ascertain|compute|provided|disclose|specifi|available)",
        )
    ),
    re.IGNORECASE,
)
_SENTENCES: Final = re.compile(r"(?<=[.!?])\s+|\n+")


def refusal(answer: str) -> float:
    """How many of the ways in which answers say that they cannot answer stand in one, as a share of its sentences.

    0 where none does; 1 where every sentence does, and for an answer without words. An answer that says what is wrong
    with a document and then answers has a small share.
    """
    sentences = [one for one in _SENTENCES.split(answer) if any(map(str.isalpha, one))]
    if not sentences:
        return 1.0 if not any(map(str.isdigit, answer)) else 0.0
    said = [_PHRASES.search(one) is not None for one in sentences]
    return max(sum(said) / len(said), 0.5 * said[0] + 0.1 * any(said))
