"""The check `presidio`: Microsoft's analyzer of personal data, where it is installed."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Final

from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import UnavailableError

from .._types import Context, Found
from ._errors import NoVerdictError
from ._options import Options
from ._texts import checked_length
from ._types import Outside, OutsideCheck, Shared

_VERSION: Final = "presidio-1"
_NAME: Final = "presidio"
_KNOWN: Final = ("language", "model", "entities", "most_characters", "by_sentence")
_MOST_CHARACTERS: Final = 100_000
_LEAST_SCORE: Final = 1e-6
_USUAL_SCORE: Final = 0.4
"""From which findings count where the policy has no threshold: the analyzer tells of digits at 0.01 too."""
_BLANK: Final = "blank"

_ENTITIES: Final[Mapping[str, str]] = {
    "CREDIT_CARD": "credit_card",
    "CRYPTO": "crypto",
    "DATE_TIME": "date_time",
    "EMAIL_ADDRESS": "email",
    "IBAN_CODE": "iban",
    "IP_ADDRESS": "ip",
    "LOCATION": "location",
    "MAC_ADDRESS": "mac",
    "MEDICAL_LICENSE": "medical_license",
    "NRP": "nationality",
    "ORGANIZATION": "organization",
    "PERSON": "person",
    "PHONE_NUMBER": "phone",
    "URL": "url",
    "US_BANK_NUMBER": "us_bank_number",
    "US_DRIVER_LICENSE": "driver_license",
    "US_ITIN": "us_itin",
    "US_PASSPORT": "passport",
    "US_SSN": "us_ssn",
    "UK_NHS": "uk_nhs",
    "UK_NINO": "uk_nino",
}
"""What the analyzer calls them, and what other checks here do."""
_BY_MODEL: Final = frozenset({"LOCATION", "NRP", "ORGANIZATION", "PERSON"})
"""What only a trained model of spaCy finds: without one the analyzer says that it looks, and never finds any."""
KINDS: Final = tuple(_ENTITIES.values())
_BY_KIND: Final = {kind: entity for entity, kind in _ENTITIES.items()}


class PresidioMissingError(UnavailableError):
    """The analyzer, or a model that it needs, is not installed."""

    code = "presidio_missing"

    def __init__(self, what: str, install: str) -> None:
        super().__init__(f"the check presidio needs {what}, which is not installed", hint=install)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is looked for, and how."""

    language: str
    model: str
    kinds: Mapping[str, str]
    """Kinds by the analyzer's names of entities."""
    least: float
    all_needed: bool
    """Whether the policy names them itself: then the analyzer must know each of them."""
    most_characters: int


def presidio(rule: Mapping[str, Json], outside: Outside | None) -> OutsideCheck:
    """Asks Presidio; options: docs/reference/checks-outside.md. Raises CheckOptionsError, PresidioMissingError."""
    options = Options(_NAME, rule, _KNOWN)
    unknown = [kind for kind in options.kinds if kind not in KINDS]
    if unknown:
        raise options.wrong(f"it finds no {unknown[0]!r}", f"kinds: {', '.join(KINDS)}; others in `entities`")
    more = options.names("entities")
    kinds = {_BY_KIND[kind]: kind for kind in options.kinds} | {one: _ENTITIES.get(one, one.lower()) for one in more}
    model = options.text("model", "write `model: en_core_web_lg`, a model of spaCy that is installed", _BLANK)
    usual = {one: kind for one, kind in _ENTITIES.items() if model != _BLANK or one not in _BY_MODEL}
    blind = sorted(_BY_MODEL & set(kinds)) if model == _BLANK else []
    if blind:
        raise options.wrong(f"it finds no {kinds[blind[0]]!r} without a model", "write `model: en_core_web_lg`")
    wanted = _Wanted(
        language=options.text("language", "write `language: en`", "en"),
        model=model,
        kinds=kinds or usual,
        least=0.0 if options.has_threshold else _USUAL_SCORE,
        all_needed=bool(kinds),
        most_characters=options.whole("most_characters", _MOST_CHARACTERS, least=100, most=5_000_000),
    )
    look, installed = None, ""
    if outside is not None:
        asker = _Asker(wanted, options)
        look, installed = asker.look, asker.version
    facts: list[Json] = [_VERSION, installed, wanted.language, wanted.model]
    version = options.version(facts)
    found = tuple(dict.fromkeys(wanted.kinds.values()))
    return OutsideCheck(_NAME, found, look, version=version, by_sentence=options.flag("by_sentence"))


class _Engine:
    """The analyzer with all recognizers of one language; nothing is fetched from anywhere."""

    def __init__(self, language: str, model: str) -> None:
        package = _package("presidio_analyzer")
        words = _language(language, model)
        _keep_offline()
        registry = package.RecognizerRegistry(supported_languages=[language])
        registry.load_predefined_recognizers(languages=[language], nlp_engine=words)
        self.known = frozenset(map(str, registry.get_supported_entities(languages=[language])))
        self.version = _installed("presidio-analyzer")
        self._language = language
        self._analyzer = package.AnalyzerEngine(registry=registry, nlp_engine=words, supported_languages=[language])

    def results(self, text: str, entities: Sequence[str]) -> Sequence[Any]:
        """What it finds of some entities."""
        found: Sequence[Any] = self._analyzer.analyze(text=text, language=self._language, entities=list(entities))
        return found


_ENGINES: Final[Shared[_Engine]] = Shared()


class _Asker:
    def __init__(self, wanted: _Wanted, options: Options) -> None:
        self._wanted = wanted
        self._engine = _ENGINES.get((wanted.language, wanted.model), lambda: _Engine(wanted.language, wanted.model))
        self.version = self._engine.version
        known = self._engine.known
        self._asked = sorted(known & set(wanted.kinds))
        missing = sorted(set(wanted.kinds) - known)
        if not self._asked or (missing and wanted.all_needed):
            what = missing[0] if missing else "anything"
            raise options.wrong(f"the analyzer does not look for {what}", f"entities: {', '.join(sorted(known))}")

    def look(self, text: str, context: Context) -> Sequence[Found]:  # noqa: ARG002  # it reads nothing but the text
        """What the analyzer finds. Raises NoVerdictError where it fails, and TextTooLongError."""
        wanted = self._wanted
        text = checked_length(_NAME, text, wanted.most_characters)
        try:
            results = map(self._found, self._engine.results(text, self._asked))
            found = [one for one in results if one.score >= wanted.least]
        except Exception as error:  # recognizers of anybody's may raise anything
            raise NoVerdictError(_NAME, "the analyzer failed on a text") from error
        return sorted(found, key=lambda one: (one.start, one.end, one.kind))

    def _found(self, one: Any) -> Found:
        score = float(one.score)
        if not 0 <= score <= 1:
            raise ValueError
        # Where it is 0 the analyzer is not sure at all; the policy's threshold says what that is worth.
        kind = self._wanted.kinds[str(one.entity_type)]
        return Found(int(one.start), int(one.end), kind, max(score, _LEAST_SCORE))


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise PresidioMissingError("the package presidio-analyzer", "install it: pip install 'plimsoll[pii]'") from None


def _installed(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _language(language: str, model: str) -> Any:
    """What splits texts into words; its own way to load a model would fetch one that is missing."""
    engines, spacy = _package("presidio_analyzer.nlp_engine"), _package("spacy")
    if model == _BLANK:
        words = spacy.blank(language)
    elif spacy.util.is_package(model):
        words = spacy.load(model)
    else:
        raise PresidioMissingError(f"spaCy's model {model}", "install it, or leave `model` out")
    engine = engines.SpacyNlpEngine(models=[{"lang_code": language, "model_name": model}])
    engine.nlp = {language: words}
    return engine


def _keep_offline() -> None:
    """Domains of addresses are looked up in the list that is installed: otherwise the newest would be fetched."""
    domains = _package("tldextract.tldextract")
    domains.TLD_EXTRACTOR = domains.TLDExtract(cache_dir=None, suffix_list_urls=())
