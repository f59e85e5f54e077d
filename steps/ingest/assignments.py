"""Secrets behind their name: settings, JSON, and the plainest sentences (``password: ...``, ``the token is ...``).

Every repetition is bounded or anchored by a look-behind, so that a hostile text costs linear time.
"""

import re
from collections.abc import Iterator

from steps.ingest.labels import PASSWORDS, PHRASES

_STRONG = (
    rf"{PASSWORDS}|{PHRASES}|(?<![a-z])pass(?=\s?[:=])|wpa\d?[ _-]?(?:psk|key)"
    r"|api[ _-]?key|apikey"
    r"|api[ _-]?token|secret[ _-]?(?:access[ _-]?)?key|client[ _-]?secret|signing[ _-]?secret"
    r"|access[ _-]?(?:key|token)"
    r"|shared[ _-]?access[ _-]?key|account[ _-]?key|auth[ _-]?token|refresh[ _-]?token|private[ _-]?key"
    r"|encryption[ _-]?key|(?:wi-?fi|licen[cs]e) key|_?authtoken|_auth"
)
_WEAK = r"secret|token|credentials?|authorization"
_QUOTES = r"""(?:\\?["'`*]{0,2})"""
_QUOTED = r"""\\?"[^"\\\n]{3,200}|(?<!\\)'(?:\\'|[^'\\\n]){3,200}|\\?'[^'\\\n]{3,200}|`[^`\n]{3,200}"""
_BARE = r"""(?:[^\s"'`,;\]})<>]|(?<=\w)["'`](?=[\w!#$%&^*])){3,400}"""
SECRET_NAME = re.compile(rf"(?:{_STRONG}|^(?:secret|token|credentials?|authorization|auth)$)", re.IGNORECASE)

# A name, what stands between, and a value. Whether the value is one says `_is_value`.
_NAMED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<strong>{_STRONG})(?:_[a-z0-9]{{1,20}})?{_QUOTES}\s{{0,4}}(?P<sign>:=|=>|=|[:：])(?:\s|</?[a-z]{{1,8}}>){{0,6}}"
        rf"(?P<value>{_QUOTED}|{_BARE})",
        rf"(?<![a-z])(?P<strong>{_STRONG})\s+(?P<sign>is|was|to|ist|est|es|é|:)\s+(?P<value>{_QUOTED}|{_BARE})",
        rf"(?<![a-z])(?P<strong>{PASSWORDS}|{PHRASES}|pin|wi-?fi key|(?:signing|client) secret)\s+(?P<sign>)"
        rf"(?P<value>{_QUOTED}|{_BARE})",
        rf"(?<![a-z])(?P<weak>{_WEAK})(?:_[a-z0-9]{{1,20}})?{_QUOTES}\s{{0,4}}(?P<sign>:=|=>|=|[:：])\s{{0,4}}"
        rf"(?P<value>{_QUOTED}|{_BARE})",
        rf"(?<![a-z])(?P<weak>{_WEAK})\s+(?P<sign>is|was|to)\s+(?P<value>{_QUOTED}|{_BARE})",
    )
)
_QUERY = re.compile(r"[?&;][\w.-]*$")
_LOGIN = re.compile(r"[\w.@-]{1,60}:(?=\S{4})")
_PASSWORD = re.compile(rf"pass|{PASSWORDS}|{PHRASES}", re.IGNORECASE)
_ALONE = re.compile(r"[.!]?[ \t]*(?:\n|\Z)|[,;] |</")
_LONG, _REST = 190, re.compile(r"""[^\s"'`,;\]})<>&]*""")  # a session token has thousands of characters
_KEYED = re.compile(r"\d+\*")  # a code as a keypad takes it
_OPENING = re.compile(r"""^\\?["'`]""")
CODE = re.compile(
    r"^\$(?:[A-Z_][A-Z0-9_]*|[a-z_]+|\d|\{.*|\(.*)$|^\{\{|^<|^%(?:\(|[A-Z_]+%|[sd]$)|^(?:os|env|process|self)\."
    r"|^(?:None|null|true|false|str|int)\b|^[A-Za-z_.]*\(.*\)?$|^\[|\w\[|^\*+$|^[a-z_]+(?:\.[a-z_]+)+$"
    r"|^(?:Secret)?(?:Str|String|Text|Field|Input|Bytes|Optional|Any)\b"
)
EXAMPLE = re.compile(r"your[_-]|x{3,}|\.{3}", re.IGNORECASE)
PROSE = frozenset(
    "required optional none yes no unchanged default empty expires never rotate ask see changed hidden masked n/a tbd "
    "forgotten missing invalid wrong weak strong secret stored hashed sent kept set not valid unknown nobody longer "
    "your my our the string text varchar boolean integer hash bcrypt confidential shared separate".split()
)
MEASURE = re.compile(
    r"^\d+[-–]?(?:(?:[kmc]?m|[km]?g|m?l|h|s|ms|[kMGT]i?B|k?[WVA]|[kMG]?Hz|x|pt|px)$|char|digit|day|bit|minute"
    r"|hour|month|week|year|factor|step|word|zeichen|stellig|fold|th\b|st\b|nd\b)"
    r"|^(?:AES|SHA|WPA|OAuth|FIDO|TLS|SSL|RFC|ISO|HTTPS?|MD|RSA|HS|ES|RS|HMAC|Ed|U2F|2FA|MFA|TOTP|PKCS|X|IEEE"
    r"|NIST|v|Base|UTF|PBKDF)"
    r"[-_.]?\d[\d.]*(?:$|[-/:])|^\d{1,2}[:.]\d{2}|^\d{4}-\d{2}|^https?:|^(?:~|\.{0,2})/|^\w+\.(?:md|txt|pdf"
    r"|kdbx|pem|ya?ml|json)$|@",
    re.IGNORECASE,
)


def assigned(text: str) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) of every value in ``text`` that stands behind the name of a secret, in no fixed order."""
    for pattern in _NAMED:
        for match in pattern.finditer(text):
            start, end = match.span("value")
            opening = _OPENING.match(match["value"])
            start += opening.end() if opening else 0
            if not opening and _QUERY.search(text, max(match.start() - 40, 0), match.start()):
                end = start + len(re.split(r"[&#;]", text[start:end], maxsplit=1)[0])
            if not opening and (login := _LOGIN.match(text[start:end])) and "credential" in match[0].lower():
                start += login.end()
            if not opening:
                start, end = trimmed(text, start, end)
            if match.end("value") - match.start("value") >= _LONG and (rest := _REST.match(text, end)):
                end = rest.end()
            sign, weak = match["sign"].lower().replace("：", ":"), "weak" in pattern.groupindex
            least = 0 if weak or sign != ":" else 5 if _PASSWORD.match(match["strong"]) else 8
            alone = bool(least and end - start >= least and _ALONE.match(text, end))
            if _is_value(text[start:end], sign, weak=weak, quoted=bool(opening), alone=alone):
                yield start, end


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span without the punctuation of the sentence around it; `!` and `?` may be part of a password."""
    while end - 1 > start and not _KEYED.fullmatch(text, start, end):
        if text[end - 1] not in ".,;:*_" and (text[end - 1] != ")" or "(" in text[start:end]):
            break
        end -= 1
    return start, end


def _is_value(value: str, sign: str, *, weak: bool, quoted: bool, alone: bool) -> bool:
    """Whether what stands behind the name of a secret is one, and not the rest of a sentence, or code.

    ``alone``: one word stands behind a password's name and ends the line.
    """
    if "://" in value or CODE.search(value) or value.lower() in PROSE or EXAMPLE.match(value) or len(set(value)) < 3:
        return False
    value = value.rstrip("!?") if not quoted and sign not in (":", "=", ":=", "=>") else value
    digit, letter = bool(re.search(r"\d", value)), bool(re.search(r"[^\W\d_]", value))
    odd = bool(re.search(r"[!@#$%^&*+=?~|\\/]", value)) or bool(re.search(r"[a-z][A-Z]", value))
    if weak:
        return digit and letter and len(value) >= 8
    if sign not in (":", "=", ":=", "=>") and MEASURE.search(value):
        return False
    if quoted:
        return sign != "" or (digit and letter)
    if "=" in sign:
        return not re.fullmatch(r"\d{1,6}|[a-z]+(?:_[a-z]+)+", value) and (letter or len(value) >= 8)
    if sign == ":":
        return (alone and not value.endswith("ed")) or (letter and (digit or odd)) or (digit and len(value) >= 6)
    return letter and len(value) >= 5 and (digit or odd) and not re.fullmatch(r"\d{1,3}(?:-\w+)?", value)
