"""What a question is about: the noun that it asks of, whole, with its article and without the question's verb."""

import re

from steps.sentences import content_words

_SPLIT = re.compile(r"\b(?:do|does|did)\b|^(?:where|when|why|how|is|are|was|were|can|may|must)\b", re.IGNORECASE)
_SUPPORTED = re.compile(r"\b(?:do|does|did|can|may|must|will)\b", re.IGNORECASE)
_DOES = re.compile(rf"{_SUPPORTED.pattern}\s+$", re.IGNORECASE)
_PARTICIPLE = re.compile(r"(?:ed|en|pt|lt|ld|de|ne|nt|ut|id|und|ung|ost)$|^(?:free|available|due|ready|full|empty)$")
_IS_CALLED = re.compile(
    r"^(?:what|which|who|how)\b.*\b(?:called|named|known|made|spelled|spelt|pronounced|written)(?: (?:of|from|as))?$",
    re.IGNORECASE,
)
_NOUNS = re.compile(r"\b((?:the|our|my|your|a|an|this|that)\s+)((?:[\w'’-]+\s?)+)", re.I)
_WITHIN = re.compile(r"\b(?:of|for)\s+$", re.IGNORECASE)
_NAMES = re.compile(
    r"(?<=\s)(?<!\bon\s)(?<!\bin\s)(?<!\bat\s)[A-ZÀ-Þ][\w'’-]*(?:\s[A-ZÀ-Þ][\w'’-]*)*(?:\s\d\w*)?(?:\s[a-z]+(?=\s|$))?"
)
_HALF = re.compile(r"[A-ZÀ-Þ][\w.'’-]*\s$")  # before the second half of a name: "St. " in "at St. Ann's"
_NUMBERED = re.compile(r"\d[\w.,:/-]*|(?!I$)[A-Z]")  # "gate 3", "team B"
_ADVERBS = frozenset(
    "each every all this that these per next last today tonight tomorrow usually now here again".split()
)
_PARTICLES = frozenset("up out off down away back over".split())


def subject(question: str) -> str:
    """What a question is about, with its article: a name in it with its noun, or what stands behind an article."""
    text = question.rstrip(" ?.!")
    nouns = [found for found in _NOUNS.finditer(text) if not _WITHIN.search(text[: found.start()])]
    found = [_noun_phrase(text, one.start(), one[1].lower(), one[2]) for one in nouns]
    names = [one for one in _NAMES.finditer(text) if not _HALF.search(text[: one.start()])]
    found += [_noun_phrase(text, one.start(), "", one.group()) for one in names]
    named = [one for one in found if re.search(r"\b[A-ZÀ-Þ]", one)]
    best = max(named or found, key=len, default="")
    return f"{best[:1].upper()}{best[1:]}" if best else ""


def _noun_phrase(text: str, start: int, article: str, rest: str) -> str:
    """The noun that ``rest`` begins with, and what it is of ("the key of the shed"), without the question's verb."""
    run = _content(rest)
    if not run:
        return ""
    behind = text[start + len(article) + len(" ".join(run)) :]
    more = re.match(r"\s+((?:of|for)\s+(?:(?:the|our|my|your|a|an)\s+)?)(.+)", behind)
    of = _content(more[2]) if more else []
    last, left = (of, behind.partition(" ".join(of))[2]) if of else (run, behind)
    does = _DOES.search(text[:start]) and not re.match(r"\s+(?:have|be|do)\b", left)
    splits = _SPLIT.search(text) or (_IS_CALLED.match(text) and not re.search(r"\w", left.removesuffix("of")))
    stands = splits and not _SUPPORTED.search(text) and _PARTICIPLE.search(last[-1])
    is_verb = last and not last[-1][:1].isupper() and not _NUMBERED.fullmatch(last[-1])
    if len(last) > 1 and (does or stands) and is_verb:
        verb = last.pop()  # "when does the ferry leave"
        if verb in _PARTICLES and len(last) > 1:
            last.pop()
    return f"{article}{' '.join(run)}" + (f" {more[1]}{' '.join(of)}" if more and of else "")


def _content(run: str) -> list[str]:
    kept: list[str] = []
    for word in run.split():
        numbered = kept and _NUMBERED.fullmatch(kept[-1]) and re.fullmatch("[a-z]", word)  # "5 b"
        if not (content_words(word) or numbered or _NUMBERED.fullmatch(word)) or word.lower() in _ADVERBS:
            break
        kept.append(word)
    return kept


def is_plural(name: str) -> bool:
    """Whether a name with a noun is of several: "the posters of the choir", not "the bus"."""
    head = re.split(r"\s(?:of|for)\s", name)[0]
    return head.endswith("s") and not head.endswith(("ss", "us", "is"))
