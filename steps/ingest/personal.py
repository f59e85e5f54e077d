"""What counts as personal data: checksums, ranges and numbering plans decide, and the words before a number.

Every repetition is bounded or anchored by a look-behind, so that a hostile text costs linear time.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator

Check = Callable[[re.Match[str]], str | None]

# What is before a number says that it counts, names or orders something, and is nobody's.
_NO_PERSON = re.compile(
    r"\b(?:parts?|order|invoice|ticket|serial|isbn|issn|ean|sku|orcid|doi|article|artikel|item|batch|lot|case"
    r"|rfc|model"
    r"|version|build|release|firmware|section|chapter|clause|figure|table|rev|revision|coordinates|gps|postcode|zip"
    r"|flight|bus|no|nr|ref|counted|budget)\b[.:#]?(?: (?:number|no|nr|code|is|with|of"
    r"|the)\b[.:]?){0,3}[^\w\n]{0,3}$",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"\b(?:tel|telephone|telefon|teléfono|téléphone|phone|mobile|cell|fax|call|ring|dial|whatsapp|sms|text"
    r"|reach|contact"
    r"|joignable|appele[rz]|appel|picks up|responde|llam[ae]\w*|atende|ligue|anrufen|rufen|erreichbar|chiama|bel"
    r"|number is)\b[^\d\n]{0,40}$",
    re.IGNORECASE,
)
_PAYS = re.compile(
    r"\b(?:card|karte|carte|tarjeta|carta|visa|mastercard|amex|kreditkarte|cc|maestro)\b[^\d\n]{0,20}$", re.I
)
# "Tel. no. 123": the word of calling weighs more than the "no."
_CALLED_NUMBER = re.compile(
    r"\b(?:tel|telephone|telefon|phone|mobile|mobil|handy|cell|fax|contact|whatsapp|call|rufnummer)\b[^\d\n]{0,12}$",
    re.I,
)
_MACHINE = re.compile(
    r"\b(?:ip|addr|address|host|server|from|ping|ssh|client|camera|gateway)\b[^\d\n]{0,20}$", re.IGNORECASE
)
_REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "AU", "IN", "BR", "CH", "AT", "PL", "SE")
_DATE = re.compile(r"(?:\d{4}[-/. ]\d{1,2}[-/. ]\d{1,2}|\d{1,2}[-/. ]\d{1,2}[-/. ]\d{4})(?!\d)")


def _before(match: re.Match[str], *, characters: int = 60) -> str:
    return match.string[max(0, match.start() - characters) : match.start()]


def _nobodys(match: re.Match[str]) -> bool:
    """Whether the words before a number say that it is no telephone's."""
    before = _before(match)
    return bool(_NO_PERSON.search(before)) and not _CALLED_NUMBER.search(before)


def _iban(match: re.Match[str]) -> str | None:
    # The greedy match may have taken the next words along: drop groups from the end until the checksum holds.
    # By its country's form, too: of random hex digits, as traces are called, one in a thousand has the right checksum.
    from stdnum import iban

    groups = re.split(r"([ -])", match[0])
    texts = ("".join(groups[:count]) for count in range(len(groups), 0, -2))
    return next((text for text in texts if iban.is_valid(text, check_country=False)), None)


def _card(match: re.Match[str]) -> str | None:
    from stdnum import luhn

    digits = re.sub(r"\D", "", match[0])
    paid = _PAYS.search(_before(match))
    if len(match[0]) in (17, 18) and match[0].isdigit() and not paid:  # hardly a card; ids of posts and chats are
        return None
    written = paid or re.fullmatch(r"\d{4}(\D)\d{4}\1\d{4}\1\d{4}", match[0])
    plausible = digits[0] in "23456" and len(set(digits)) > 1 and (written or not _NO_PERSON.search(_before(match)))
    return match[0] if plausible and luhn.is_valid(digits) else None


def _ip4(match: re.Match[str]) -> str | None:
    try:
        address = ipaddress.IPv4Address(match[0])
    except ValueError:
        return None
    network = match.string[match.end() : match.end() + 1] == "/" or match[0].endswith(".0")
    nobodys = address.is_loopback or address.is_unspecified or address.is_multicast
    nobodys = nobodys or match[0].startswith("255.") or match[0].endswith(".255")
    # "GCC 2.7.2.3", ">=1.7.4.2": numbers so small are a version's, where nothing speaks of a machine.
    version = max(address.packed) < 32 and not _MACHINE.search(_before(match))
    version = version or bool(re.search(r"[=<>~^]=? ?$", _before(match)))
    return None if nobodys or network or version or _NO_PERSON.search(_before(match)) else match[0]


def _ip6(match: re.Match[str]) -> str | None:
    try:
        address = ipaddress.IPv6Address(match[0])
    except ValueError:
        return None
    groups = [group for group in match[0].split(":") if group]
    told = len(groups) >= 3 and any(c.isdigit() for c in match[0])
    return match[0] if told and not address.is_loopback else None


def _mac(match: re.Match[str]) -> str | None:
    return match[0] if len(set(match[0].lower())) > 2 else None  # not all zeros, nor all ones


def _ssn(match: re.Match[str]) -> str | None:
    from stdnum.us import ssn

    about = re.search(r"\b(?:ssn|social security|tax)\b", _before(match), re.IGNORECASE)
    plain = "-" in match[0] and not _NO_PERSON.search(_before(match))
    area, group, serial = re.split(r"[ -]", match[0])
    written = area not in ("000", "666") and not area.startswith("9") and group != "00" and serial != "0000"
    return match[0] if (about and written) or (plain and ssn.is_valid(match[0])) else None


def _national(*modules: str, about: str = "") -> Check:
    """A check by the checksums of python-stdnum modules; ``about``: words of which one must stand before."""
    cue = re.compile(rf"(?:{about})[^\n]{{0,40}}$", re.IGNORECASE) if about else None

    def check(match: re.Match[str]) -> str | None:
        from importlib import import_module

        if (cue and not cue.search(_before(match))) or (not cue and _NO_PERSON.search(_before(match))):
            return None
        valid = any(import_module(f"stdnum.{module}").is_valid(match[0]) for module in modules)
        return match[0] if valid else None

    return check


def _named(about: str) -> Check:
    cue = re.compile(rf"(?:{about})[^\n]{{0,30}}$", re.IGNORECASE)
    return lambda match: match[0] if cue.search(_before(match)) else None


def _phone(match: re.Match[str]) -> str | None:
    text = match["number"] if "number" in match.re.groupindex else match[0]
    digits = sum(c.isdigit() for c in text)
    odd = digits > 15 or _DATE.match(text.strip("(")) or _nobodys(match)
    return None if odd else text


def _called(match: re.Match[str]) -> str | None:
    """Digits in groups, behind words of calling, or that some country's plan writes with a leading zero."""
    import phonenumbers

    text = match[0].rstrip(" -/.(")
    if _DATE.match(text.strip("(")) or _nobodys(match):
        return None
    before = _before(match, characters=60)
    postcode = re.fullmatch(r"\d{5}-\d{4}", text)
    if not _CALLED.search(before) and (postcode or not text.lstrip("(").startswith("0")):
        return None
    for region in _REGIONS:
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return text
    return None


PERSONAL: tuple[tuple[str, re.Pattern[str], Check], ...] = (
    (
        "iban",
        re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?![A-Z0-9])", re.I),
        _iban,
    ),
    ("card", re.compile(r"(?<![\w.])(?<!\d[,-])\d(?:[ .–/-]?\d){12,18}(?![\w-])"), _card),
    (
        "email",
        re.compile(
            r"(?<![\w.%+-])(?<!//)(?!git@)[\w.%+'-]+(?:\\?[@＠]|%40)(?:[\w-]+\.)+[^\W\d_]{2,}", re.ASCII | re.IGNORECASE
        ),
        lambda match: match[0],
    ),
    (
        "email",
        re.compile(r"(?<![\w.%+-])(?<!//)(?!git@)[\w.%+-]+[@＠](?:[\w-]+\.)+[^\W\d_]{2,}"),
        lambda match: match[0],
    ),
    (
        "email",
        re.compile(r"(?<![\w.+-])[\w.+-]+ ?[(\[] ?at ?[)\]] ?[\w-]+(?:(?:\.| ?[(\[]? ?dot ?[)\]]? ?)[\w-]+)+", re.I),
        lambda match: match[0],
    ),
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+ at [\w-]+ dot [a-z]{2,6}\b"), lambda match: match[0]),
    ("ip", re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)"), _ip4),
    ("ip", re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])"), _ip6),
    ("mac", re.compile(r"(?<![\w:-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![\w:-])"), _mac),
    ("id", re.compile(r"(?<![\w-])\d{3}([ -])\d{2}\1\d{4}(?![\w-])"), _ssn),
    (
        "id",
        re.compile(r"(?<!\w)[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)"),
        _named(r"\b(?:ni|nino|national insurance)\b"),
    ),
    ("id", re.compile(r"(?<!\w)(?:\d{8}|[XYZ]\d{7})-?[A-Z](?!\w)"), _national("es.dni", "es.nie")),
    ("id", re.compile(r"(?<!\w)[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)"), _national("it.codicefiscale")),
    ("id", re.compile(r"(?<!\w)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)"), _national("br.cpf")),
    ("id", re.compile(r"(?<![\w.])[12](?: ?\d{2}){3}(?: ?\d{3}){2} ?\d{2}(?![\w.])"), _national("fr.nir")),
    (
        "id",
        re.compile(r"(?<![\w.])\d{2}(?: ?\d{3}){3}(?![\w.])"),
        _national("de.idnr", "pl.pesel", about=r"steuer|identifikation|\bidnr\b|tax id|pesel"),
    ),
    (
        "id",
        re.compile(r"(?<![\w.])\d{11}(?![\w.])"),
        _national("pl.pesel", "be.nn", about=r"pesel|rijksregister|national number"),
    ),
    ("id", re.compile(r"(?<![\w.])\d{9}(?![\w.])"), _national("nl.bsn", about=r"\bbsn\b|burgerservice")),
    ("id", re.compile(r"(?<![\w.])\d{4} ?\d{4} ?\d{4}(?![\w.])"), _named(r"aadhaar")),
    (
        "id",
        re.compile(r"(?<!\w)(?=[A-Z]*\d)[A-Z0-9]{8,9}(?!\w)"),
        _named(r"\b(?:passport|reisepass|pasaporte|passeport)\b"),
    ),
    # International: +49 30 1234567, 0049 30 1234567, +1 (555) 123-4567
    ("phone", re.compile(r"(?<![\w.,/+-])(?:\+[1-9]|00[1-9])(?:[ ().\-/]{0,3}\d){7,14}(?!\w)"), _phone),
    # National with an area code: 030 1234567, (0)89/123456, 0171-1234567
    (
        "phone",
        re.compile(r"(?<![\w.,/+:-])\(?0\d{1,5}\)?(?:[ ]?[/-][ ]?|[ ])\d(?:[ \-/]?\d){4,9}(?![\w]|[.,-]\d)"),
        _phone,
    ),
    # North American: (555) 123-4567, 555-123-4567, 555.123.4567
    ("phone", re.compile(r"(?<![\w.,/+-])(?:1[-. ])?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-. ]\d{4}(?![\w-]|[.,]\d)"), _phone),
    # In groups, of any country: 01 42 68 53 00, 612 345 678, (81) 99123-4567
    ("phone", re.compile(r"(?<![\w.,/+:-])\(?\d{2,5}\)?(?:[ -]\d{2,5}){1,4}(?![\w]|[.,-]\d)"), _called),
    # Said to be a number to call: tel. 1234567, call 555-0123
    (
        "phone",
        re.compile(
            r"\b(?:tel|telephone|telefon|phone|mobile|mobil|handy|cell|contact|fax|call|ring|dial|whatsapp"
            r"|sms)\b[.:=]?"
            r"(?: (?:me|us|number|no|nr|is|on|at)\b[.:]?){0,3} ?"
            r"(?P<number>\(?\d(?:[ ().\-/]{0,2}\d){5,14})(?![\w]|[.,]\d)",
            re.IGNORECASE,
        ),
        _phone,
    ),
)


def personal(kind: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) of every item of personal data of ``kind`` in ``text``, in no fixed order."""
    for name, pattern, check in PERSONAL:
        if name == kind:
            for match in pattern.finditer(text):
                if found := check(match):
                    start = match.start("number") if "number" in pattern.groupindex else match.start()
                    yield start, start + len(found)
