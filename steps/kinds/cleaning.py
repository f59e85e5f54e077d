"""What every record goes through, whatever its kind: nothing invisible, no control tokens, no secrets, not too long."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from steps.ingest.normalise import each_string, neutralise, tidy
from steps.ingest.redact import findings, redact, redact_reply, redact_tree
from steps.kinds.entry import RecordRejected


@dataclass
class Cleaning:
    """Cleans one record. ``max_chars``: of its text; ``counts``: redacted items by kind."""

    max_chars: int
    counts: Counter[str] = field(default_factory=Counter)

    def redacted(self, text: str) -> str:
        """Return ``text`` with what must not be stored taken out."""
        text, found = redact(text)
        self.counts.update(found)
        return text

    def reply(self, question: str, text: str) -> str:
        """Return ``text``, which answers ``question``, with what must not be stored taken out."""
        text, found = redact_reply(question, text)
        self.counts.update(found)
        return text

    def bounded(self, text: str, *, times: int = 1) -> str:
        """Return ``text``, which may have ``times`` as many characters as a record's text.

        Raises:
            RecordRejected: it is too long.
        """
        if len(text) > times * self.max_chars:
            limit = f"ingest.max_text_chars is {self.max_chars}"
            raise RecordRejected("too_long", f"the text has {len(text)} characters, {limit}")
        return text

    def parts(self, value: Any, whole: str) -> Any:
        """Return the parts of a text without what is found in the ``whole``, or in one alone; it is counted before.

        What a heading or the head of a column says to be a secret is none in its own cell.
        """
        found = sorted(findings(whole).items(), key=lambda one: -len(one[0]))
        taken = [(_standing_alone(words, whole), placeholder) for words, placeholder in found]

        def clean(text: str) -> str:
            for words, placeholder in taken:
                text = words.sub(placeholder, text)
            return redact(text)[0]

        return each_string(value, clean)

    def payload(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return a JSON object with every string in it cleaned."""
        self.bounded(json.dumps(value, ensure_ascii=False), times=2)
        # Neutral once more at the end: redaction resolves the escapes of JSON within strings (\u003c|im_start|\u003e).
        return each_string(redact_tree(each_string(value, tidy), self.counts), neutralise)


def _standing_alone(words: str, whole: str) -> re.Pattern[str]:
    """Return what finds ``words``, a number or a plain word not within another one, unless ``whole`` has it so alone.

    Letters with digits or signs among them are no part of another word by chance: they go wherever they stand.
    """
    anywhere = re.compile(re.escape(words))
    if words.isdigit():
        alone = re.compile(rf"(?<![A-Za-z0-9_])(?<!\d[.,]){anywhere.pattern}(?![A-Za-z0-9_]|[.,]\d)")
    elif words.isalpha():
        alone = re.compile(rf"(?<![A-Za-zÀ-ɏ]){anywhere.pattern}(?![A-Za-zÀ-ɏ])")
    else:
        return anywhere
    return alone if alone.search(whole) else anywhere
