"""Who corrected which answer of a conversation: in the next turn, in a later one, or in a field of feedback."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from steps.diary import ANONYMOUS
from steps.kinds.chatter import chatter
from steps.kinds.conversation.asked import asked_key, pairs
from steps.kinds.conversation.corrections import MOST_CHARS, MOST_WORDS, Correction, correction, tells
from steps.kinds.conversation.framing import without_order
from steps.kinds.conversation.likeness import says_the_same
from steps.kinds.conversation.phrases import phrases
from steps.kinds.conversation.twins import spoken_of
from steps.kinds.rating import rating
from steps.sentences import stems

CORRECTING = ("correction", "expected_response", "expected", "corrected_answer", "better_answer", "should_be")
COMMENTING = ("comment", "rationale")
"""Fields of feedback that say what is right, and those that may."""
_LED = re.compile(r"^(?:and|so|also|und|et|y)\b[,\s]+", re.IGNORECASE)
_NAMED = 2  # words of a question and its answer
_MOST_MESSAGES = 400  # of a conversation: what is said after so many corrects nothing
_LOOKED_AT = 2000  # characters of a question and its answer
_stems = lru_cache(maxsize=2048)(stems)  # of what each answer is held against
_WHOLE = ("asks", "yes_no", "how", "tells")
_CLEAN = re.compile(r"^[\s,:;.–—-]+")
_TOPIC = re.compile(r"^([^,.:;]{1,60}?)(?: zurückzukommen)?[,:]\s+(?=\w)")
_IS = re.compile(r"^(what|who|where|when|how)['’]?s\b", re.IGNORECASE)


def corrections(payload: Mapping[str, Any]) -> list[Correction]:
    """Return what was corrected in a conversation, in the order of its questions.

    Of each question it is the last word of each person; what several say alike is one correction, the last.
    """
    every, owner = payload.get("messages", []), payload.get("user")
    given = list(_feedback(payload.get("feedback"), every))
    messages = every[:_MOST_MESSAGES]
    found: dict[str, list[Correction]] = {}
    spoken = " ".join(m.get("content") or "" for m in messages if m["role"] in ("user", "assistant"))
    asked = {at: question for at, question in _questions(messages) if _asks(question)}
    twins = spoken_of(messages, asked)
    meant = _unasked(messages, asked) | twins
    withdrawn = _withdrawn(messages)
    judged_late = sorted({at for at, *_ in given if at >= len(messages)})  # a field names its answer, however late
    for place in (*range(len(messages)), *judged_late):
        message = every[place]
        if message["role"] != "assistant" or not (message.get("content") or "").strip():
            continue
        question = _corrected_before(every, place, found) or _asked_before(every, place)
        if question is None:
            continue
        replies = [
            (at, (m.get("content") or "")[: MOST_CHARS + 1])
            for at, m in enumerate(messages[place + 1 :], place + 1)
            if m["role"] == "user"
        ]
        said, texts = [text for _, text in replies], []
        if replies and messages[place + 1]["role"] == "user" and place + 1 not in withdrawn:
            about = twins.get(place + 1, place)
            if about == place or asked_key(asked[about]) == asked_key(question):
                texts.append((said[0], owner, False))
        texts += [(text, by, is_field) for at, text, by, is_field in given if at == place]  # plainer than a turn
        others = [q for at, q in asked.items() if at != place]
        later = [(at, text) for at, text in replies[1:] if at not in withdrawn]
        back = [text for at, text in later if twins.get(at, place) == place]
        texts += [(text, owner, True) for text in _later(back, question, others)]
        texts += [(text, owner, False) for at, text in later if meant.get(at) == place]
        for text, by, is_field in texts:
            if one := correction(question, message["content"], text, is_field=is_field, spoken=spoken):
                _enter(found, replace(one, by=by, text=text, place=place), owner)
    return [one for said_of_it in found.values() for one in said_of_it]


def _enter(found: dict[str, list[Correction]], one: Correction, owner: str | None) -> None:
    """Enter a correction in the place of what the same person said of it before, and of what says the same."""

    def whose(other: Correction) -> str | None:
        return owner if other.by in (None, ANONYMOUS) else other.by

    others = found.get(asked_key(one.question), [])
    kept = [two for two in others if whose(two) != whose(one) and not says_the_same(two.value, one.value)]
    found[asked_key(one.question)] = [*kept, one]


def _corrected_before(messages: list[dict[str, Any]], place: int, found: Mapping[str, list[Correction]]) -> str | None:
    """The question that was answered anew by the user just before: what he says next may mend that."""
    said = messages[place - 1].get("content") if place else None
    each = (one for ones in found.values() for one in ones)
    return next((one.question for one in each if one.place == place - 2 and one.text == said), None)


def _questions(messages: list[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    """Yield the place of each answer and the question before it."""
    for place, message in enumerate(messages):
        if message["role"] == "assistant" and (question := _asked_before(messages, place)):
            yield place, question


def _asks(text: str) -> bool:
    """Whether a turn asks or orders something: what corrects stands before an answer ("Sorry!"), too."""
    return text.rstrip().endswith("?") or any(known[how].match(text) for known in phrases().values() for how in _WHOLE)


def _withdrawn(messages: list[dict[str, Any]]) -> set[int]:
    """The places of turns that are taken back: in the same breath, or in the next one that says more than thanks."""
    found, told = set[int](), list[int]()  # told: the last turn that says more than thanks, and those since
    for at, message in enumerate(messages):
        if message["role"] == "user":
            text = (message.get("content") or "")[:MOST_CHARS]
            if _takes_back(text):
                found.update([*told, at])
            told = [*told, at] if chatter(text) else [at]
    return found


def _takes_back(text: str) -> bool:
    """Whether somebody says that he was wrong, or joked."""
    return any(known["withdrawn"].search(text) for known in phrases().values())


def _later(replies: list[str], question: str, others: list[str]) -> Iterator[str]:
    """Yield what was said in later turns about an earlier answer, if it is about this question more than another."""
    for text in replies:
        if not (rest := _of_an_earlier(text)):
            continue
        asked = [one for one in others if one != without_order(" ".join(text.split()))]
        said, told = _stems(rest), pairs(rest)
        here, *elsewhere = (len(_stems(one) & said) + len(pairs(one) & told) for one in (question, *asked))
        if here > max(elsewhere, default=0):
            yield _without_topic(rest, question)


@lru_cache(maxsize=1024)
def _of_an_earlier(text: str) -> str:
    """What is said of an earlier answer, by who says that he goes back to one; "" if nobody does."""
    if len(text) > MOST_CHARS:
        return ""
    ends = (match.end() for known in phrases().values() if (match := known["back"].search(text)))
    return next(filter(None, (_CLEAN.sub("", text[end:]) for end in ends)), "")


def _unasked(messages: list[dict[str, Any]], asked: Mapping[int, str]) -> dict[int, int]:
    """Return which earlier answer a turn speaks of without going back to it: the one that it names more than others.

    No word counts that another question has, too.
    """
    found = dict[int, int]()
    often = Counter(stem for question in asked.values() for stem in _stems(question))
    told = {
        at: frozenset(
            stem
            for stem in _stems(f"{question} {messages[at].get('content') or ''}"[:_LOOKED_AT])
            if often[stem] == (stem in _stems(question))
        )
        for at, question in asked.items()
    }
    questions = frozenset(asked.values())
    for place, message in enumerate(messages):
        text = message.get("content") or ""
        if message["role"] != "user" or len(text) > MOST_CHARS or without_order(text) in questions:
            continue
        shared = {at: len(_stems(text) & words_) for at, words_ in told.items() if at < place}
        best = max(shared.values(), default=0)
        places = [at for at, count in shared.items() if count == best]
        if best >= _NAMED and len(places) == 1:
            found[place] = places[0]
    return found


def _without_topic(text: str, question: str) -> str:
    """Of "the break: it lasts 20 minutes" what is said of it, if the question is about nothing else."""
    topic = _TOPIC.match(text)
    return text[topic.end() :] if topic and stems(topic[1]) and stems(topic[1]) <= stems(question) else text


def _asked_before(messages: list[dict[str, Any]], place: int) -> str | None:
    """The question that an answer answers: the user's last turn before it, if that asks or orders something."""
    for message in reversed(messages[:place]):
        if message["role"] == "user" and (message.get("content") or "").strip():
            if len(message["content"]) > MOST_CHARS:
                return None
            text = without_order(_IS.sub(r"\1 is", " ".join(message["content"].split())))
            if len(text.split()) > MOST_WORDS:
                return None
            led = _LED.match(text)
            rest = text[led.end() :] if led else text
            if led and not any(known[how].match(rest) for known in phrases().values() for how in _WHOLE):
                return None  # "And on Sundays?" asks nothing that is understood alone
            return f"{rest[:1].upper()}{rest[1:]}" if led else text
    return None


def _feedback(feedback: Any, messages: list[dict[str, Any]]) -> Iterator[tuple[int, str, str | None, bool]]:
    """What was said of an answer in a field: of which message, the text, by whom, and whether it was meant to correct.

    A comment on a bad answer is read as a next turn is: it may correct, and mostly it only complains.
    """
    last = max((n for n, message in enumerate(messages) if message["role"] == "assistant"), default=-1)
    for one in feedback if isinstance(feedback, list) else [feedback]:
        if not isinstance(one, Mapping):
            continue
        text = next((one[name] for name in CORRECTING if isinstance(one.get(name), str) and one[name].strip()), None)
        is_field = text is not None
        if text is None and rating(one) == -1:
            text = next((one[name] for name in COMMENTING if isinstance(one.get(name), str) and tells(one[name])), None)
        at = one.get("message", last)
        if text is not None and isinstance(at, int) and 0 <= at < len(messages):
            yield at, text, one.get("user") if isinstance(one.get("user"), str) else None, is_field


def is_judged_in_field(payload: Mapping[str, Any]) -> bool:
    """Whether somebody gave a correction in a field, whatever can be made of it."""
    return any(is_field for *_, is_field in _feedback(payload.get("feedback"), payload.get("messages", [])))
