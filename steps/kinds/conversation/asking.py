"""Other ways to ask a question, made by rule: in frames, as a part of a sentence, in its place, about its subject.

A small writer turns few questions into others that still ask the same; these do by construction. English has all of
them, other languages the frames (``phrases.yaml``).
"""

import re

from steps.kinds.conversation.corrections import Correction
from steps.kinds.conversation.phrases import phrases
from steps.kinds.conversation.statement import among, asking_words, phrase
from steps.kinds.conversation.subject import is_plural, subject
from steps.marking import holds
from steps.sentences import content_words, inside, words

_INDIRECT = (
    "Tell me {0}, please.",
    "Do you know {0}?",
    "Can you remind me {0}?",
    "I need to know {0}.",
    "Please look up {0}.",
)
_SUBJECT_ASKED = re.compile(r"^(who|which|what)\b(?!.*\b(?:do|does|did)\b)", re.I)
_KIND = re.compile(r"(?:\w+ )?(who|where|when|why|how(?= (?:do|does|did|is|are|was|were|can)\b))\b", re.IGNORECASE)
_MEASURED = re.compile(
    r"\bhow (tall|long|high|wide|deep|heavy|old|far|often|big|large|thick|fast|hot)\b", re.IGNORECASE
)
_NAME = re.compile(r"(?<=\w\s)(?!I\b)[A-ZÀ-Þ][\w'’-]*")  # letters, too: "team B"
_FIGURE = re.compile(r"\w*\d")
_TURNS = frozenset("not no never without before after must may might should except unless until since only".split())
_ADDED = 3  # words that another wording may have besides
_AUXILIARY = re.compile(r"^(?:is|are|was|were|do|does|did|can|could|must|will|would|should|may|has|have|had)\b", re.I)


def _within(text: str) -> str:
    """A text as it stands within a sentence."""
    return re.sub(r"^(?:Our|My|Your)\b", lambda found: found.group().lower(), inside(text))


def framed(one: Correction) -> list[str]:
    """Return the question, and the same in the frames of its language."""
    question = one.question
    low = _within(question) if question[:1] in "TA" else f"{question[:1].lower()}{question[1:]}"
    return [frame.format(q=question, l=low) for frame in phrases()[one.language]["frames"]]


def other_ways(one: Correction, statement: str) -> list[str]:
    """Return other ways to ask for the value, given the sentence that says it."""
    if one.language != "en":
        return []
    asked, about = asking_words(one.question), subject(one.question)
    named = bool(about) and holds(statement, (about,))  # else "it" stands there
    found = []
    if part := _indirect(one, statement if named else "", asked, about):
        found += [frame.format(part) for frame in _INDIRECT]
    if asked and named and (place := _in_place(one, statement, asked)):
        found.append(place)
    if asked and about:
        found += _about(one.question, asked, about)
    return list(dict.fromkeys(found))


def _indirect(one: Correction, statement: str, asked: str, about: str) -> str | None:
    """ "how many berths the marina has": asked as a part of a sentence."""
    question, low = one.question.rstrip(" ?."), f"{asked[:1].lower()}{asked[1:]}"
    rest = question[len(asked) :].strip()
    if asked and _SUBJECT_ASKED.match(question) and not _AUXILIARY.match(rest):
        return f"{low} {rest}"  # "who built the ferry": nothing is turned round
    auxiliary, name = _AUXILIARY.match(rest), _within(about)
    if auxiliary and name and auxiliary.group().lower() not in ("do", "does", "did"):
        after = rest[auxiliary.end() :].strip()
        if after.lower().startswith(name.lower()):
            turned = f"{name} {auxiliary.group().lower()} {after[len(name) :].strip()}".strip()
            return f"{low or 'whether'} {turned}"
    before, after = _around(one, statement, asked) if asked else ("", "")
    return f"{low} {_within(before)}" if before and not after else None


def _in_place(one: Correction, statement: str, asked: str) -> str | None:
    """ "The marina has how many berths?": the sentence with the asking words in the place of the value."""
    before, after = _around(one, statement, asked)
    return f"{' '.join(filter(None, [before, asked[:1].lower() + asked[1:], after]))}?" if before else None


def _around(one: Correction, statement: str, asked: str) -> tuple[str, str]:
    """What stands before and after the value in its sentence, without the noun that the asking words say ("berths")."""
    text, value = statement.rstrip(" .!"), phrase(one)
    at = text.find(value)
    if at < 0:
        return "", ""
    before, after = text[:at].strip(), text[at + len(value) :].strip()
    led = re.match(r"(?:in|at|on|for|to|from|by|with)\s", asked, re.IGNORECASE)
    if led and before.lower().endswith(f" {led.group().strip().lower()}"):
        before = before.rsplit(" ", 1)[0]  # "The fair is on" and "on which day"
    if asked.lower() in ("when", "where"):
        before = re.sub(r"\s(?:at|in|on|by|to|from)$", "", before)
    noun = asked.split()[-1].lower() if len(asked.split()) > 1 else ""
    return before, after[len(noun) :].strip() if noun and after.lower().startswith(noun) else after


def _about(question: str, asked: str, about: str) -> list[str]:
    """ "About the marina: how many berths does it have?", and the few words of a search."""
    low, name = f"{question[:1].lower()}{question[1:]}", _within(about)
    telling = len(asked.split()) > 1 or asked.lower() in ("who", "when", "where")
    found = [f"{about}: {asked[:1].lower()}{asked[1:]}?"] if telling and name.lower() not in asked.lower() else []
    if name in low:
        subject_ = re.search(rf"\b(?:are|were|is|was|do|does|did|have|has|can|must)\s+{re.escape(name)}", low)
        stands = ("they" if subject_ else "them") if is_plural(name) else "it"
        found.append(f"About {name}: {low.replace(name, stands, 1)}")
    return found


def asks_the_same(line: str, question: str) -> bool:
    """Whether a wording keeps nearly all that a question says, and adds little."""
    wanted, said = content_words(question), content_words(line)
    if _kind_of(line) not in (None, _kind_of(question)) or set(_MEASURED.findall(line)) - set(
        _MEASURED.findall(question)
    ):
        return False
    if _turning(line, question) != _turning(question, question):
        return False
    if any(not among(word, said) for word in content_words(subject(question))):
        return False
    missing = [word for word in wanted if not among(word, said)]
    added = [word for word in said if not among(word, wanted)]
    return len(missing) <= (len(wanted) > 2) and len(added) <= _ADDED


def _turning(text: str, question: str) -> tuple[list[str], set[str]]:
    """What may turn the sense round: a question's names and the figures in a text, in order, and "without" and such."""
    names = {*words(" ".join(_NAME.findall(question)))}
    told = [word for word in words(text) if word in names or _FIGURE.match(word)]
    return told, {*words(text)} & _TURNS


def _kind_of(question: str) -> str | None:
    """Whether a question asks for a person, a place, a time, a reason or a way; None: its first words do not tell."""
    found = _KIND.match(question)
    return found[1].lower() if found else None
