"""What stands on a page and is not its text: who wrote a quote, greetings, licences, footers of sites and of mails."""

import re

_WROTE = r"(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef)"
_OPENS = r"(?:On|Am|Le|El|Il|Op)\b"
_ATTRIBUTION = re.compile(rf"^{_OPENS}[^\n]{{5,160}}{_WROTE}[^\n]{{0,60}}:\s*$", re.IGNORECASE)
_INTRODUCTION = re.compile(rf"(?:{_WROTE}|schrieb [^\n]{{1,60}}:|writes|said)[ \t]?:?$", re.IGNORECASE)
_INTRODUCTION_CHARS = 120
_WRAPPED = re.compile(
    rf"^(?P<mark>(?:[ \t]*>)*[ \t]?)(?P<first>{_OPENS}[^\n]{{5,120}})\n"
    rf"(?P=mark)(?P<rest>[^\n]{{0,80}}{_WROTE}[^\n]{{0,60}}:[ \t]*)$",
    re.IGNORECASE | re.MULTILINE,
)
# A time, an address, or a name behind a comma: "On Fri, 30 Oct 2026 at 11:02, Wim <wim@pike.example> wrote:".
_PROGRAM = re.compile(r"\d[:.h]\d\d\b|@|\d[^\n]*,")
FORWARDED = re.compile(
    r"^-{2,}\s*(?:original message|forwarded message|ursprüngliche nachricht|message d'origine)\b", re.IGNORECASE
)
# Whose words a quote is, at its end: "— Ida Holm".
SIGNED = re.compile(r"(?:^|\n|[\"”»’.!?…*_]\s*)(?:—|–|--)\s*[*_]{0,2}[A-ZÀ-Þ][^.\n]{1,60}\Z")

_LONGEST = 200
_PART = re.compile(r"\s*[·|•]\s*|\s[–—/]\s|(?<=[.!?])\s+")
_NAME = r"(?:the )?(?-i:[A-ZÀ-Þ])\S*(?:(?: and| &|,| of)? (?-i:[A-ZÀ-Þ0-9v])\S*){0,5}"  # of a program, a firm
_COPYRIGHT = re.compile(
    r"^(?:©|copyright\s*(?:©|\(c\)|\d{4}|(?-i:[A-ZÀ-Þ]))|\(c\)\s*(?-i:[A-ZÀ-Þ])\S*"
    r"(?: (?:and|&|of|the|(?-i:[A-ZÀ-Þ])\S*)){1,6}(?:[.,]|$))|(?:©|\(c\)|copyright)\s*(?:19|20)\d\d|版权所有",
    re.IGNORECASE,
)
# How a notice begins that goes on for some sentences: of a licence, of cookies, at the end of a mail.
_NOTICE = re.compile(
    r"(?:(?:except where|unless|this (?:work|page|site|text|article|document|content)|licen[cs]ed"
    r"|(?:all |the )?(?:text|contents?)\b)"
    r"[^\n]{0,120}(?:creative commons|\bCC[ -]BY)|CC[ -]BY|creative commons (?:licen[cs]e|attribution|by))"
    r"|(?:we|this (?:web)?site) uses? cookies\b|(?:wir|diese (?:web)?seite) (?:verwende[nt]|nutz(?:en|t)) cookies\b"
    r"|(?:nous utilisons|ce site utilise) des cookies\b|este sitio(?: web)? (?:usa|utiliza) cookies\b"
    r"|(?:this|the information (?:in|contained in) this) (?:e-?mail|message|communication)\b.{0,90}"
    r"\b(?:confidential|privileged|intended (?:only|solely))"
    r"|(?:please )?(?:think of|consider) (?:the (?:trees|environment)|our environment)\b"
    r"|newsletter\b.*\b(?:subscribe|sign up|abonnieren|s'abonner|suscribirse)\W*$"
    r"|(?:(?:subscribe to|sign up (?:for|to)|join) our newsletter|(?:to|click here to|you can) unsubscribe"
    r"|unsubscribe (?:from|here|at any time|by))\b"
    r"|p\.?s\.?:",
    re.IGNORECASE,
)
# Each says nothing but that: "Powered by Hugo", and not "Powered by a water wheel of 6 metres".
_PHRASES = (
    r"(?:(?:this (?:page|site|file|document)|proudly|auto(?:matically)?|was|is)[ -])*"
    rf"(?:powered by|built with|made with|generated (?:by|from|with)|hosted (?:by|on|at)) (?:{_NAME}|\S*[/_]\S+)"
    rf"|diese (?:seite|website) (?:wurde|ist) mit {_NAME} (?:gebaut|erstellt|gemacht)|propulsé par {_NAME}"
    r"|(?:this (?:page|file|document) (?:is|was) )?auto(?:matically)?[ -]generated(?: file)?"
    r"|(?:please )?do not edit(?: (?:this|it)(?: file| page)?)?(?: (?:by hand|manually|directly))?"
    rf"|(?:{_NAME},? )?all rights reserved|alle rechte vorbehalten|tous droits réservés|todos los derechos reservados"
    r"|edit this page(?: on \w+)?|report a problem(?: with this page)?|back to top|was this page helpful"
    r"|impressum|datenschutz(?:erklärung)?|mentions légales|privacy (?:policy|notice)|cookie (?:policy|settings)"
    r"|terms (?:of (?:use|service)|(?:and|&) conditions)|sitemap|unsubscribe|(?:strictly |private and )?confidential"
    r"|printed copies (?:are|of this).{0,40}(?:uncontrolled|not controlled|not valid|for reference only)"
    r"|page \d+ of \d+|seite \d+ von \d+"
    rf"|follow us(?: on {_NAME}(?: or {_NAME})?)?"
)
# A footer often stands there as one line of links: what its links are called beside these.
_LINKS = r"terms|privacy|contact(?: us)?|about(?: us)?|help|home|subscribe"
_WHOLE = re.compile(rf"(?:(?:{_LINKS})\W+)*(?:{_PHRASES})(?:\W+(?:{_PHRASES}|{_LINKS}))*", re.IGNORECASE)
_BESIDE = re.compile(
    rf"(?:{_LINKS})|do not edit .{{1,30}}(?:by hand|manually|directly)|.{{1,40}} may change without notice",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:cheers|(?:best|kind|warm) (?:wishes|regards)|regards|(?:many )?thanks|mfg|viele grüße|mit freundlichen grüßen"
    r"|cordialement|bien à vous|saludos|un saludo|cordiali saluti|met vriendelijke groet)"
    r"(?: (?:again|a lot|so much|very much|in advance|everyone|all|both|to (?:all|everyone|you)|from|for)\b"
    r"[^.!?,\d]{0,45})?"
    r"(?:[,!. –-]{1,3}(?:(?-i:[A-ZÀ-Þ])[\w.'’-]{0,30}[ ,]{0,2}){0,4})?[.!]?",
    re.IGNORECASE,
)
_CLOSING_WORDS, _LINE_WORDS, _PART_WORDS = 8, 12, 5


def is_attribution(line: str) -> bool:
    """Whether a line names who wrote what is quoted below it: "On Friday Wim wrote:"."""
    return _ATTRIBUTION.match(line) is not None


def is_of_a_program(line: str) -> bool:
    """Whether an attribution is one that a mail program writes, and not a sentence of a story."""
    return _PROGRAM.search(line) is not None


def introduces_a_quote(text: str) -> bool:
    """Whether a line that a quote follows says that somebody said it."""
    return is_attribution(text) or _INTRODUCTION.search(text.rstrip()[-_INTRODUCTION_CHARS:]) is not None


def unwrapped(body: str) -> str:
    """Return a mail in which no attribution goes over two lines."""
    return _WRAPPED.sub(r"\g<mark>\g<first> \g<rest>", body)


def is_aside(text: str) -> bool:
    """Whether a paragraph is about the page, the site or the mail, and says nothing else: a short line."""
    text = text.strip()
    if not text or len(text) >= _LONGEST:
        return False
    mark = _COPYRIGHT.search(text)
    if _NOTICE.match(text) or (mark and (mark.start() == 0 or len(text.split()) <= _LINE_WORDS)):
        return True
    parts = [part for whole in _PART.split(text) if (part := whole.strip(" .!?:[]()*_"))]
    known = sum(_WHOLE.fullmatch(part) is not None for part in parts)
    others = [part for part in parts if not _WHOLE.fullmatch(part) and not _BESIDE.fullmatch(part)]
    if not known or any(re.search(r"\d", part) for part in others):
        return False
    return known > 1 or all(len(part.split()) < _PART_WORDS for part in others)


def is_closing(text: str) -> bool:
    """Whether a paragraph is how a letter ends: "Best wishes, Ida"."""
    return len(text.split()) <= _CLOSING_WORDS and _CLOSING.fullmatch(text.strip()) is not None
