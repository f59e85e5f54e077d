"""What of a reply says something: without the words that deny, greet or thank, what was before, and what is denied."""

import re
from collections.abc import Mapping
from typing import Any

from steps.kinds.conversation.phrases import phrases
from steps.marking import holds
from steps.sentences import content_words, names_and_numbers, sentences

CLEAN = re.compile(r"^(?:[\s,!?:;…—]|[.–-](?!\d))+")  # "-5" is no 5, nor is ".5"

# What only ends a sentence stands behind a pause, or is written small: not in "it was Orville Wright" nor "by OK Go".
_ENDED = r"(?:^|\s*[,;.!–—]+\s+|\s+-\s+|\s+(?-i:(?=[a-z])))"


def without_openers(text: str) -> str:
    """Return what follows words that deny, hedge or greet, in whatever language."""
    for known in phrases().values():
        if (rest := opened(text, known)[1]) != CLEAN.sub("", text.strip()):
            return rest
    return text


def opened(text: str, known: Mapping[str, Any]) -> tuple[bool, str]:
    """What follows the words that deny an answer, and whether there were any."""
    denied, rest = False, CLEAN.sub("", text.strip())
    while True:
        for name in ("opens", "fixes", "hedges"):
            match = known[name].match(rest)
            if match and match.end() and not _is_in_a_name(match, text):
                asks = rest[match.end() :].lstrip().startswith("?")  # "No? Ah well."
                denied = denied or (name != "hedges" and not asks)
                rest = CLEAN.sub("", rest[match.end() :])
                break
        else:
            return denied, rest


def _is_in_a_name(match: re.Match[str], text: str) -> bool:
    """Whether words that open belong to a name: "No, Hello Kitty", "Non, Bon Marché"."""
    before = text[: len(text.rstrip()) - len(match.string.rstrip())].rstrip()
    behind = match.string[match.end() :]
    is_name = re.match(r"[A-ZÀ-Þ](?!['’\s])", match[0]) and re.match(r"\s[A-ZÀ-Þ]", behind)
    return bool(is_name) and before.endswith(",") and not text.isupper()


def part_with(value: str, text: str, wrong: str, known: Mapping[str, Any], language: str) -> str:
    """The sentence of a reply that says a value, without what is denied in it."""
    parts = [part for part in sentences(text, language) if holds(part, (value,))]
    return _without_denied(cleaned(parts[-1], known), wrong, known) if parts else value


def newly_said(rest: str, wrong: str, known: Mapping[str, Any], language: str) -> tuple[str, bool]:
    """The first sentence that says more than the answer did, without what is denied in it; and whether it denies so."""
    parts = [part for part in sentences(rest, language) if len(rest.split()) > 3] or [rest]
    contrasted = False
    for part in parts:
        part = cleaned(part, known)
        kept = _without_denied(_without_past(part, known), wrong, known)
        contrasted = contrasted or kept != part
        kept = _newest(kept, wrong)
        if kept and not holds(wrong, (kept,)):
            return kept, contrasted
    return "", contrasted


def cleaned(part: str, known: Mapping[str, Any]) -> str:
    """A sentence without what only denies, greets or thanks."""
    part = CLEAN.sub("", opened(part, known)[1])
    return re.sub(rf"{_ENDED}(?:{known['ends'].pattern})(?![\w-])$", "", part, flags=re.I).strip()


def _without_past(part: str, known: Mapping[str, Any]) -> str:
    """Of "they used to be black, but now they are red" the clause that tells how it is now."""
    turn = known["turn"].search(part) if known["past"].match(part) else None
    return part[turn.end() :].strip() or part if turn else part


def _newest(part: str, wrong: str) -> str:
    """Of "it was 40, now it is 41" the clause that says something new, if the first says what the answer did."""
    clauses = re.split(r"(?:,|;|\s[–—-]\s|\.\s)\s*(?:and |but |und |aber |et |mais |y |pero )?", part)
    if len(clauses) < 2:
        return part
    fresh = [one for one in clauses if names_and_numbers(f"So {one}") - names_and_numbers(f"So {wrong}")]
    stale = [
        one for one in clauses if one not in fresh and names_and_numbers(f"So {one}") & names_and_numbers(f"So {wrong}")
    ]
    return re.sub(r"^(?:now|since then|today)\s+", "", fresh[0], flags=re.I) if len(fresh) == 1 and stale else part


def _without_denied(part: str, wrong: str, known: Mapping[str, Any]) -> str:
    """Drop ", not X" where X is what the answer said."""
    for match in re.finditer(known["instead"].pattern, part, re.I):
        rest = re.match(r"[^,;.]+", part[match.end() :])
        denied = rest.group() if rest else ""
        if denied and content_words(denied) and content_words(denied) <= content_words(wrong):
            before, after = part[: match.start()], part[match.end() + len(denied) :]
            if before.strip():
                return f"{before.rstrip(' ,;-–—')}{after}".strip()
            return CLEAN.sub("", re.sub(r"^\s*(?:but|sondern|mais|sino)\b", "", after.lstrip(" ,;"), flags=re.I))
    return part


def sentence(text: str) -> str:
    text = " ".join(text.split())
    text = f"{text[:1].upper()}{text[1:]}"
    return text if text.endswith((".", "!")) else f"{text}."
