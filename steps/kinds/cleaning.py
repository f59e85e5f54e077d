"""What every record goes through, whatever its kind: nothing invisible, no control tokens, no secrets, not too long."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from steps.ingest.normalise import each_string, neutralise, tidy
from steps.ingest.redact import redact, redact_tree
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

    def bounded(self, text: str) -> str:
        """Return ``text``.

        Raises:
            RecordRejected: it is too long.
        """
        if len(text) > self.max_chars:
            limit = f"ingest.max_text_chars is {self.max_chars}"
            raise RecordRejected("too_long", f"the text has {len(text)} characters, {limit}")
        return text

    def payload(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return a JSON object with every string in it cleaned."""
        self.bounded_payload(value)
        # Neutral once more at the end: redaction resolves the escapes of JSON within strings (\u003c|im_start|\u003e).
        return each_string(redact_tree(each_string(value, tidy), self.counts), neutralise)

    def bounded_payload(self, value: dict[str, Any]) -> None:
        """Raise RecordRejected if a JSON object has more than twice as many characters as a text may have."""
        size = len(json.dumps(value, ensure_ascii=False))
        if size > 2 * self.max_chars:
            limit = f"ingest.max_text_chars is {self.max_chars}"
            raise RecordRejected("too_long", f"the text has {size} characters, {limit}")
