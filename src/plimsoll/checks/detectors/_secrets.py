"""Is there a secret: keys and tokens whose form is known, private keys, passwords that stand behind their name."""

import re

from ..patterns import Pattern, PatternCheck
from ._numbers import after_words, both, mixed

_NAME = re.compile(r"^.*?(?:[:=]|\bis\b)\s*", re.DOTALL)
_PEM_BODY = r"[A-Za-z0-9+/=\s:,-]{0,900}"

PATTERNS: tuple[Pattern, ...] = (
    Pattern("plimsoll_key", r"\bplim_[a-z2-9]{4}[0-9a-f]{6}_[A-Za-z0-9_-]{20,43}"),
    Pattern("aws_access_key", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    Pattern(
        "aws_secret_key",
        r"\b[A-Za-z0-9/+]{40}\b",
        judge=both(after_words("aws", "secret", "secret.?access.?key"), mixed),
    ),
    Pattern("github_token", r"\bgh[pousr]_[A-Za-z0-9]{36,255}\b"),
    Pattern("github_token", r"\bgithub_pat_[A-Za-z0-9_]{22,255}\b"),
    Pattern("gitlab_token", r"\bgl(?:pat|dt|rt|ptt|cbt|agent)-[A-Za-z0-9_-]{20,64}"),
    Pattern("slack_token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,250}"),
    Pattern("slack_webhook", r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_+-]{20,100}"),
    Pattern("google_key", r"\bAIza[A-Za-z0-9_-]{35}"),
    Pattern("google_token", r"\bya29\.[A-Za-z0-9_-]{20,500}"),
    Pattern("anthropic_key", r"\bsk-ant-[A-Za-z0-9_-]{20,200}"),
    Pattern("openai_key", r"\bsk-(?:proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_-]{20,250}", judge=mixed, score=0.95),
    Pattern("stripe_key", r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,250}\b"),
    Pattern("twilio_key", r"\b(?:SK|AC)[0-9a-f]{32}\b"),
    Pattern("sendgrid_key", r"\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}"),
    Pattern("npm_token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    Pattern("pypi_token", r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,250}"),
    Pattern("huggingface_token", r"\bhf_[A-Za-z0-9]{30,60}\b"),
    Pattern("digitalocean_token", r"\bdo[opr]_v1_[0-9a-f]{64}\b"),
    Pattern("azure_key", r"(?i)\b(?:AccountKey|SharedAccessKey)=[a-z0-9+/]{43,86}={0,2}"),
    Pattern("jwt", r"\beyJ[A-Za-z0-9_-]{10,500}\.eyJ[A-Za-z0-9_-]{10,900}\.[A-Za-z0-9_-]{10,500}"),
    Pattern("private_key", rf"-----BEGIN (?:[A-Z0-9]{{1,12}} ){{0,3}}PRIVATE KEY(?: BLOCK)?-----{_PEM_BODY * 4}"),
    Pattern("password_in_url", r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@]{1,64}:[^\s:/@]{3,100}@[A-Za-z0-9]"),
    Pattern(
        "password",
        r"(?i)\b(?:password|passwd|pwd|passphrase|secret|api[ _-]?key|access[ _-]?token|auth[ _-]?token)"
        r"[\"']?\s{0,3}(?:[:=]|is)\s{0,3}[\"']?[^\s\"',;<>]{8,100}",
        judge=lambda text, _before, _after: _value(text),
        score=0.7,
    ),
    Pattern("bearer_token", r"(?i)\bauthorization:\s{0,3}(?:bearer|basic)\s{1,3}[a-z0-9._~+/=-]{12,900}"),
)


def secrets(kinds: tuple[str, ...] = ()) -> PatternCheck:
    """Looks for secrets of some kinds, or of all."""
    return PatternCheck("secrets", [one for one in PATTERNS if not kinds or one.kind in kinds])


def _value(text: str) -> float:
    """How sure it is that what stands behind `password:` is one, and not a word of a sentence."""
    value = _NAME.sub("", text, count=1).strip("\"' ")
    kinds = (
        any(map(str.isdigit, value)),
        any(map(str.islower, value)),
        any(map(str.isupper, value)),
        not value.isalnum(),
    )
    return 1.0 if sum(kinds) > 1 and not value.startswith(("$", "{", "<")) else 0.0
