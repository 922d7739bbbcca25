"""Moderation by wording: OpenAI's categories, answered by patterns.

A first version that needs no model: it finds what is said openly and in English, and knows nothing of irony, context
or other languages. How much it finds and how often it is wrong is measured in docs/reference/guardrails.md. It is no
substitute for a trained classifier where people may come to harm.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ._errors import ScanFailedError
from ._scanner import FAILED, Scanner
from ._types import Pattern

CATEGORIES: tuple[str, ...] = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
FLAGGED_FROM = 0.5
"""Score from which a category counts as flagged."""


@dataclass(frozen=True, slots=True)
class Moderation:
    """What a text was found to be; both mappings have every category."""

    flagged: bool
    categories: Mapping[str, bool]
    scores: Mapping[str, float]
    """From 0 to 1. A wider category is never less sure than a narrower one in it."""


def moderate(text: str) -> Moderation:
    """Which categories a text falls under. Raises ScanFailedError, which must not be taken for harmless.

    Patterns that say the same are taken for independent: the score is 1 minus the product of their doubts.
    """
    scanner = _scanner()
    doubts = dict.fromkeys(CATEGORIES, 1.0)
    seen: set[int] = set()
    for hit in scanner.whole(text):
        if hit.score == FAILED:
            raise ScanFailedError
        if hit.pattern not in seen:
            seen.add(hit.pattern)
            doubts[scanner.patterns[hit.pattern].kind] *= 1 - hit.score
    scores = {category: 1 - doubt for category, doubt in doubts.items()}
    for category in CATEGORIES:
        wider = category.partition("/")[0]
        scores[wider] = max(scores[wider], scores[category])
    scores = {category: round(score, 4) for category, score in scores.items()}
    flags = {category: score >= FLAGGED_FROM for category, score in scores.items()}
    return Moderation(any(flags.values()), flags, scores)


@cache
def _scanner() -> Scanner:
    return Scanner(_PATTERNS)


def _any(*words: str) -> str:
    return f"(?:{'|'.join(words)})"


_QUOTE = r"['\x{2019}]"
_GROUPS = _any(
    *("women", "girls", "gays?", "gay people", "homosexuals?", "lesbians?", "trans(?:gender)?(?: people| women| men)?"),
    *("black(?:s| people| men| women)?", "muslims?", "jews?", "jewish people", "immigrants?", "migrants?", "refugees?"),
    *(
        "disabled people",
        "the disabled",
        "asians?",
        "mexicans?",
        "arabs?",
        "foreigners?",
        "white people",
        "christians?",
    ),
    *("hindus?", "gyps(?:y|ies)", "queers?", "indians?", "chinese(?: people)?", "africans?", "latinos?"),
)
_SLURS = _any(
    *("n[i1]gg(?:er|a)s?", "f[a4]gg?[o0]ts?", "k[i1]kes?", "sp[i1]cs?", "ch[i1]nks?", "tr[a4]nn(?:y|ies)", "dykes?"),
    *("r[e3]t[a4]rds?", "ragheads?", "wetbacks?", "c[o0][o0]ns?", "bimbos?", "mongoloids?", "cripples?"),
)
_VILE = _any(
    *(
        "disgusting",
        "inferior",
        "subhuman",
        "vermin",
        "parasites?",
        "animals?",
        "filth(?:y)?",
        "scum",
        "trash",
        "worthless",
    ),
    *(
        "evil",
        "stupid",
        "criminals?",
        "rapists?",
        "terrorists?",
        "a (?:plague|disease|cancer|threat|burden)",
        "less than",
    ),
    *(
        "vile",
        "repulsive",
        "pigs?",
        "rats?",
        "cockroach(?:es)?",
        "garbage",
        "insane",
        "sick",
        "nothing but",
        "retarded",
    ),
    *("leeches", "dirty", "savages?", "degenerates?", "abnormal", "freaks?"),
)
_HARM = _any(
    *("kill", "murder", "shoot", "stab", "strangle", "beat", "punch", "hang", "burn", "rape", "slaughter", "execute"),
    *("destroy", "hurt", "attack", "smash", "choke", "lynch", "exterminate", "gas", "wipe out", "get rid of", "hit"),
)
_INSULTS = _any(
    *(
        "idiots?",
        "morons?",
        "stupid",
        "losers?",
        "bitch(?:es)?",
        "bastards?",
        "assholes?",
        "cunts?",
        "whores?",
        "sluts?",
    ),
    *(
        "dumbass(?:es)?",
        "pathetic",
        "worthless",
        "scum",
        "piece of (?:shit|trash|garbage)",
        "ugly",
        "disgusting",
        "pig",
    ),
)
_SEX = _any(
    *(
        "fuck(?:ed|ing|s)?",
        "cock",
        "dick",
        "pussy",
        "cum(?:ming|s)?",
        "blow ?job",
        "orgasms?",
        "masturbat(?:e|es|ed|ing)",
    ),
    *(
        "naked",
        "nude",
        "erection",
        "horny",
        "penis",
        "vagina",
        "clit(?:oris)?",
        "tits",
        "nipples?",
        "thrust(?:s|ed|ing)?",
    ),
    *("moan(?:s|ed|ing)?", "erotic(?:a)?", "porn(?:ography|o)?", "anal", "hardcore", "hentai", "bdsm", "gangbang"),
    *("sex(?:ual|ually)?", "lick(?:s|ed|ing)?", "suck(?:s|ed|ing)?", "aroused", "seduc(?:e|ed|es|ing)", "handjob"),
)
_EXPLICIT = _any(
    *("pussy", "cum(?:ming|s)?", "blow ?jobs?", "masturbat(?:e|es|ed|ing|ion)", "horny", "clit(?:oris)?", "handjob"),
    *("hardcore sex", "hentai", "gangbang", "anal sex", "oral sex", "erotic(?:a)?", "porn(?:ography|o)?", "orgasms?"),
    *("(?:hard|big|huge|my|his|your|throbbing) (?:cock|dick)", "fuck(?:s|ed|ing)? (?:me|her|him|my|hard)", "wet and"),
)
_CHILD = _any(
    *(
        "child(?:ren)?",
        "kids?",
        "minors?",
        "toddlers?",
        "underage",
        "preteens?",
        "little (?:girl|boy)s?",
        "school ?girls?",
    ),
    *("(?:[5-9]|1[0-7])[ -]year[ -]olds?", "daughter", "son", "step ?(?:daughter|sister|son)", "loli"),
)
_SELF = _any(
    *(
        "kill(?:ed|ing)? (?:my|him|her|your|them)sel(?:f|ves)",
        "suicid(?:e|al)",
        "self[- ]?harm(?:ed|ing|s)?",
        "end(?:ing)? my life",
    ),
    *("cut(?:ting|s)? (?:my|her|him)self", "hurt(?:ing)? myself", "want(?:ed)? to die", "wish i (?:was|were) dead"),
    *("hang(?:ing)? myself", "overdos(?:e|ed|ing)", "take my own life", "slit my wrists?", "better off dead"),
    *("anorexi[ac]", "bulimi[ac]", "pro[- ]?ana", "starv(?:e|ing) myself"),
)
_MEANS = _any(
    *("pipe ?bombs?", "bombs?", "explosives?", "molotov(?: cocktails?)?", "nerve agent", "sarin", "ricin", "grenades?"),
    *("poison(?:s|ous gas)?", "ghost guns?", "untraceable (?:gun|weapon)s?", "silencers?", "napalm", "anthrax"),
)
_GOODS = _any(
    *(
        "meth(?:amphetamine)?",
        "cocaine",
        "heroin",
        "fentanyl",
        "lsd",
        "mdma",
        "crack",
        "counterfeit \\w{1,12}",
        "ransomware",
    ),
    *("malware", "phishing (?:emails?|sites?|pages?)", "fake (?:id|ids|passports?|money)", "stolen (?:credit )?cards?"),
    *(
        "keyloggers?",
        "a virus",
        "botnets?",
        "illegal drugs",
        "a bank",
        "someone['\u2019]s (?:account|identity|password|wifi)",
    ),
)
_HOW = _any(
    *(
        "how (?:do i|to|can i|would i|could i|does one)",
        "instructions? (?:for|on|to)",
        "steps? to",
        "guide (?:to|on|for)",
    ),
    *("recipe for", "teach me (?:how )?to", "tell me how to", "explain how to", "help me", "best way to", "tutorial"),
    *("ways to", "show me how to"),
)
_MAKE = _any(
    *(
        "make",
        "build",
        "create",
        "cook",
        "produce",
        "synthesi[sz]e",
        "construct",
        "buy",
        "get",
        "sell",
        "write",
        "hack",
    ),
    *("rob", "steal", "forge", "launder", "smuggle", "assemble", "hide", "distribute", "break into", "hotwire"),
)

_PATTERNS: tuple[Pattern, ...] = (
    Pattern("hate", rf"(?i)\b{_SLURS}\b", score=0.85),
    Pattern(
        "hate",
        rf"(?i)\b{_GROUPS}\b[^\n.!?]{{0,40}}\b(?:are|is|as|like|being|were)\b[^\n.!?]{{0,30}}\b{_VILE}\b",
        score=0.8,
    ),
    Pattern(
        "hate",
        rf"(?i)\b(?:hate|despise|detest|loathe|can['\x{{2019}}]t stand|disgust(?:s|ed)? by|sick of|fed up with)\b"
        rf"[^\n.!?]{{0,20}}\b{_GROUPS}\b",
        score=0.8,
    ),
    Pattern(
        "hate", rf"(?i)\b(?:fuck(?:ing)?|damn|stupid|filthy|dirty|disgusting|bloody)\s{{1,3}}{_GROUPS}\b", score=0.75
    ),
    Pattern(
        "hate",
        rf"(?i)\b{_GROUPS}\b[^\n.!?]{{0,30}}\b(?:should(?:n{_QUOTE}t| not)|must not|"
        rf"do(?:n{_QUOTE}t| not) (?:belong|deserve)|"
        r"have no (?:right|place)|need to be|must be|should be|ought to)\b",
        score=0.55,
    ),
    Pattern("hate", rf"(?i)\bno (?:wonder|better|worse)\b[^\n.!?]{{0,30}}\b{_GROUPS}\b", score=0.4),
    Pattern("hate/threatening", rf"(?i)\b{_HARM}\b[^\n.!?]{{0,25}}\b{_any(_GROUPS, _SLURS)}\b", score=0.8),
    Pattern(
        "hate/threatening",
        rf"(?i)\b{_any(_GROUPS, _SLURS)}\b[^\n.!?]{{0,30}}\b(?:should|must|deserve to|need to|will|ought to)\b"
        rf"[^\n.!?]{{0,20}}\b(?:{_HARM}(?:ed|d)?|die|be shot|burn|suffer|be gassed)\b",
        score=0.8,
    ),
    Pattern("harassment", rf"(?i)\byou(?:['\x{{2019}}]re| are)?\b[^\n.!?]{{0,25}}\b{_INSULTS}\b", score=0.6),
    Pattern(
        "harassment",
        r"(?i)\b(?:fuck you|go to hell|shut up|kill yourself|kys|nobody likes you|screw you|eat shit)\b",
        score=0.7,
    ),
    Pattern(
        "harassment/threatening",
        rf"(?i)\b(?:i|we)(?:{_QUOTE}ll| will| am going to|{_QUOTE}m (?:going to|gonna)| would love to|"
        r" want to)\s{1,3}"
        rf"{_HARM}\s{{1,3}}(?:you|your|him|her|them)\b",
        score=0.85,
    ),
    Pattern(
        "harassment/threatening",
        r"(?i)\byou(?:['\x{2019}]re| are) (?:dead|going to die|gonna (?:die|pay|regret))\b",
        score=0.7,
    ),
    Pattern("self-harm", rf"(?i)\b{_SELF}\b", score=0.6),
    Pattern(
        "self-harm/intent",
        rf"(?i)\bi(?:{_QUOTE}m| am|{_QUOTE}ve| have)?\b[^\n.!?]{{0,40}}\b(?:kill(?:ing)? myself|end(?:ing)? my life|"
        r"suicidal|want to die|hurt(?:ing)? myself|cut(?:ting)? myself|take my own life)\b",
        score=0.7,
    ),
    Pattern(
        "self-harm/instructions",
        rf"(?i)\b{_HOW}\b[^\n.!?]{{0,40}}\b(?:kill myself|commit suicide|hang myself|overdose|cut myself|end my life|"
        r"self[- ]harm)\b",
        score=0.85,
    ),
    Pattern("sexual", rf"(?i)\b{_EXPLICIT}\b", score=0.65),
    Pattern("sexual", rf"(?i)\b{_SEX}\b[^\n]{{0,120}}\b{_SEX}\b[^\n]{{0,120}}\b{_SEX}\b", score=0.6),
    Pattern("sexual", rf"(?i)\b{_SEX}\b[^\n]{{0,100}}\b{_SEX}\b", score=0.4),
    Pattern("sexual/minors", rf"(?i)\b{_CHILD}\b[^\n.!?]{{0,60}}\b{_EXPLICIT}\b", score=0.8),
    Pattern("sexual/minors", rf"(?i)\b{_EXPLICIT}\b[^\n.!?]{{0,60}}\b{_CHILD}\b", score=0.8),
    Pattern(
        "violence",
        rf"(?i)\b(?:{_HARM}(?:s|ed|d|ing)?)\s{{1,3}}(?:\w{{1,12}}\s{{1,3}}){{0,2}}(?:people|him|her|them|you|everyone|someone|children|"
        r"my \w{1,12}|his \w{1,12}|her \w{1,12}|the \w{1,12})\b",
        score=0.5,
    ),
    Pattern(
        "violence",
        r"(?i)\b(?:massacres?|genocide|bloodbath|school shooting|mass shooting|beheading|lynching|death to)\b",
        score=0.55,
    ),
    Pattern(
        "violence/graphic",
        r"(?i)\b(?:blood|guts|brains|intestines|entrails|flesh|skull)\b[^\n.!?]{0,60}\b(?:splatter(?:ed|ing)?|"
        r"gush(?:ed|ing)?|spill(?:ed|ing)?|"
        r"ripped|torn|sever(?:ed|ing)|pour(?:ed|ing)|spray(?:ed|ing)?|smash(?:ed)?|soaked)\b",
        score=0.75,
    ),
    Pattern(
        "violence/graphic",
        r"(?i)\b(?:dismember|disembowel|decapitat|mutilat|eviscerat)(?:e|es|ed|ing|ion)?\b|\bgory\b|"
        r"\bsever(?:ed|s|ing) (?:his|her|the) (?:head|arm|leg)",
        score=0.65,
    ),
    Pattern("illicit", rf"(?i)\b{_HOW}\b[^\n.!?]{{0,30}}\b{_MAKE}\b[^\n.!?]{{0,25}}\b{_GOODS}\b", score=0.7),
    Pattern(
        "illicit",
        r"(?i)\bhow (?:do i|to|can i)\b[^\n.!?]{0,20}\b(?:launder money|evade taxes|shoplift|pick a lock|forge|"
        r"counterfeit|steal|smuggle|stalk|blackmail)\b",
        score=0.6,
    ),
    Pattern("illicit/violent", rf"(?i)\b{_HOW}\b[^\n.!?]{{0,30}}\b{_MAKE}\b[^\n.!?]{{0,25}}\b{_MEANS}\b", score=0.85),
    Pattern(
        "illicit/violent",
        rf"(?i)\b{_HOW}\b[^\n.!?]{{0,20}}\b(?:kill|murder|poison|stab|shoot|kidnap|strangle|torture) "
        r"(?:a |an |my |some|your |the |his |her )"
        r"(?:person|people|man|woman|child|wife|husband|boss|neighbou?r|one|someone|somebody|body|\w{1,8}friend)",
        score=0.7,
    ),
)
