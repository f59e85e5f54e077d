"""What a question about a fact has to name: the page that says it, or the one of several things that it is about."""

import re

from steps.kinds.document.clauses import Fact
from steps.kinds.document.moments import days_and_months
from steps.sentences import content_words, words

_NAMED = re.compile(
    r"(?:(?:The|An?|Our)\s)?(?:[a-z-]+\sof\s(?:the\s)?){0,2}(?:(?!(?:are|were|had|be|can|must|will)\b)[a-z-]*[a-rt-z]\s)?"
    r"(?P<name>[A-Z][^\W\d]+(?:['’-][^\W\d]+)*(?:\s(?:(?:of|the|de)\s)?[A-Z][^\W\d]+(?:['’-][^\W\d]+)*)*)(?![\w.-])"
)


def subject_of(fact: Fact, title: str) -> str:
    """Return what a question about a fact has to name: the title, or what a statement that lacks it begins with.

    A page "Two hotels" has statements on each; who asks how many rooms the Hotel Sandrel has does not name the page.
    """
    if content_words(fact.statement) & content_words(title):
        return title
    found = _NAMED.match(fact.statement)
    name = found["name"].removesuffix("'s").removesuffix("’s") if found else ""
    opens = found is not None and found.start("name") == 0
    lone = opens and (len(name.split()) == 1 or not content_words(name.split()[0]))
    if not name or lone or set(words(name)) & days_and_months() or name in fact.span:
        return title  # a lone word that opens a sentence may be any word
    return name
