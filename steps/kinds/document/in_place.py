"""Questions about the sentences of a page with headings and lists, each asked in its place on the page."""

import re
from collections.abc import Iterator

from steps.ingest.redact import PLACEHOLDER
from steps.kinds.chatter import UNASKED, chatter
from steps.kinds.document.blocks import Block
from steps.kinds.document.forms import Form, asked_at, place_in, section_of, short
from steps.kinds.document.languages import templates
from steps.kinds.document.values import asked_in_place, condition, hangs_on_the_last
from steps.sentences import sentences

# Questions, cheers, blanks of a form, links, and lines in capitals.
_UNASKED = re.compile(r"\?$|!$|\{\{|://|^[^a-zà-ÿ]+$")
_LINE_OF_FACTS = re.compile(r"\s[·|•]\s")
_BRACKETS = re.compile(r"\s*[\[(][^\])]*[\])]")
_LABEL = re.compile(r"(?P<key>[A-ZÀ-Þ][^:=.!?;,]{1,40})(?: ?:| =) (?P<cell>[^:]{3,200})")


def sentence_forms(title: str, block: Block, said: str, last: str, *, language: str = "en") -> list[Form]:
    """Return what one sentence of a block can be asked in its place, unchecked.

    ``said``: the sentence, with what it hangs on; ``last``: what the block said before it, which "they" is understood
    by.
    """
    above = section_of(block.hangs_on)
    text, before = (part.removeprefix(above).lstrip(" :–") if above else part for part in (said, last))
    section = above or section_of(block.heading)
    if block.kind == "answer":
        parts, section = sentences(block.text, language), block.question
    elif block.kind == "term":  # what stands in brackets, such as a default, has forms of its own
        parts, section, above = sentences(_BRACKETS.sub("", block.text), language), block.question, f"{block.question}:"
    else:
        parts, above = [text], f"{above}:" if above else ""
    place = place_in(title, section)
    found: list[Form] = []
    for part in parts:
        led = f"{before} " if before and (block.kind == "item" or hangs_on_the_last(part, language)) else ""
        statement = said if block.kind == "answer" else f"{above} {led}{part}".strip()
        if _LINE_OF_FACTS.search(part) and not PLACEHOLDER.search(part):
            found += _of_line(part, place, language)
        elif not PLACEHOLDER.search(statement) and not _UNASKED.search(part) and not _is_chatter(part):
            found += _asked(part, place, led, statement, language)
        before = part
    return found


def _is_chatter(text: str) -> bool:
    """Whether a sentence tells nothing, whatever it adds in brackets ("... (#598, thanks @moth)")."""
    return chatter(_BRACKETS.sub("", text)) in UNASKED


def _of_line(text: str, place: str, language: str) -> Iterator[Form]:
    """Labels and values in one line ("Severity: SEV2 · Duration: 3 h")."""
    for part in _LINE_OF_FACTS.split(text):
        if labelled := _LABEL.fullmatch(part):
            known = {"place": place, "key": labelled["key"]}
            ways = [ask.format(**known) for ask in templates()[language]["labelled"]["ask"]]
            yield from _form(ways, f"{place}: {part}.", labelled["cell"])


def _asked(text: str, place: str, led: str, statement: str, language: str) -> Iterator[Form]:
    known = templates()[language]
    for one in asked_in_place(text, language):
        if not re.search(rf"(?<![\w.]){re.escape(one.value)}(?![\w]|\.\d)", f"{led}{place}", re.IGNORECASE):
            yield from _form(asked_at(place, f"{led}{one.question}", known), statement, one.value)
    labelled = _LABEL.fullmatch(text)
    if labelled and len(labelled["key"].split()) < 5 and (led or not hangs_on_the_last(text, language)):
        cell = labelled["cell"].rstrip(" .")
        ways = [ask.format(place=place, key=labelled["key"]) for ask in known["labelled"]["ask"]]
        if led:
            ways = asked_at(place, f"{led}{labelled['key']}: {known['values']['how']['what']}?", known)
        yield from _form(ways, statement, cell)
    if under := condition(text, language):
        at = f"{place}: {led}".rstrip(": ")
        yield from _form([ask.format(place=at, condition=under[0]) for ask in known["if"]["ask"]], statement, under[1])


def _form(ways: list[str], statement: str, span: str) -> Iterator[Form]:
    questions = short(ways)
    if questions:
        yield Form(questions, statement, span)
