"""Does a text try to take over: to override instructions, to change the model's role, or to make it tell its prompt.

These are patterns of wording, in English and a few phrases of other languages. They find what is said openly and miss
what is paraphrased; the score says how sure a pattern is, and a policy chooses from which score on it acts.
"""

import base64
import binascii
import re
from functools import cache

from ..patterns import Pattern, PatternCheck

_GAP = r"[\s\"'`*_,.:;-]{1,4}"
_WORD = r"[\w'\x{2019}-]{1,16}"
_SOME = rf"(?:{_WORD}{_GAP}){{0,4}}?"
_FEW = rf"(?:{_WORD}{_GAP}){{0,2}}?"
_QUOTE = r"['\x{2019}]"


def _any(*words: str) -> str:
    """One of these expressions."""
    return f"(?:{'|'.join(words)})"


_DROP = _any(
    *("ignor(?:e|ing)", "disregard(?:ing)?", "forget(?:ting)?", "override", "overriding", "bypass(?:ing)?", "discard"),
    *("neglect", "skip", "drop", "do not (?:follow|obey)", f"don{_QUOTE}t (?:follow|obey)"),
    *("stop (?:following|obeying)", "(?:set|put|leave|cast|throw) aside"),
)
_EARLIER = _any(
    *("previous", "prior", "above", "earlier", "preceding", "foregoing", "former", "existing", "initial", "original"),
    *("current", "system", "all", "any", "your", "every", "these", "those", "safety", "openai"),
)
_RULES = _any(
    *("instructions?", "prompts?", "rules?", "directions?", "directives?", "commands?", "guidelines?", "constraints?"),
    *("restrictions?", "policies", "policy", "programming", "training", "guardrails?", "safeguards?", "filters?"),
    *("context", "orders"),
)
_PROMPT = _any(
    _any("system", "initial", "original", "hidden", "secret", "internal", "developer", "base")
    + _GAP
    + _any("prompts?", "instructions?", "messages?", "rules?", "directives?", "configuration"),
    _any("instructions?", "prompts?", "text", "words", "everything") + _GAP + _any("above", "before", "you were given"),
)
_TELL = _any(
    *("reveal", "print", "show", "repeat", "output", "display", "disclose", "expose", "leak", "dump", "tell", "give"),
    *("share", "write", "return", "recite", "copy", "summari[sz]e", "translate", "what (?:is|was|are|were)", "list"),
)
_ROLE = _any(
    *("dan", "jailbr(?:eak|oken)", "unrestricted", "unfiltered", "uncensored", "unlimited", "unbound", "amoral"),
    *("immoral", "unethical", "evil", "lawless", "limitless", "omnipotent", "all-powerful", "developer mode"),
    *("dev mode", "god mode", "aim", "stan", "dude", "antigpt", "opposite mode", "chaosgpt"),
)
_PRETEND = _any(
    *("act(?:ing)? as", "pretend(?:ing)?(?: to be| that you are| you are| you're)?", "role-?play(?:ing)?(?: as)?"),
    *("simulat(?:e|ing)", "you are(?: now)?(?: going to)?", f"you{_QUOTE}re(?: now)?"),
    *("you will (?:now )?(?:act|be|become|behave|play|respond|simulate)", "imagine you are", "behave (?:as|like)"),
    *("enter", "activate", "enable", "switch to"),
)
_LIMITS = _any(
    *("rules", "restrictions", "limits", "limitations", "filters?", "censorship", "guidelines", "ethics", "ethical"),
    *("morals?", "morality", "boundaries", "policies", "policy", "laws", "warnings?", "disclaimers?", "safeguards?"),
    *("inhibitions?", "constraints?"),
)
_WITHOUT = _any(
    *("no", "without", "free of", "free from", "not bound by", "unbound by", "not have", "has no", "have no"),
    *("not limited by", "ignores?", "not care about", "bypass(?:es)?", "broken free (?:of|from)", "freed from"),
)
_WHO = _any("you", "ai", "assistant", "chatbot", "character", "model", "gpt", "he", "she", "it", "who")
_NEVER = _any("never", "not", f"won{_QUOTE}t", "cannot", f"can{_QUOTE}t", f"don{_QUOTE}t", "must not")
_REFUSE = _any(
    *("refuse", "reject", "decline", "break character", f"say (?:no|you can{_QUOTE}t|that you)", "apologi[sz]e"),
    *("mention (?:that )?you", "warn", "censor", "remind me"),
)
_SHALL = _any("you (?:are|will|must|have to|shall|can)", "act", "respond", "answer", "reply", "pretend", "speak")
_FROM_NOW = _any("from now on", "henceforth", "starting now", "going forward")
_PERSONA = _any("you are", f"you{_QUOTE}re", "you will be", "act as", "pretend", "behave")
_DROP_ELSEWHERE = _any(
    *("ignorez", "oubliez", "ignora", "olvida", "ignoriere", "ignorier", "vergiss", "vergesse", "ignorare"),
    *("dimentica", "ignore"),
)
_RULES_ELSEWHERE = _any(
    *("instructions? précédentes", "instrucciones(?: anteriores| previas)?", "anweisungen", "vorgaben", "istruzioni"),
    "instruções",
)
_TOKENS = _any("im_start", "im_end", "system", "user", "assistant", "endoftext", "start_header_id", "eot_id")
_PARTS = _any("document", "context", "input", "text", "prompt", "instructions?", "data", "user", "system")
_ENCODED = 400


PATTERNS: tuple[Pattern, ...] = (
    Pattern("override", rf"(?i)\b{_DROP}{_GAP}{_SOME}{_EARLIER}{_GAP}{_SOME}{_RULES}\b", score=0.95),
    Pattern(
        "override",
        rf"(?i)\b{_DROP}{_GAP}{_FEW}(?:everything|anything|all|what){_GAP}{_SOME}"
        r"(?:above|before|said|told|learned|taught|given)\b",
        score=0.95,
    ),
    Pattern(
        "override",
        rf"(?i)\b(?:new|updated|real|actual|revised){_GAP}(?:system )?(?:instructions?|prompt|directives?|task)"
        r"[ \t]{0,2}(?::|are\b|follow)",
        score=0.8,
    ),
    Pattern("override", rf"(?i)\b{_FROM_NOW}\b[^\n.]{{0,60}}?\b{_SHALL}\b", score=0.8),
    Pattern(
        "override",
        rf"(?i)\b(?:your|the){_GAP}(?:only|new|true|real){_GAP}(?:purpose|goal|task|role|objective){_GAP}is\b",
        score=0.7,
    ),
    Pattern("override", rf"(?i)\b{_DROP_ELSEWHERE}[^\n.]{{1,40}}?{_RULES_ELSEWHERE}", score=0.95),
    Pattern("override", "(?:忽略|无视|忘记)[^\\n。]{0,12}(?:指令|指示|说明|规则|提示)", score=0.95),
    Pattern("role_play", rf"(?i)\b{_PRETEND}{_GAP}{_SOME}{_ROLE}\b", score=0.95),
    Pattern(
        "role_play",
        r"(?i)\b(?:DAN|STAN|DUDE|AIM|AntiGPT|ChaosGPT|jailbreak(?:ed)?|developer|god|opposite|unfiltered|uncensored)"
        rf"{_GAP}mode\b",
        score=0.9,
    ),
    Pattern("role_play", r"(?i)\bdo anything now\b", score=0.95),
    Pattern("role_play", r"\[(?:🔒|🔓)?(?:GPT|CLASSIC|JAILBREAK|DAN)\]", score=0.95),
    Pattern("role_play", rf"(?i)\b{_WHO}\b[^\n.]{{0,50}}?\b{_WITHOUT}{_GAP}{_FEW}{_LIMITS}\b", score=0.9),
    Pattern("role_play", rf"(?i)\b{_NEVER}{_GAP}(?:ever )?{_REFUSE}\b", score=0.8),
    Pattern(
        "role_play",
        r"(?i)\b(?:stay|remain|keep) in character\b|\bin character\b[^\n]{0,40}\b(?:always|never|at all times)\b",
        score=0.7,
    ),
    Pattern(
        "role_play",
        rf"(?i)\b{_PERSONA}{_GAP}(?:now|going to|an? ai|to be)\b[^\n]{{0,80}}?"
        r"\b(?:named|called|who|that|which|known as)\b",
        score=0.8,
    ),
    Pattern(
        "role_play",
        r"(?i)\b(?:hypothetical|fictional|imaginary)\b[^\n.]{0,40}\b(?:world|story|scenario|response|universe|character)"
        r"\b[^\n.]{0,60}\b(?:no|without|never|unethical|illegal|any)\b",
        score=0.75,
    ),
    Pattern("prompt_leak", rf"(?i)\b{_TELL}{_GAP}{_SOME}{_PROMPT}\b", score=0.9),
    Pattern(
        "prompt_leak",
        rf"(?i)\b(?:repeat|print|output|write){_GAP}{_FEW}(?:everything|all(?: of)?(?: the)?(?: text)?|the text)"
        rf"{_GAP}{_FEW}(?:above|before)\b",
        score=0.9,
    ),
    Pattern(
        "prompt_leak",
        rf"(?i)\b(?:your|its){_GAP}(?:secret|access code|pass(?:word|phrase|code)|security code){_GAP}",
        score=0.6,
    ),
    Pattern(
        "delimiter",
        rf"(?i)<\|{_TOKENS}\|>|\[/?INST\]|<</?SYS>>|</?(?:system|instructions?|system_prompt|sys)>",
        score=0.9,
    ),
    Pattern(
        "delimiter",
        r"(?im)^[ \t#*\[-]{0,6}(?:system|assistant|developer)(?: (?:prompt|message|note|override|update))?"
        r"[\])*]{0,2}[ \t]{0,2}:",
        score=0.7,
    ),
    Pattern(
        "delimiter",
        rf"(?i)(?:#{{2,8}}|={{3,12}}|-{{3,12}})[ \t]{{0,2}}(?:end of|begin|start of|new)[ \t]{{1,2}}(?:the )?{_PARTS}",
        score=0.8,
    ),
    Pattern(
        "code_injection",
        rf"(?i)\b(?:following|subsequent|below|next|this|given){_GAP}{_FEW}(?:code|script|snippet)"
        r"(?: (?:block|snippet|excerpt|segment|fragment|piece|section|lines?))?\b[^\n]{0,80}\n?\s{0,4}"
        r"```\s{0,3}(?:python)?\s{0,3}(?:import|from)\b",
        score=0.8,
    ),
    # What base64 and hexadecimal say is looked at by the patterns above.
    Pattern(
        "encoded",
        rf"\b[A-Za-z0-9+/]{{24,{_ENCODED}}}={{0,2}}",
        judge=lambda text, _before, _after: _encoded(text),
    ),
    Pattern(
        "encoded",
        rf"\b(?:[0-9a-fA-F]{{2}} ?){{20,{_ENCODED // 2}}}\b",
        judge=lambda text, _before, _after: _encoded(text),
    ),
)


def injection(kinds: tuple[str, ...] = ()) -> PatternCheck:
    """Looks for attacks of some kinds, or of all."""
    return PatternCheck("injection", [one for one in PATTERNS if not kinds or one.kind in kinds])


@cache
def _plain() -> PatternCheck:
    return PatternCheck("injection", [one for one in PATTERNS if one.kind != "encoded"])


def _encoded(text: str) -> float:
    decoded = _decoded(text)
    return max((found.score for found in _plain().find(decoded)), default=0.0) if decoded else 0.0


def _decoded(text: str) -> str:
    compact = text.replace(" ", "")
    try:
        if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", compact):
            data = bytes.fromhex(compact)
        else:
            compact = compact.rstrip("=")
            data = base64.b64decode(compact + "=" * (-len(compact) % 4))
        return data.decode(errors="ignore")
    except (binascii.Error, ValueError):
        return ""
