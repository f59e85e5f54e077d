"""Secrets that only a label gives away, in what people write to people: sentences, questions and answers, headings.

Every repetition is bounded or anchored by a look-behind, so that a hostile text costs linear time.
"""

import re
from bisect import bisect
from collections.abc import Iterator

from steps.ingest.assignments import CODE, EXAMPLE, MEASURE, PROSE, trimmed
from steps.ingest.labels import ASKED_FOR, ASKING, FUNCTION_WORDS, LABEL

Span = tuple[int, int]

_WINDOW = 160
_END = re.compile(r"\n|[.!?](?=\s+[A-ZÀ-Ý])")
_OPEN = r"""["'`*_«“„(]{0,3}"""
# What stands before a value: a sign, a verb, an invitation to type it.
_BEFORE = re.compile(
    r"(?:(?::=|=>|->|→|=|:)[*_`]{0,2}\s{1,4}|\s[–—]\s+|, (?=[^\s,]{12,80},\s)"
    r"|\b(?:is|was|are|were|been|it's|that's|remains|stays|becomes|be|reads|called|lautete?|ist|war|sind|est"
    r"|était|sont|reste"
    r"|es|era|son|sigue siendo|é|è|sono|são|luidt|blijft|type|enter|use|try|say|give|supply|answer|dial|press"
    r"|eingeben"
    r"|gib|geben sie|verwende|tapez|saisissez|utilise[rz]?|introduce|escribe|marca|digita|inserisci|usa|digite"
    r"|typ|voer"
    r"|gebruik|(?:changed|reset|set|updated|rotated|geändert|gesetzt|changé|cambiad[oa]|cambiato|alterad[oa]"
    r"|gewijzigd)"
    r"(?: \w{1,12}){0,2}? (?:from|to|von|auf|de|en|à|a|in|van|naar)"
    r"|(?<=\S )(?:to|auf|à|naar)(?= \S{4,60}[ .,;]?))(?: (?:now|still|no longer|not|nicht mehr|plus|currently"
    r"|always|simply|just|again|jetzt|nun|aktuell|ab sofort|désormais|actuellement|oggi"
    r"|maintenant|ahora|agora|ora|nu)\b){0,2}:?[ \t]+)(?=\S)",
    re.IGNORECASE,
)
_VALUE = re.compile(rf"""{_OPEN}(?P<value>[^\s"'`«»“”„<>|]{{3,120}})""")
_NUMBER = re.compile(
    rf"""{_OPEN}(?P<value>[#*]?(?:\d{{3,10}}[A-Z]?|[A-Z]\d{{3,6}}|\d{{1,3}}(?:[-–/. ]\d{{1,3}}){{1,5}}"""
    rf"""|\d{{3,6}}(?:-\d{{3,6}}){{1,5}})[#*]?)"""
    r"""(?![\w%]|-\w|[.,:]\d|[ -]?(?:digits?|char|days?|times?|stellig|attempts?|minutes?|seconds?|hours?"""
    r"""|years?|weeks?"""
    r"""|months?|users?|people|percent|euros?|rooms?)\b)"""
)
_WORDS = re.compile(
    rf"""{_OPEN}(?P<value>(?:[^\W\d_A-Z]{{2,14}}[ -]){{2,23}}[^\W\d_A-Z]{{2,14}})"""
    r"""(?=["'`*”“.!,;]|\s*$|\s*\n| since| until| for )""",
    re.MULTILINE,
)
# "My password is Sunshine.": of nobody's own password a sentence may say what it is like.
_MINE = re.compile(r"\b(?:my|our|mein|unser|mon|notre|mi|mio)\s(?:[\w-]{1,15}\s){0,2}$", re.IGNORECASE)
_NAME = re.compile(rf"{_OPEN}(?P<value>[A-ZÀ-Ý][^\W\d_]{{4,30}})(?=[\"'`*]{{0,2}}[.!]?\s*(?:\n|$|[A-Z]))")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SHORT = re.compile(r"\d{1,3}")
_HEADING = re.compile(r"[^.=:\n]{0,60}[:?*_ ]{0,6}\n\s{0,8}(?:[-*>•] +)?(?=[^\s,;|=]{3,60}[ .*`]{0,3}(?:\n|$))")
_MORE = re.compile(
    r"(?:[,;]? (?:and |or |und |et |y |e )?|,|\s{0,4}\n\s{0,8}(?:[-*•] |\d\. )?)(?=\S{4,60}(?:[\s,;.]|$))"
)
_LISTED = re.compile(r"[\dA-Za-z]{3,8}(?:-[\dA-Za-z]{3,8})+|\d{6,10}")
_CHANGED = re.compile(r"\b(?:from|von|de|da|van|no longer|not|nicht mehr|plus)\s+$", re.IGNORECASE)
_FROM_TO = re.compile(
    rf"\b(?:from|von|de|da|van)\s(?={_OPEN}(?P<old>\S{{4,60}})[\"'`*]{{0,2}}\s(?:to|auf|zu|in|à|a|para|naar)\s)", re.I
)
_THEN = re.compile(
    r"[,;.]? ?(?:to|auf|zu|in|à|a|para|naar|but|sondern|mais|sino|ma|mas|maar|(?:and )?(?:the )?new(?: one)?:?"
    r"|neu:?|nouveau:?) (?=\S)",
    re.IGNORECASE,
)
# Before a label: "hunter2 is the password", "use 8839* as the door code".
_BACKWARDS = re.compile(
    rf"(?<!\S){_OPEN}(?P<value>[^\s\"'`,;«»<>|]{{3,80}})[\"'`*”]{{0,2}},? (?:[–—-] )?"
    r"(?:is|was|that's|this is|that is|ist|war|est|c'est|es|é|è|as|als|comme|como|come|\((?=[\w ]{0,20}$)) ?"
    r"(?:(?:the|our|your|my|its|das|der|die|unser|mein|le|la|il|lo|o|a|het|de|notre|su|el) )?(?:[\w-]{1,20} ){0,2}$",
    re.IGNORECASE,
)
_AFTERWARDS = re.compile(r" (?:for|of|to|on|in|at|für|zum|zur|von|de|du|di|del|do|da|voor|van)\b|[.,;!)]|\s*$", re.I)
_USER = r"[A-Za-z][\w.@-]{1,60}"
_SECRET = r"(?P<value>[^\s\"'`,;«»<>|]{5,80})"
_LOGINS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:log[ -]?(?:in|on)|sign[ -]?(?:in|on)|logins?|credentials?|creds|anmeld\w{0,6}|zugang\w{0,8}"
        r"|einlogg\w{0,4}|connexion|identifiants?|connectez-vous|acceso|inicia sesión|accesso|accedi|inloggen)\b"
        r"(?: (?:to|on|at|into|for|auf|bei|für|sur|pour|en|para|su|op|voor) (?:[^.,;:\n]|\.(?=\S)){1,60}?)?"
        r" ?(?:as|with|using|is|are|mit|als|avec|comme|con|come|met|:|=|-)?"
        rf" ?[`\"']?(?:user(?:name)? )?{_USER}[`\"']?(?: ?[/,|] ?|:(?=\S)| and | und | et | y | e | en | with "
        rf"| mit )[`\"']?"
        rf"{_SECRET}",
        rf"\b(?:use|try|take) [`\"']?{_USER}[`\"']?(?: with | and | ?/ ?)[`\"']?{_SECRET}[`\"']? to (?:log|sign|get) "
        r"(?:in|on)",
        r"\b(?:admin|administrator|root|guest|sysadmin) ?/ ?[\"'`]?(?P<value>[^\s\"'`,;]{5,80})",
        r"\b(?:the|shared|with|its) secret (?P<value>[^\s\"'`,;]{6,80})",
        r"\b(?:key|clé|clave|chiave|chave|schlüssel|sleutel) (?:is|=|ist|est|es|è"
        r"|é) [\"'`]?(?P<value>[^\s\"'`,;]{8,80})",
    )
)
# "Type in hunter2 when it asks for the password".
_FIRST = re.compile(
    rf"\b(?:type|enter|use|put|supply)(?: in)? {_OPEN}(?P<value>[^\s\"'`,;«»<>|]{{4,80}})[\"'`*]{{0,2}} "
    r"(?:in|into|when|at|as|for|if)\b[^.\n]{0,40}$",
    re.IGNORECASE,
)
_KEYPADS = re.compile(
    r"\b(?:enter|type|dial|press|punch in|key in|tippen sie|tapez|marque|digita|toets)\s"
    r"(?P<value>[#*]?\d{3,8}[#*]?) (?:at|on|into|in|am|sur|en|su|op) (?:the|der|dem|le|la|el|il|het"
    r"|de) (?:\w{1,15} ){0,2}"
    r"(?:keypad|key pad|door|gate|alarm|safe|lock|panel|tür|alarmanlage|clavier|teclado|tastiera)"
    r"|\b(?:safe|vault|lock|keypad|padlock|locker|key ?box|gate|door|alarm\w{0,8}|tresor|tür|coffre|porte"
    r"|caja fuerte|puerta"
    r"|cassaforte|porta|kluis|deur)\b[^.\n]{0,40}?\b(?:opens?|unlocks?|disarms?|is (?:opened|disarmed)|wird"
    r"|geht|s'ouvre"
    r"|se abre|si apre|gaat"
    r"|(?=\w+ (?:the |dem |le |el |il |de )?code )|takes|wants|accepts)\s(?:(?:with|by|on|mit|avec|con|met)\s)?"
    r"(?:the |dem |le |el |il |de )?(?:code |combination )?"
    r"(?P<second>[#*]?(?:\d{3,10}|\d{1,3}(?:[-–/ ]\d{1,3}){1,5})[#*]?)(?![\w:]|[.,]\d)",
    re.IGNORECASE,
)
# Where a question ends: at its mark, or where the next speaker, or the answer to "Q:", begins.
_ASKED = re.compile(r"\?|(?<=\S)(?=\n(?:\[[\d: ]{4,12}\] ?)?[^\W\d_]{1,20}: )|(?<=\S)(?=\s{1,4}A ?: )")
_QUESTION = re.compile(r"[.!?\n]")
_ANSWERER = re.compile(r"[\s*]*(?:\[[\d: ]{4,12}\]\s*)?(?:[^\W\d_]{1,20}\s?:\s+)?[*]{0,2}")
_REPLY_END = re.compile(r"\n|\?(?=\s)")
_REPLY_WORDS, _REPLY_CHARS = 8, 160
_FIRST_WORDS = 8  # characters of a question that names at once what it asks for: "The PIN for the meter?"


def labelled(text: str) -> Iterator[Span]:
    """Yield the (start, end) of every value in ``text`` that a label says to be secret, in no fixed order."""
    labels = [*LABEL.finditer(text)]
    places = [label.start() for label in labels]
    for label, after in zip(labels, [*labels[1:], None], strict=False):
        yield from _after(text, label, until=after.start() if after else len(text))
        yield from _before(text, label)
    for pattern in _LOGINS:
        for match in pattern.finditer(text):
            start, end = trimmed(text, *match.span("value"))
            if _mixed(text[start:end]):
                yield start, end
    for match in _KEYPADS.finditer(text):
        yield match.span("value" if match["value"] else "second")
    for asked in _ASKED.finditer(text):
        last = bisect(places, asked.end()) - 1
        if last < 0 or places[last] < asked.end() - _WINDOW:
            continue
        question = _QUESTION.split(text[max(0, asked.end() - _WINDOW) : asked.end()].rstrip(".?"))[-1]
        begins = _ANSWERER.match(text, asked.end())
        start = begins.end() if begins else asked.end()
        reply = _REPLY_END.split(text[start : start + _REPLY_CHARS], maxsplit=1)[0]
        yield from ((start + a, start + b) for a, b in told(question, reply))


def told(question: str, reply: str) -> Iterator[Span]:
    """Yield the (start, end) of what in ``reply`` is the secret that ``question`` asks for, if it asks for one."""
    labels = [found for found in LABEL.finditer(question) if ASKED_FOR.match(question, found.end())]
    asking = (found for found in labels if found.start() <= _FIRST_WORDS or ASKING.search(question[: found.start()]))
    label = next(asking, None)
    if label is None or "[" in reply:
        return
    words = reply.split()
    plain = {word.lower().strip(".,;:!?") for word in words}
    found = False
    for word in re.finditer(r"""[^\s"'`«»“”„<>|]{3,120}""", reply):
        start, end = trimmed(reply, *word.span())
        if _mixed(reply[start:end]) or (label["code"] and _NUMBER.fullmatch(reply[start:end])):
            found = True
            yield start, end
    if not found and 0 < len(words) <= _REPLY_WORDS and len(words) != 2 and not plain & (FUNCTION_WORDS | PROSE):
        yield trimmed(reply, len(reply) - len(reply.lstrip()), len(reply.rstrip()))


def _after(text: str, label: re.Match[str], *, until: int) -> Iterator[Span]:
    """Yield what the words after a label, up to the next, give as its value: in the sentence, or on its own line."""
    at = label.end()
    sentence = _END.search(text, at, at + _WINDOW)
    end = min(until, sentence.start() if sentence else at + _WINDOW)
    bare = _NUMBER.match(text, at + 1) if label["code"] and text[at : at + 1] == " " else None
    if bare and not _YEAR.fullmatch(bare["value"]):
        yield bare.span("value")
        return
    starts = [found.end() for found in (*_FROM_TO.finditer(text, at, end), *_BEFORE.finditer(text, at, end))]
    if not label["phrase"] and re.match(r" \S{6}", text[at : at + 8]):
        starts.insert(0, at + 1)
    if heading := _HEADING.match(text, at):
        starts.append(heading.end())
    for start in starts:
        found = [*_values(text, start, label)]
        if not found:
            continue
        yield from found
        then = _THEN.match(text, found[-1][1]) if _CHANGED.search(text[max(0, start - 11) : start]) else None
        yield from _values(text, then.end(), label) if then else ()
        return


def _values(text: str, start: int, label: re.Match[str]) -> Iterator[Span]:
    """Yield the value at ``start``; if the label is a plural, those listed after it, too."""
    phrase = label["phrase"] or (label["password"] and text[:start].rstrip(" \t*_`")[-1:] in (":", "="))
    words = _WORDS.match(text, start) if phrase else None
    if words and not FUNCTION_WORDS & set(re.split("[ -]", words["value"])):
        yield words.span("value")
        return
    mine = label["password"] and _MINE.search(text[max(0, label.start() - 30) : label.start()])
    if name := _NAME.match(text, start) if mine else None:
        yield name.span("value")
        return
    many = label[0].lower().endswith("s")
    number = None if many else _NUMBER.match(text, start)
    if number and (label["code"] or (len(number["value"]) > 3 and not _YEAR.fullmatch(number["value"]))):
        yield number.span("value")
        return
    while match := _VALUE.match(text, start):
        first, end = trimmed(text, *match.span("value"))
        value = text[first:end]
        if not (_mixed(value) or (many and _LISTED.fullmatch(value))):
            return
        yield first, end
        more = _MORE.match(text, end) if many else None
        if more is None:
            return
        start = more.end()


def _before(text: str, label: re.Match[str]) -> Iterator[Span]:
    start = max(0, label.start() - _WINDOW // 2)
    before = text[start : label.start()]
    ends = _AFTERWARDS.match(text, label.end())
    for found in (_BACKWARDS.search(before) if ends else None, _FIRST.search(before)):
        if found is None:
            continue
        first, end = (start + at for at in found.span("value"))
        number = _NUMBER.fullmatch(found["value"]) and not _SHORT.fullmatch(found["value"])
        words = label["phrase"] and found["value"].count("-") > 1
        if words or _mixed(found["value"]) or (label["code"] and number and not _YEAR.fullmatch(found["value"])):
            yield trimmed(text, first, end)


def _mixed(value: str) -> bool:
    """Whether a word in a sentence looks like a secret: letters with digits or signs, and no measure, path, address."""
    letter = re.search(r"[^\W\d_]", value)
    odd = re.search(r"\d|[!#$%^&*+=~?\\](?=.)|[_@](?=\S)", value)
    named = value.lower().strip("!?") in PROSE or CODE.search(value) or EXAMPLE.search(value)
    return bool(letter and odd and len(value) >= 5 and not named and not MEASURE.search(value) and "[" not in value)
