"""English words that a question can lose or swap without asking for something else. Every other word counts.

Words that steer a meaning (not, only, before, on, off, all, first, …) are left out of these lists on purpose.
"""

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


EMPTY: Final = _words(
    """
    a an the this that these those for about regarding concerning s i my mine we our ours you your yours it its
    itself there here is are am be being been was were do does did have has had will would shall and so please
    kindly thanks thank hi hello hey dear ok okay simply basically actually really exactly also too very quite
    currently now
    """
)
"""Words without a meaning of their own in a question. Tense, modals and who is meant are looked at by themselves."""

TELL_ME: Final = (
    "can you please tell me",
    "could you please tell me",
    "can you tell me",
    "could you tell me",
    "would you tell me",
    "please tell me",
    "tell me please",
    "tell me",
    "can you explain to me",
    "could you explain to me",
    "can you explain",
    "could you explain",
    "please explain",
    "can you show me",
    "could you show me",
    "can you help me understand",
    "could you help me understand",
    "do you know",
    "do you happen to know",
    "i want to know",
    "i would like to know",
    "i need to know",
    "i am wondering",
    "i was wondering",
    "i wonder",
    "let me know",
)
"""Openings of a question that ask for nothing by themselves. With no word like `when` behind, they ask what it is."""

POLITE: Final = ("quick question", "could you please", "can you please", "would you please", "if you do not mind")
"""What may be left out of any sentence."""

PHRASES: Final = {
    "what is the way to": "how to",
    "what's the way to": "how to",
    "what is the best way to": "how to best",
    "what's the best way to": "how to best",
    "what is the procedure for": "how to",
    "what are the steps to": "how to",
    "which steps do i take to": "how to",
    "how i": "how to",
    "how i can": "how to",
    "what do i have to do to": "how to",
    "what must i do to": "how to",
    "how can i": "how to",
    "how could i": "how to",
    "how do i": "how to",
    "how do you": "how to",
    "how does one": "how to",
    "how can one": "how to",
    "how can we": "how to",
    "how do we": "how to",
    "how would i": "how to",
    "how should i": "how to",
    "how am i supposed to": "how to",
    "how to go about": "how to",
    "how do i go about": "how to",
    "in what way can i": "how to",
    "at what time": "when",
    "at which time": "when",
    "on what date": "when",
    "on which date": "when",
    "what time": "when",
    "what date": "when",
    "what day": "when",
    "in what year": "when",
    "in which year": "when",
    "what year": "when",
    "at what place": "where",
    "in what place": "where",
    "in which place": "where",
    "for what reason": "why",
    "what is the reason that": "why",
    "what is the reason why": "why",
    "how come": "why",
    "what number of": "how many",
    "how large a number of": "how many",
    "what amount of": "how much",
    "am i able to": "can i",
    "am i allowed to": "may i",
    "is it possible to": "can i",
    "is it possible for me to": "can i",
    "is it allowed to": "may i",
    "do i have to": "must i",
    "do i need to": "must i",
    "am i required to": "must i",
    "have i got to": "must i",
    "e-mail": "email",
    "sign-in": "sign in",
    "log-in": "log in",
    "a lot of": "many",
    "in order to": "to",
    "so as to": "to",
    "with regard to": "about",
    "with respect to": "about",
    "as regards": "about",
    "as well as": "and",
}
"""Ways to say the same thing; the longest that fits is taken."""

SYNONYMS: Final = {
    "mail": "email",
    "telephone": "phone",
    "photograph": "photo",
    "picture": "photo",
    "pic": "photo",
    "purchase": "buy",
    "begin": "start",
    "commence": "start",
    "large": "big",
    "assistance": "help",
    "aid": "help",
    "assist": "help",
    "receive": "get",
    "obtain": "get",
    "require": "need",
    "alter": "change",
    "modify": "change",
    "info": "information",
    "pwd": "password",
    "tv": "television",
    "fridge": "refrigerator",
    "automobile": "car",
    "film": "movie",
    "physician": "doctor",
    "attorney": "lawyer",
    "repair": "fix",
    "mend": "fix",
    "pick": "choose",
    "select": "choose",
    "terminate": "end",
    "finish": "end",
    "reply": "answer",
    "respond": "answer",
    "quick": "fast",
    "rapid": "fast",
    "ship": "send",
    "vacation": "holiday",
    "employer": "company",
    "firm": "company",
    "error": "fault",
    "allowed": "permitted",
    "need": "must",
}

PAST: Final = _words(
    """
    was were did had
    """
)
FUTURE: Final = _words(
    """
    will shall gonna
    """
)
MODALS: Final = {
    "must": "must",
    "should": "should",
    "ought": "should",
    "may": "may",
    "might": "might",
    "can": "can",
    "could": "can",
    "cannot": "can",
}
NEGATIONS: Final = _words(
    """
    not no never none nobody nothing nowhere neither nor cannot without unless except hardly barely
    """
)
FIRST: Final = _words(
    """
    i me my mine we us our ours myself ourselves
    """
)
SECOND: Final = _words(
    """
    you your yours yourself yourselves
    """
)
DIRECTIONS: Final = _words(
    """
    from into onto than by over under before after versus vs via between against through per
    """
)
"""Words between two things that are not the same when the things change places."""
INFINITIVES: Final = _words(
    """
    how want wants wanted need needs needed like have has had able going trying try used order way supposed
    """
)
"""Words after which `to` begins a verb and leads nowhere."""
