"""Small lists of English words, written for this check."""

from collections.abc import Mapping
from typing import Final


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _numbered(words: str, first: int) -> dict[str, float]:
    return {word: float(value) for value, word in enumerate(words.split(), first)}


def _forms(bases: Mapping[str, str]) -> dict[str, str]:
    return {form: base for base, forms in bases.items() for form in forms.split()}


FUNCTION_WORDS: Final = _listed(
    "a an the and or but nor so yet if then than that which who whom whose what when where why how this "
    "these those there here it its itself he him his himself she her hers herself they them their theirs "
    "themselves i me my mine myself we us our ours ourselves you your yours yourself is are was were be "
    "been being am do does did doing done have has had having will would shall should can could may might "
    "must ought of in on at by for with about against between into through during before after above "
    "below to from up down out off over under again further once as until while because since although "
    "though unless whether both each few more most other some such only own same too very just also not "
    "no s t don now any all one many much several another upon within without among amongst per via "
    "despite toward towards onto like even still already however therefore thus hence moreover "
    "furthermore additionally meanwhile including include includes included etc eg ie well really quite "
    "rather first second get gets got getting say says said saying isn't aren't wasn't weren't don't "
    "doesn't didn't won't wouldn't can't cannot couldn't shouldn't haven't hasn't hadn't it's that's "
    "there's he's she's they're we're you're i'm i've we've they've you've i'd i'll let's"
)
NUMBER_WORDS: Final = {
    **_numbered(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty",
        0,
    ),
    **{word: ten * 10 for word, ten in _numbered("thirty forty fifty sixty seventy eighty ninety", 3).items()},
    "dozen": 12.0,
}
ORDINAL_WORDS: Final = _numbered("first second third fourth fifth sixth seventh eighth ninth tenth", 1)
MULTIPLIERS: Final = {
    "hundred": 1e2,
    "thousand": 1e3,
    "k": 1e3,
    "million": 1e6,
    "m": 1e6,
    "mn": 1e6,
    "billion": 1e9,
    "bn": 1e9,
    "b": 1e9,
    "trillion": 1e12,
    "tn": 1e12,
}
NEGATIONS: Final = _listed(
    "not no never none nobody nothing neither nor without cannot can't won't don't doesn't didn't isn't "
    "aren't wasn't weren't hasn't haven't hadn't wouldn't couldn't shouldn't unable fail fails failed "
    "failing lack lacks lacked lacking refuse refused refuses deny denied denies absent hardly barely "
    "rarely seldom"
)
ABSOLUTES: Final = _listed(
    "all every always never none only must entirely completely totally everyone everything everybody "
    "nobody definitely certainly undoubtedly proven proved proves guarantees guaranteed invariably "
    "exclusively solely"
)
CAUSES: Final = _listed(
    "because due therefore thus hence led leading leads cause caused causes causing result resulted "
    "resulting results consequently owing thanks prompting prompted sparked sparking following after "
    "allowing enabling making despite"
)
OPINIONS: Final = _listed(
    "impressive successful significant significantly crucial important importantly notable notably "
    "remarkable remarkably key major vital essential critical unique popular famous renowned prominent "
    "acclaimed influential iconic beloved celebrated stunning amazing incredible excellent great strong "
    "strongly deeply highly extremely truly heavily widely various numerous extensive comprehensive "
    "overall ultimately interesting interestingly exciting talented experienced challenging ongoing "
    "versatile diverse rich powerful controversial tragic severe serious moderate substantial "
    "considerable dramatic dramatically rapidly steadily effectively"
)
RELATIVE_TIMES: Final = _listed("last past this next previous coming recent first latest")
TIMES: Final = _listed(
    "time times day days night week weeks weekend month months season quarter year years decade century spring summer "
    "autumn winter january february march april may june july august september october november december monday "
    "tuesday wednesday thursday friday saturday sunday"
)
"""What makes a time of a word of `RELATIVE_TIMES` before it."""
ANTONYMS: Final = frozenset(
    frozenset(pair.split("/"))
    for pair in _listed(
        "increase/decrease rise/fall rise/drop gain/lose win/lose victory/defeat succeed/fail success/failure "
        "more/less most/least high/low higher/lower highest/lowest up/down before/after first/last early/late "
        "earlier/later old/young older/younger new/old north/south east/west northern/southern "
        "eastern/western male/female man/woman men/women boy/girl son/daughter father/mother brother/sister "
        "husband/wife buy/sell bought/sold open/close opened/closed start/end began/ended begin/end "
        "accept/reject accepted/rejected approve/reject approved/rejected support/oppose supported/opposed "
        "allow/ban allowed/banned legal/illegal guilty/innocent guilty/cleared alive/dead born/died "
        "arrive/leave join/leave joined/left add/remove above/below over/under inside/outside maximum/minimum "
        "major/minor large/small larger/smaller big/small long/short longer/shorter fast/slow hot/cold "
        "rich/poor strong/weak stronger/weaker positive/negative better/worse best/worst good/bad true/false "
        "right/wrong include/exclude included/excluded import/export public/private domestic/foreign "
        "internal/external safe/unsafe safe/dangerous possible/impossible able/unable likely/unlikely "
        "same/different agree/disagree confirm/deny confirmed/denied reveal/hide permanent/temporary "
        "full/empty full/partial all/none always/never many/few majority/minority present/absent present/past "
        "winter/summer day/night morning/evening love/hate friend/enemy attack/defend improve/worsen "
        "improved/worsened expand/shrink expanded/contracted promote/demote hire/fire hired/fired "
        "reduce/increase reduced/increased enhance/inhibit activate/inhibit promotes/inhibits "
        "upregulate/downregulate stimulate/suppress elevated/reduced induce/prevent beneficial/harmful "
        "lower/raise top/bottom forward/backward begin/finish enter/exit ally/enemy single/multiple "
        "married/divorced profit/loss asset/liability debit/credit employer/employee lessor/lessee "
        "tenant/landlord buyer/seller required/optional mandatory/optional include/omit deaths/survivors "
        "killed/survived killed/injured"
    )
)
"""Words of which one says the opposite of the other."""
IRREGULAR: Final = _forms(
    {
        "begin": "began begun beginning",
        "buy": "bought",
        "sell": "sold",
        "win": "won winning",
        "lose": "lost losing",
        "take": "took taken taking",
        "give": "gave given giving",
        "make": "made making",
        "find": "found",
        "hold": "held",
        "lead": "led",
        "leave": "left leaving",
        "become": "became becoming",
        "come": "came coming",
        "write": "wrote written writing writer",
        "know": "knew known",
        "grow": "grew grown",
        "see": "saw seen",
        "speak": "spoke spoken",
        "break": "broke broken",
        "fall": "fell fallen",
        "rise": "rose risen rising",
        "build": "built",
        "bring": "brought",
        "think": "thought",
        "teach": "taught",
        "catch": "caught",
        "run": "ran running",
        "sing": "sang sung",
        "die": "died dies dying dead death deaths",
        "choose": "chose chosen choice",
        "drive": "drove driven driving",
        "fly": "flew flown",
        "meet": "met",
        "pay": "paid",
        "send": "sent",
        "spend": "spent",
        "stand": "stood",
        "tell": "told",
        "wear": "wore worn",
        "shoot": "shot shooting",
        "strike": "struck",
        "steal": "stole stolen",
        "man": "men",
        "woman": "women",
        "child": "children",
        "person": "people persons",
        "keep": "kept",
        "feel": "felt",
        "fight": "fought",
        "seek": "sought",
        "lie": "lying lies",
        "bear": "born bore",
        "play": "plays played playing",
        "use": "used using uses",
        "sign": "signed signs signing",
        "star": "starred starring stars",
        "america": "american americans",
        "britain": "british briton britons",
        "england": "english",
        "scotland": "scottish scots scot",
        "wales": "welsh",
        "ireland": "irish",
        "france": "french",
        "spain": "spanish spaniard spaniards",
        "netherlands": "dutch",
        "belgium": "belgian belgians",
        "switzerland": "swiss",
        "greece": "greek greeks",
        "sweden": "swedish swede swedes",
        "norway": "norwegian norwegians",
        "denmark": "danish dane danes",
        "finland": "finnish finn finns",
        "china": "chinese",
        "japan": "japanese",
        "thailand": "thai thais",
        "afghanistan": "afghan afghans",
        "europe": "european europeans",
    }
)
SYNONYMS: Final = {
    "film": "movi",
    "usa": "us",
    "america": "us",
    "britain": "uk",
    "percent": "%",
    "percentag": "%",
}
