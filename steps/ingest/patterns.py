"""What counts as a secret or as personal data: patterns with checks that keep dates, years and plain numbers out.

Every repetition is bounded or anchored by a look-behind, so that a hostile text costs linear time.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache

Check = Callable[[re.Match[str]], str | None]

_STRONG_NAMES = (
    r"passwor[dt]|passwd|passphrase|pass_?word|pwd|api[ _-]?key|apikey|api[ _-]?token|secret[ _-]?(?:access[ _-]?)?key"
    r"|client[ _-]?secret|access[ _-]?(?:key|token)|auth[ _-]?token|refresh[ _-]?token|private[ _-]?key|_authtoken"
)
_WEAK_NAMES = r"secret|token|credentials?|authorization|pin code"
_VALUE = r"""(?:\\?"(?!\[)[^"\\\n]{3,200}\\?"?|"""
_VALUE += r"""\\?'(?!\[)[^'\\\n]{3,200}\\?'?|`[^`\n]{3,200}`?|(?!\[)[^\s"'`,;\]})]{3,400})"""
_QUOTES = r"""(?:\\?["'`*]{0,2})"""

SECRET_NAME = re.compile(rf"(?:{_STRONG_NAMES}|^(?:secret|token|credentials?|authorization)$)", re.IGNORECASE)

# Patterns with a group named `value` replace that group only, so that the sentence around a secret stays readable.
OWN_SECRETS = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,30}-----|\Z)", re.DOTALL),
        (r"PuTTY-User-Key-File-\d.*?(?:Private-MAC:[^\n]*|\Z)", re.DOTALL),
        (r"://(?P<value>[^\s:/?#\[\]@{}]{1,200}:[^\s/@{}\[\]]{1,200})@", 0),
        (r"(?<![A-Za-z0-9])sk-(?:ant|proj|svcacct|or|admin|lf)-[\w-]{8,}", 0),
        (r"(?<![A-Za-z0-9])sk-(?:[A-Za-z0-9]{16,}[\w-]*|(?=[\w-]{0,60}\d)[\w-]{20,})", 0),
        (r"(?<![A-Za-z0-9])[sr]k_(?:live|test|prod)_[A-Za-z0-9]{8,}", 0),
        (r"(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9_]{16,}", 0),
        (r"(?<![A-Za-z0-9])github_pat_\w{16,}", 0),
        (r"(?<![A-Za-z0-9])glpat-[\w-]{16,}", 0),
        (r"(?<![A-Za-z0-9])(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{8,}", 0),
        (r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{12,}", 0),
        (r"(?<![A-Za-z0-9])AIza[\w-]{30,}", 0),
        (r"(?<![A-Za-z0-9])(?:hf|npm)_[A-Za-z0-9]{20,}", 0),
        (r"(?<![A-Za-z0-9])dop_v1_[a-f0-9]{32,}", 0),
        (r"(?<![\w-])eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?", 0),
        (r"\bbearer\s+(?P<value>(?=[^\s\"']{0,60}\d)[\w.~+/=-]{10,})", re.IGNORECASE),
        (r"\bauthorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token)\s+(?P<value>[\w.~+/=-]{6,})", re.IGNORECASE),
        (rf"(?:{_STRONG_NAMES})\w{{0,20}}{_QUOTES}\s{{0,4}}(?::=|=>|=|:)\s{{0,4}}(?P<value>{_VALUE})", re.IGNORECASE),
        (rf"\b(?:{_STRONG_NAMES})\s+(?:is|was|to)\s+(?P<value>(?=\S{{0,60}}\d){_VALUE})", re.IGNORECASE),
        (rf"(?:{_WEAK_NAMES})\w{{0,20}}{_QUOTES}\s{{0,4}}=\s{{0,4}}(?P<value>{_VALUE})", re.IGNORECASE),
        (
            rf"(?:{_WEAK_NAMES})\w{{0,20}}{_QUOTES}\s{{0,4}}:\s{{0,4}}"
            rf"(?P<value>(?=[\"'`\\]{{0,2}}[\w+/=.-]{{0,60}}\d)[\"'`\\]{{0,2}}[\w+/=.-]{{8,}})",
            re.IGNORECASE,
        ),
    )
)
# Not used from detect-secrets: the entropy plugins and the keyword plugin (they flag ordinary prose), basic auth, JWT,
# OpenAI and npm (above; two of theirs take quadratic time), public IP (below).
_PLUGINS = (
    ("aws", "AWSKeyDetector"),
    ("azure_storage_key", "AzureStorageKeyDetector"),
    ("discord", "DiscordBotTokenDetector"),
    ("github_token", "GitHubTokenDetector"),
    ("gitlab_token", "GitLabTokenDetector"),
    ("mailchimp", "MailchimpDetector"),
    ("pypi_token", "PypiTokenDetector"),
    ("sendgrid", "SendGridDetector"),
    ("slack", "SlackDetector"),
    ("square_oauth", "SquareOAuthDetector"),
    ("stripe", "StripeDetector"),
    ("telegram_token", "TelegramBotTokenDetector"),
    ("twilio", "TwilioKeyDetector"),
)


@cache
def secrets() -> tuple[re.Pattern[str], ...]:
    """Return the patterns of secrets: ours, then those of the listed detect-secrets plugins.

    The plugins' patterns are used directly: ``scan_line`` obeys 'pragma: allowlist secret', which anyone can write into
    a text, and ``analyze_string`` returns 'ghp' for a GitHub token, its first group.
    """
    from importlib import import_module

    plugins = (getattr(import_module(f"detect_secrets.plugins.{module}"), name) for module, name in _PLUGINS)
    return OWN_SECRETS + tuple(pattern for plugin in plugins for pattern in plugin.denylist)


def _iban(match: re.Match[str]) -> str | None:
    # The greedy match may have taken the next words along: drop groups from the end until the checksum holds.
    groups = match[0].split(" ")
    for count in range(len(groups), 0, -1):
        text = " ".join(groups[:count])
        code = text.replace(" ", "").upper()
        if 15 <= len(code) <= 34 and int("".join(str(int(c, 36)) for c in code[4:] + code[:4])) % 97 == 1:
            return text
    return None


def _card(match: re.Match[str]) -> str | None:
    digits = [int(c) for c in match[0] if c.isdigit()]
    doubled = [d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(reversed(digits))]
    return match[0] if digits[0] in (2, 3, 4, 5, 6) and len(set(digits)) > 1 and sum(doubled) % 10 == 0 else None


def _ip(match: re.Match[str]) -> str | None:
    return match[0] if all(int(part) < 256 for part in match[0].split(".")) else None


_DATE = re.compile(r"(?:\d{4}[-/. ]\d{1,2}[-/. ]\d{1,2}|\d{1,2}[-/. ]\d{1,2}[-/. ]\d{4})(?!\d)")


def _phone(match: re.Match[str]) -> str | None:
    text = match["number"] if "number" in match.re.groupindex else match[0]
    digits = sum(c.isdigit() for c in text)
    return None if digits > 15 or _DATE.match(text.strip("(")) else text


PERSONAL: tuple[tuple[str, re.Pattern[str], Check], ...] = (
    (
        "iban",
        re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Z0-9])", re.I),
        _iban,
    ),
    ("card", re.compile(r"(?<![\w.,-])\d(?:[ -]?\d){12,18}(?![\w-])"), _card),
    (
        "email",
        re.compile(r"(?<![\w.%+-])[\w.%+'-]+@(?:[\w-]+\.)+[^\W\d_]{2,}", re.ASCII | re.IGNORECASE),
        lambda match: match[0],
    ),
    ("email", re.compile(r"(?<![\w.%+-])[\w.%+-]+@(?:[\w-]+\.)+[^\W\d_]{2,}"), lambda match: match[0]),
    (
        "email",
        re.compile(r"(?<![\w.+-])[\w.+-]+ ?[(\[] ?at ?[)\]] ?[\w-]+(?:(?:\.| ?[(\[] ?dot ?[)\]] ?)[\w-]+)+", re.I),
        lambda match: match[0],
    ),
    ("ip", re.compile(r"(?<![\w.])(?<!ersion )(?<!ection )(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)"), _ip),
    # International: +49 30 1234567, 0049 30 1234567, +1 (555) 123-4567
    ("phone", re.compile(r"(?<![\w.,/+-])(?:\+[1-9]|00[1-9])(?:[ ().\-/]{0,3}\d){7,14}(?!\w)"), _phone),
    # National with an area code: 030 1234567, (0)89/123456, 0171-1234567
    (
        "phone",
        re.compile(r"(?<![\w.,/+:-])\(?0\d{1,5}\)?(?:[ ]?[/-][ ]?|[ ])\d(?:[ \-/]?\d){4,9}(?![\w]|[.,]\d)"),
        _phone,
    ),
    # North American: (555) 123-4567, 555-123-4567, 555.123.4567
    ("phone", re.compile(r"(?<![\w.,/+-])(?:1[-. ])?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-. ]\d{4}(?![\w-]|[.,]\d)"), _phone),
    # Said to be a number to call: tel. 1234567, call 555-0123
    (
        "phone",
        re.compile(
            r"\b(?:tel|telephone|telefon|phone|mobile|cell|fax|call|ring|dial|whatsapp|sms)\b[.:]?"
            r"(?: (?:me|us|number|no|is|on|at)\b[.:]?){0,3} ?"
            r"(?P<number>\(?\d(?:[ ().\-/]{0,2}\d){5,14})(?![\w]|[.,]\d)",
            re.IGNORECASE,
        ),
        _phone,
    ),
)


def matches(kind: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) of every secret or item of personal data of ``kind`` in ``text``, in no fixed order."""
    if kind == "secret":
        for pattern in secrets():
            for match in pattern.finditer(text):
                yield match.span("value") if "value" in pattern.groupindex else match.span()
        return
    for name, pattern, check in PERSONAL:
        if name == kind:
            for match in pattern.finditer(text):
                if found := check(match):
                    start = match.start("number") if "number" in pattern.groupindex else match.start()
                    yield start, start + len(found)
