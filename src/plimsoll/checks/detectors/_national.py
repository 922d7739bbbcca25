"""Numbers by which countries know their people. Those without letters are found only after words that say so.

Numbers with a check digit are computed by python-stdnum or in `_checksums`; of the others (passports) only the form is
looked at.
"""

from ..patterns import Judge, Pattern
from ._checksums import dea, npi
from ._numbers import after_words, alone, both, postcode, standard, uk_driver, where


def _said(*words: str, judge: Judge) -> Judge:
    return both(after_words(*words), judge)


_TAX = ("tax", "steuer", "tin", "fiscal", "nif", "nie", "dni", "vat")
_HEALTH = ("health", "nhs", "medical", "patient", "hospital")
_IDENTITY = ("id", "identity", "identification", "national", "personal", "insurance", "citizen")

_PASSPORT = ("passport", "reisepass", "passeport", "pasaporte", "passaporto", "paspoort", "paszport")
_MBI = "[AC-HJKMNP-RT-Y]"

NATIONAL: tuple[Pattern, ...] = (
    Pattern(
        "uk_nino",
        r"\b[A-CEGHJ-PR-TW-Za-ceghj-pr-tw-z][A-CEGHJ-NPR-TW-Za-ceghj-npr-tw-z](?: ?[0-9]{2}){3} ?[A-Da-d]\b",
        score=0.9,
    ),
    Pattern("uk_nhs", r"\b[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}\b", judge=_said(*_HEALTH, judge=standard("gb.nhs"))),
    Pattern("es_nif", r"\b(?:[0-9]{8}|[XYZKLM][0-9]{7})-?[A-Z]\b", judge=standard("es.nif")),
    Pattern(
        "it_codice_fiscale",
        r"\b[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]\b",
        judge=standard("it.codicefiscale"),
    ),
    Pattern(
        "fr_nir",
        r"\b[1278] ?[0-9]{2} ?[0-9]{2} ?[0-9][0-9AB] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}\b",
        judge=standard("fr.nir"),
    ),
    Pattern("nl_bsn", r"\b[0-9]{9}\b", judge=_said("bsn", "burgerservicenummer", "sofi", judge=standard("nl.bsn"))),
    Pattern("be_nn", r"\b[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}\b", judge=standard("be.nn")),
    Pattern("ch_ahv", r"\b756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}\b", judge=standard("ch.ssn")),
    Pattern("pt_nif", r"\b[1-3][0-9]{8}\b", judge=_said("nif", "contribuinte", judge=standard("pt.nif"))),
    Pattern("ie_pps", r"\b[0-9]{7}[A-W][ABWTXZ]?\b", judge=both(alone, standard("ie.pps"))),
    Pattern("pl_pesel", r"\b[0-9]{11}\b", judge=_said("pesel", judge=standard("pl.pesel"))),
    Pattern(
        "de_steuer_id", r"\b[1-9][0-9] ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}\b", judge=_said(*_TAX, judge=standard("de.idnr"))
    ),
    Pattern("se_personnummer", r"\b(?:19|20)?[0-9]{6}[-+][0-9]{4}\b", judge=standard("se.personnummer")),
    Pattern(
        "in_aadhaar",
        r"\b[2-9][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}\b",
        judge=_said("aadhaar", "aadhar", "uid", *_IDENTITY, judge=standard("in_.aadhaar")),
    ),
    Pattern("in_pan", r"\b[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]\b", judge=standard("in_.pan"), score=0.9),
    Pattern("br_cpf", r"\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}\b", judge=standard("br.cpf")),
    Pattern(
        "ca_sin",
        r"\b[0-9]{3}[ -][0-9]{3}[ -][0-9]{3}\b",
        judge=_said("sin", "social insurance", judge=standard("ca.sin")),
    ),
    Pattern("au_tfn", r"\b[0-9]{3} ?[0-9]{3} ?[0-9]{2,3}\b", judge=_said("tfn", "tax file", judge=standard("au.tfn"))),
    Pattern("za_id", r"\b[0-9]{13}\b", judge=_said(*_IDENTITY, judge=standard("za.idnr"))),
    Pattern("us_bank_routing", r"\b[0-9]{9}\b", judge=_said("aba", "routing", "rtn", judge=standard("us.rtn"))),
    Pattern("us_npi", r"\b[12][0-9]{9}\b", judge=_said("npi", "provider", judge=where(npi))),
    Pattern(
        "us_mbi",
        rf"\b[1-9]{_MBI}[0-9A-HJKMNP-RT-Y][0-9]-?{_MBI}[0-9A-HJKMNP-RT-Y][0-9]-?{_MBI}{{2}}[0-9]{{2}}\b",
        score=0.9,
    ),
    Pattern(
        "medical_license",
        r"\b[A-HJ-MPR-UX][A-Z9][0-9]{7}\b",
        judge=_said("dea", "licen[cs]e", "registration", "prescriber", "physician", judge=where(dea)),
    ),
    Pattern(
        "us_bank_account",
        r"\b[0-9]{8,17}\b",
        judge=after_words("account", "acct", "account number", "account no", "a/c"),
        score=0.6,
    ),
    Pattern("imei", r"\b[0-9]{15}\b", judge=_said("imei", judge=standard("imei"))),
    Pattern("uk_postcode", r"\b[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][ABD-HJLNP-UW-Z]{2}\b", judge=where(postcode), score=0.8),
    Pattern(
        "uk_vehicle",
        r"\b[A-HJ-PR-Y]{2}[0-9]{2} ?[A-HJ-PR-Z]{3}\b",
        judge=after_words("registration", "reg", "plate", "vehicle", "car", "van", "vrm"),
        score=0.7,
    ),
    Pattern(
        "passport",
        r"\b[A-Z]{0,2}[0-9]{6,9}[A-Z]?\b",
        judge=after_words(*_PASSPORT),
        score=0.7,
    ),
    Pattern("passport", r"\b[CFGHJKLMNPRTVWXYZ][0-9CFGHJKLMNPRTVWXYZ]{8}\b", judge=after_words(*_PASSPORT), score=0.7),
    Pattern(
        "driver_license",
        r"\b[A-Z]{2,5}9{0,3}[0-9][0156][0-9][0-3][0-9]{2}[A-Z9]{2}[0-9A-Z][A-Z]{2}\b",
        judge=uk_driver,
    ),
    Pattern(
        "driver_license",
        r"\b[A-Z]{1,2}[0-9]{5,14}[A-Z]?\b",
        judge=after_words("driver", "drivers", "driver's", "driving", "licence", "license", "führerschein"),
        score=0.6,
    ),
)
