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
_NAME = r"(?:the )?(?-i:[A-Z])\S*(?:(?: and| &|,)? (?-i:[A-Z0-9v])\S*){0,5}"  # of a program, a firm
_COPYRIGHT = re.compile(
    r"^(?:©|copyright\s*(?:©|\(c\)|\d{4}|(?-i:[A-ZÀ-Þ])))|(?:©|\(c\)|copyright)\s*(?:19|20)\d\d|版权所有", re.IGNORECASE
)
_LICENCE = re.compile(
    r"(?:except where|unless|this (?:work|page|site|text|article|document|content)|(?:all |the )?(?:text|contents?)\b"
    r"|licen[cs]ed)[^\n]{0,120}(?:creative commons|\bCC[ -]BY)|CC[ -]BY|creative commons (?:licen[cs]e|attribution|by)",
    re.IGNORECASE,
)
# Each says nothing but that: "Powered by Hugo", and not "Powered by a water wheel of 6 metres".
_WHOLE = re.compile(
    r"(?:(?:this (?:page|site|file|document)|proudly|auto(?:matically)?|was|is)[ -])*"
    r"(?:powered by|built with|made with"
    rf"|generated (?:by|from|with)|hosted (?:by|on|at)) {_NAME}"
    r"|(?:this (?:page|file|document) (?:is|was) )?auto(?:matically)?[ -]generated(?: file)?"
    r"|(?:please )?do not edit(?: (?:this|it|the) ?(?:file|page)?)?(?: (?:by hand|manually|directly))?"
    r"|all rights reserved|alle rechte vorbehalten|tous droits réservés|todos los derechos reservados"
    r"|edit this page(?: on \w+)?|report a problem(?: with this page)?|back to top|was this page helpful"
    r"|impressum|datenschutz(?:erklärung)?|mentions légales|privacy (?:policy|notice)|cookie (?:policy|settings)"
    r"|terms (?:of (?:use|service)|(?:and|&) conditions)|sitemap"
    r"|printed copies (?:are|of this).{0,40}(?:uncontrolled|not controlled|not valid|for reference only)"
    r"|page \d+ of \d+|seite \d+ von \d+"
    rf"|follow us(?: on {_NAME}(?: or {_NAME})?)?|(?:subscribe to|sign up (?:for|to)|join) our newsletter.{{0,40}}"
    r"|(?:we|this (?:web)?site) uses? cookies\b.{0,120}"
    r"|(?:please )?(?:think of|consider) (?:the (?:trees|environment)|our environment)\b.{0,60}"
    r"|(?:(?:to|click here to|you can) )?unsubscribe\b(?: (?:from|here|at any time|click|by)\b.{0,60})?"
    r"|(?:strictly |private and )?confidential"
    r"|(?:this|the information (?:in|contained in) this) (?:e-?mail|message|communication)\b.{0,90}"
    r"\b(?:confidential|privileged|intended (?:only|solely)).{0,90}",
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
_CLOSING_WORDS = 8


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
    if (mark := _COPYRIGHT.search(text)) and (mark.start() == 0 or len(text.split()) <= 12):
        return True
    if _LICENCE.match(text):
        return True
    parts = [part for whole in _PART.split(text) if (part := whole.strip(" .!?:[]()*_"))]
    others = [part for part in parts if not _WHOLE.fullmatch(part)]
    return len(others) < len(parts) and all(len(part.split()) < 5 and not re.search(r"\d", part) for part in others)


def is_closing(text: str) -> bool:
    """Whether a paragraph is how a letter ends: "Best wishes, Ida"."""
    return len(text.split()) <= _CLOSING_WORDS and _CLOSING.fullmatch(text.strip()) is not None
