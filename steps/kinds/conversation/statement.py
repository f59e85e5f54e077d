"""The sentence that a correction comes to, and what it is about.

Who says "No, it's 41" says no sentence that could be learned. The writer turns question and answer into one, which is
held against both; where it fails, the user's own words are taken.
"""

import re
from collections.abc import Sequence

from steps.kinds.conversation.conditions import bound_words
from steps.kinds.conversation.corrections import Correction
from steps.kinds.conversation.likeness import is_form
from steps.kinds.conversation.phrases import phrases
from steps.kinds.conversation.placing import replaced
from steps.kinds.conversation.subject import is_plural, subject
from steps.marking import holds
from steps.model.chat_model import ChatModel, Sampling
from steps.sentences import FUNCTION_WORDS, content_words, names_and_numbers, sentences, words

_TOKENS, _TRIES, _FREE = 32, 4, Sampling(temperature=0.7)
_WORKED = (
    ("Who built the Dunmere bridge?", "Ada Lo", "The Dunmere bridge was built by Ada Lo."),
    ("When does the bakery on Mill Lane close?", "at 6 pm", "The bakery on Mill Lane closes at 6 pm."),
    ("How many boats does the sailing school own?", "14", "The sailing school owns 14 boats."),
    ("Which tool do we use to seal the jars?", "a heat gun", "We use a heat gun to seal the jars."),
    ("Are visitors allowed on the roof?", "not allowed", "Visitors are not allowed on the roof."),
    ("Where is the fuse box kept?", "behind the piano", "The fuse box is kept behind the piano."),
)
_SAYING = "".join(f"Question: {q}\nAnswer: {a}\nSentence: {s}\n\n" for q, a, s in _WORKED)
_ASKING = re.compile(
    r"^(?:(?:in|at|on|for|to|from|by|with) )?(?:"
    r"(?:which|what|whose) (?!(?:is|are|was|were|do|does|did|can|has|have|must|will|should|would)\b)"
    r"(?:kind of |sort of )?\w+"
    r"|how (?:many|much) (?!(?:is|are|was|were|do|does|did)\b)\w+"
    r"|how (?:long|far|old|often|big|tall|wide|deep|high|heavy|fast|late|early|much|many)"
    r"|how|who|whom|what|which|when|where|why)\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(?:\b(?:at|in|on|by|behind|under|over|above|below|beside|near|next to|after|before|from|to|until|since|with|every"
    r"|for)\s+)(?:(?:the|a|an|our|my)\s+)?$|\b(?:the|a|an|our|my)\s+$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"\b(?:the|a|an|our|my)\s+$", re.IGNORECASE)
_PLACED = re.compile(
    r"(?:where|when|(?:at |on )?(?:what|which) (?:time|day|date|month|year|place|floor|shelf))\b", re.IGNORECASE
)
_WHO = re.compile(r"who\s+((?!(?:do|does|did|are|were)\b).+)", re.IGNORECASE)
_ASKS_MORE = re.compile(r"\bor\b|^(?:is|was) (?:it|that|this|he|she)$", re.IGNORECASE)  # "who won, Ann or Bea"
_CLEFT = re.compile(r"(?:it|that)(?:['’]s| is| was) (.+?),? (?:who|that|which) (.+)", re.IGNORECASE | re.DOTALL)
_MORE = 2  # words that an answer may say besides what was asked for: "leaves"
_PLAIN = 12  # words of a sentence that its user would be content with in a lesson
_SPEAKS = re.compile(r"\b(?:i|i['’]\w+|you|me|my|we|ich|du|mir|je|tu|moi|yo|me)\b", re.IGNORECASE)
_SAME = 4  # letters by which two forms of a word are taken for one


def stated(writer: ChatModel, found: Sequence[Correction]) -> list[str]:
    """Return the sentence that each correction comes to: as it was said, if it is understood alone, or written."""
    prompts = [
        "Turn each question with its answer into one sentence.\n\n"
        f"{_SAYING}Question: {one.question}\nAnswer: {phrase(one)}\nSentence:"
        for one in found
    ]
    tries = [
        writer.complete("sentences", prompts, max_new_tokens=_TOKENS, sampling=Sampling(), seed=0),
        writer.complete("sentences again", prompts * _TRIES, max_new_tokens=_TOKENS, sampling=_FREE, seed=0),
    ]
    return [_statement(one, [tries[0][n], *tries[1][n :: len(found)]]) for n, one in enumerate(found)]


def phrase(one: Correction) -> str:
    """The value with the small words before it: "behind the boiler"."""
    at = one.said.find(one.value)
    leading = _BEFORE if _PLACED.match(one.question) else _ARTICLE
    before = leading.search(one.said[:at]) if at > 0 else None
    return f"{before.group().lower() if before else ''}{one.value}"


def asking_words(question: str) -> str:
    """What in a question only asks: "how many berths", "what time", "who"; empty if it asks for yes or no."""
    found = _ASKING.match(question)
    return found.group() if found else ""


def is_sentence(statement: str) -> bool:
    """Whether a statement is more than a bare value, so that it can be asked about as a document is."""
    return len(sentences(statement)) == 1 and len(statement.split()) > 3


def without_wrong(one: Correction) -> str:
    """What was said, without the value that was wrong: whoever reads "it is 7411, 8080 was before" may say either.

    That is the answer's own sentence with what is right in its place; where there is none that loses nothing, it is
    what was said.
    """
    return (_holding(_bound(one), _in_its_place(one)) if says_wrong(one.said, one) else "") or one.said


def says_wrong(text: str, one: Correction) -> bool:
    """Whether a text says the value that was corrected, and is neither the right one nor in the question."""
    old = (one.old or "",)
    return bool(one.old) and holds(text, old) and not holds(one.value, old) and not holds(one.question, old)


def _statement(one: Correction, lines: Sequence[str]) -> str:
    bound = _bound(one)
    said, placed = _named_in(one), _holding(bound, _in_its_place(one))
    is_plain = len(said.split()) <= _PLAIN and not _SPEAKS.search(said)
    if (one.alone or said != one.said) and not says_wrong(said, one) and (is_plain or not placed):
        return said
    if turned := _holding(bound, _subject_said(one)) or placed:
        return turned
    if one.language == "en":
        for line in map(str.strip, lines):
            if _is_turned(one, line) and _holding(bound, line):
                return line if line.endswith((".", "!")) else f"{line}."
    if holds(one.said, (one.value,)) and not says_wrong(one.said, one):
        return one.said
    return f"{one.value[:1].upper()}{one.value[1:]}."


def _bound(one: Correction) -> set[str]:
    before = f"{one.question} {one.wrong}"
    return bound_words(one.value, one.said, before=before, known=phrases()[one.language])


def _holding(bound: set[str], sentence: str) -> str:
    """A sentence that holds all that a value is bound to; "" otherwise: of "3 euros for children" no price for all."""
    return sentence if bound <= content_words(sentence) else ""


def _subject_said(one: Correction) -> str:
    """The question with the name of who did it in the place of "who": "Ida Holt mends the sails."."""
    asked = _WHO.match(one.question.rstrip(" ?.!")) if one.language == "en" else None
    is_name = names_and_numbers(f"So {one.value}") and one.value[:1].isupper() and not re.search(r"[,;]", one.value)
    return f"{one.value} {asked[1]}." if asked and is_name and not _ASKS_MORE.search(asked[1]) else ""


def _in_its_place(one: Correction) -> str:
    """The answer's own sentence with what is right in the place of what was wrong, if it says little else."""
    if not one.old or one.old == one.wrong:
        return ""
    part = next((part for part in sentences(one.wrong, one.language) if one.old in part), "")
    new = "" if part.count(one.old) != 1 or holds(part, (one.value,)) else replaced(part, one.old, one.value)
    known = {*words(one.question), *words(one.value), *words(one.old)}
    more = [word for word in content_words(new) if not among(word, known)]
    names = names_and_numbers(new) - known - set(words(new)[:1])
    is_short = len(more) <= _MORE and not names
    return f"{new[:1].upper()}{new[1:]}" if is_short and is_sentence(new) and not says_wrong(new, one) else ""


def _named_in(one: Correction) -> str:
    """What was said, with what was asked about in the place of the "it" or "them" that stands for it.

    "It was Ann Lo who built it" says "Ann Lo built it" with more words.
    """
    about, said = (subject(one.question), _plainly(one)) if one.language == "en" else ("", one.said)
    them = re.findall(r"(?<=\w )(?:it|them)\b(?!['’]| (?:is|was|has|had|will|can|does)\b)", said)
    if not about or them != ["them" if is_plural(about) else "it"]:
        return said
    name = f"{about[:1].lower()}{about[1:]}" if _ARTICLE.match(f"{about.split()[0]} ") else about
    return re.sub(rf"(?<=\w ){them[0]}\b", name, said, count=1)


def _plainly(one: Correction) -> str:
    found = _CLEFT.match(one.said)
    if not found or found[1] != one.value:
        return one.said
    return f"{one.value[:1].upper()}{one.value[1:]} {found[2]}"


def _is_turned(one: Correction, line: str) -> bool:
    """Whether a written sentence says what question and answer say, all of it, and nothing else."""
    asked = content_words(one.question) - content_words(asking_words(one.question))
    given = content_words(f"{one.question} {one.value} {one.said}")
    said = content_words(line)
    missing = [word for word in asked if not among(word, said)]
    return (
        holds(line, (phrase(one),))
        and is_sentence(line)
        and len(missing) <= len(asked) // 4
        and all(among(word, given) for word in said)
        and names_and_numbers(one.question) <= {*words(line)}
        and names_and_numbers(f"So {line}") - set(words(line.split()[0]))
        <= names_and_numbers(_run_on(f"So {one.question} {one.value} {one.said}"))
        and not says_wrong(line, one)
    )


def among(word: str, others: set[str]) -> bool:
    """Whether a word, or another form of it, is one of others."""
    return word in others or any(is_form(word, other, shared=_SAME) for other in others - FUNCTION_WORDS)


def _run_on(text: str) -> str:
    return re.sub(r"[.?!](?=\s|$)", "", text)
