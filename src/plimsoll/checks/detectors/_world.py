"""More numbers by which countries know their people, by where they are used; see `_national`."""

from ..patterns import Judge, Pattern
from ._checksums import hkid, kvnr, medicare, nric, rvnr
from ._numbers import after_words, both, standard, where


def _said(*words: str, judge: Judge) -> Judge:
    return both(after_words(*words), judge)


def _eleven(kind: str, module: str, *words: str) -> Pattern:
    """Eleven digits in a row, which many countries use."""
    return Pattern(kind, r"\b[0-9]{11}\b", judge=_said(*words, judge=standard(module)))


_CARD = ("ausweis", "personalausweis", "ausweisnummer", "id card", "identity card")

EUROPE: tuple[Pattern, ...] = (
    Pattern("fi_hetu", r"\b[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]\b", judge=standard("fi.hetu")),
    Pattern("dk_cpr", r"\b[0-9]{6}-?[0-9]{4}\b", judge=_said("cpr", "personnummer", judge=standard("dk.cpr"))),
    _eleven("no_fodselsnummer", "no.fodselsnummer", "fødselsnummer", "fodselsnummer", "personnummer", "fnr"),
    _eleven("ee_isikukood", "ee.ik", "isikukood", "ik", "personal code", "id code"),
    _eleven("lt_asmens_kodas", "lt.asmens", "asmens kodas", "asmens", "personal code"),
    _eleven("hr_oib", "hr.oib", "oib"),
    _eleven("gr_amka", "gr.amka", "amka", "αμκα"),
    _eleven("tr_kimlik", "tr.tckimlik", "kimlik", "tckn", "t\\.c\\.", "tc"),
    _eleven("it_partita_iva", "it.iva", "partita iva", "p\\.iva", "p\\. iva", "iva"),
    Pattern("cz_rodne_cislo", r"\b[0-9]{6}/[0-9]{3,4}\b", judge=standard("cz.rc")),
    Pattern("ro_cnp", r"\b[1-8][0-9]{12}\b", judge=_said("cnp", "cod numeric personal", judge=standard("ro.cnp"))),
    Pattern("bg_egn", r"\b[0-9]{10}\b", judge=_said("egn", "егн", judge=standard("bg.egn"))),
    Pattern("is_kennitala", r"\b[0-9]{6}-?[0-9]{4}\b", judge=_said("kennitala", "kt", judge=standard("is_.kennitala"))),
    Pattern(
        "at_svnr",
        r"\b[0-9]{4} ?[0-9]{6}\b",
        judge=_said("svnr", "sv-nummer", "sozialversicherungsnummer", judge=standard("at.vnr")),
    ),
    Pattern("pt_cc", r"\b[0-9]{8} ?[0-9] ?[A-Z]{2}[0-9]\b", judge=standard("pt.cc")),
    Pattern("de_rvnr", r"\b[0-9]{2} ?[0-3][0-9][01][0-9][0-9]{2} ?[A-Z] ?[0-9]{3}\b", judge=where(rvnr)),
    Pattern(
        "de_kvnr",
        r"\b[A-Z][0-9]{9}\b",
        judge=_said(
            "kvnr", "versichertennummer", "krankenversicherung", "krankenkasse", "health insurance", judge=where(kvnr)
        ),
    ),
    Pattern("de_ausweis", r"\b[CFGHJKLMNPRTVWXYZ0-9]{9}[0-9]?\b", judge=after_words(*_CARD), score=0.7),
)

WORLD: tuple[Pattern, ...] = (
    Pattern("cn_ric", r"\b[1-9][0-9]{16}[0-9Xx]\b", judge=standard("cn.ric")),
    Pattern("kr_rrn", r"\b[0-9]{6}-[0-9]{7}\b", judge=standard("kr.rrn")),
    Pattern(
        "jp_my_number",
        r"\b[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}\b",
        judge=_said("my number", "mynumber", "マイナンバー", "個人番号", judge=standard("jp.in_")),
    ),
    Pattern("sg_nric", r"\b[STFG][0-9]{7}[A-Z]\b", judge=where(nric)),
    Pattern("my_nric", r"\b[0-9]{6}-[0-9]{2}-[0-9]{4}\b", judge=standard("my.nric")),
    Pattern("th_pin", r"\b[0-9]-[0-9]{4}-[0-9]{5}-[0-9]{2}-[0-9]\b", judge=standard("th.pin")),
    Pattern("hk_hkid", r"\b[A-Z]{1,2}[0-9]{6}\([0-9A]\)", judge=where(hkid)),
    Pattern("id_nik", r"\b[0-9]{16}\b", judge=_said("nik", "ktp", judge=standard("id.nik"))),
    Pattern("il_id", r"\b[0-9]{9}\b", judge=_said("teudat zehut", "israeli id", "ת\\.ז", judge=standard("il.idnr"))),
    Pattern("pk_cnic", r"\b[0-9]{5}-[0-9]{7}-[0-9]\b", judge=standard("pk.cnic")),
    Pattern("in_gstin", r"\b[0-3][0-9][A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]\b", judge=standard("in_.gstin")),
    Pattern("in_voter", r"\b[A-Z]{3}[0-9]{7}\b", judge=_said("voter", "epic", "election", judge=standard("in_.epic"))),
    Pattern(
        "au_abn",
        r"\b[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}\b",
        judge=_said("abn", "australian business", judge=standard("au.abn")),
    ),
    Pattern("au_medicare", r"\b[2-6][0-9]{3} ?[0-9]{5} ?[0-9]\b", judge=_said("medicare", judge=where(medicare))),
    Pattern("mx_curp", r"\b[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9]\b", judge=standard("mx.curp")),
    Pattern("mx_rfc", r"\b[A-Z]{4}[ -]?[0-9]{6}[ -]?[A-Z0-9]{3}\b", judge=_said("rfc", judge=standard("mx.rfc"))),
    Pattern("ar_cuit", r"\b[0-9]{2}-[0-9]{8}-[0-9]\b", judge=standard("ar.cuit")),
    Pattern("cl_rut", r"\b[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9kK]\b", judge=standard("cl.rut")),
    Pattern("co_nit", r"\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]\b", judge=_said("nit", judge=standard("co.nit"))),
)
