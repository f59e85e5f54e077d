"""The expectation suites, as code. They see derived columns only: lengths, counts and flags, never a record's text.

Severity ``critical`` is about the dataset: a failure stops the night. ``warning`` is about a row: it is quarantined.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from steps.ingest.normalise import control_tokens
from steps.ingest.redact import FILE_NAME_KINDS, redact, redact_tree
from steps.kinds.table import KINDS
from steps.records import Dream, Experience, Probe

Dataset = Literal["experiences", "probes", "dreams"]
MAX_TEXT_CHARS = 1_000_000
MAX_LINE_CHARS = 4_000
MAX_ANSWER_CHARS = 8_000


@dataclass(frozen=True)
class Rule:
    """One expectation: a name of ours, Great Expectations' class with its arguments, and what a failure means."""

    name: str
    expectation: str
    says: str
    arguments: tuple[tuple[str, Any], ...]
    severity: Literal["critical", "warning"] = "warning"

    @property
    def column(self) -> str | None:
        return dict(self.arguments).get("column")


def _between(name: str, column: str, low: int, high: int | None, says: str) -> Rule:
    bounds = (("column", column), ("min_value", low), ("max_value", high))
    return Rule(name, "ExpectColumnValuesToBeBetween", says, bounds)


def _among(name: str, column: str, values: tuple[str, ...], says: str) -> Rule:
    return Rule(name, "ExpectColumnValuesToBeInSet", says, (("column", column), ("value_set", list(values))))


def _rules(columns: tuple[str, ...], night: str) -> tuple[Rule, ...]:
    """Return what every dataset must fulfil."""
    column_set = (("column_set", list(columns)), ("exact_match", True))
    same_night = (("column", "night"), ("value_set", [night]))
    pattern = (("column", "id"), ("regex", "^[0-9a-f]{16}$"))
    return (
        Rule("columns", "ExpectTableColumnsToMatchSet", "the columns are not those expected", column_set, "critical"),
        Rule("unique_ids", "ExpectColumnValuesToBeUnique", "two records share an id", (("column", "id"),), "critical"),
        Rule("night", "ExpectColumnValuesToBeInSet", "a record is of another night", same_night, "critical"),
        Rule("id_present", "ExpectColumnValuesToNotBeNull", "the record has no id", (("column", "id"),)),
        Rule("id_form", "ExpectColumnValuesToMatchRegex", "the id is not a content id of 16 hex digits", pattern),
        _between("source_present", "source_chars", 1, None, "the record does not say where it comes from"),
        _between("no_control_tokens", "control_tokens", 0, 0, "control tokens of a chat template are left in it"),
    )


def _experience(record: Experience) -> dict[str, Any]:
    fields = (record.title, record.text, *record.names, str(record.payload))
    return {
        "kind": record.kind,
        "source_chars": len(record.source),
        "title_chars": len(record.title.strip()),
        "text_chars": len(record.text.strip()),
        "names": len(record.names),
        "secrets": _secrets(record.title, record.text)
        + _secrets(record.payload, clean=record.text)
        + _in_names(record.source, *(name for name in record.names if name != record.title)),
        "control_tokens": sum(map(control_tokens, fields)),
    }


def _probe(record: Probe) -> dict[str, Any]:
    fields = (record.question, *record.answers, record.source or "", record.name or "", record.type)
    return {
        "origin": record.origin,
        "source_chars": len(record.file or record.source or ""),
        "question_chars": len(record.question.strip()),
        "answers": len(record.answers),
        "empty_answers": sum(not answer.strip() for answer in record.answers),
        "answer_chars": max((len(answer) for answer in record.answers), default=0),
        "type_chars": len(record.type.strip()),
        "secrets": _secrets(*fields[:-3], *fields[-2:]) + _in_names(record.source or "", record.file or ""),
        "control_tokens": sum(map(control_tokens, fields)),
    }


def _dream(record: Dream) -> dict[str, Any]:
    return {
        "strategy_chars": len(record.strategy.strip()),
        "source_chars": len(record.source.strip()),
        "question_chars": len(record.question.strip()),
        "answer_chars": len(record.answer.strip()),
        "control_tokens": sum(map(control_tokens, record.texts)),
    }


def _secrets(*values: Any, clean: str = "") -> int:
    counts: Counter[str] = Counter()
    for value in values:
        redact_tree(value, counts, clean=clean)
    return counts.total()


def _in_names(*names: str) -> int:
    return sum(redact(name, kinds=FILE_NAME_KINDS)[1].total() for name in names)


_DERIVE: dict[str, Callable[[Any], dict[str, Any]]] = {"experiences": _experience, "probes": _probe, "dreams": _dream}
_NO_SECRETS = _between("no_secrets", "secrets", 0, 0, "secrets or personal data are left in it")
_OWN: dict[str, tuple[Rule, ...]] = {
    "experiences": (
        _between("title_length", "title_chars", 1, MAX_LINE_CHARS, "its title is empty or far too long"),
        _between("text_length", "text_chars", 1, MAX_TEXT_CHARS, "its text is empty or far too long"),
        _between("has_names", "names", 1, None, "it has no name that a probe could call it by"),
        _NO_SECRETS,
    ),
    "probes": (
        _among("origin_known", "origin", ("owner", "dream", "user"), "its origin is not known"),
        _between("question_length", "question_chars", 1, MAX_LINE_CHARS, "its question is empty or far too long"),
        _between("answers_count", "answers", 0, 100, "it has more than 100 answers"),
        _between("no_empty_answers", "empty_answers", 0, 0, "one of its answers is empty"),
        _between("answer_length", "answer_chars", 0, MAX_ANSWER_CHARS, "one of its answers is far too long"),
        _between("type_present", "type_chars", 1, 100, "its type is empty or far too long"),
        _NO_SECRETS,
    ),
    "dreams": (
        _between("strategy_present", "strategy_chars", 1, 100, "it does not say which strategy dreamt it"),
        _between("question_length", "question_chars", 1, MAX_LINE_CHARS, "its question is empty or far too long"),
        _between("answer_length", "answer_chars", 1, MAX_ANSWER_CHARS, "its answer is empty or far too long"),
    ),
}


def derived_columns(dataset: Dataset, records: Iterable[Any]) -> dict[str, list[Any]]:
    """Return the derived columns, with a value per record; ``row`` is its index in ``records``."""
    derive, found = _DERIVE[dataset], defaultdict[str, list[Any]](list)
    for row, record in enumerate(records):
        for name, value in {"row": row, "id": record.id, "night": record.night, **derive(record)}.items():
            found[name].append(value)
    return found


def columns(dataset: Dataset) -> tuple[str, ...]:
    """Return the names of a dataset's derived columns."""
    own = (rule.column for rule in _own(dataset) if rule.column)
    return tuple(dict.fromkeys(("row", "id", "night", "source_chars", "control_tokens", *own)))


def suite_rules(dataset: Dataset, night: str) -> tuple[Rule, ...]:
    """Return the rules of a dataset's suite; in their order, the first one broken names the reason."""
    return _rules(columns(dataset), night) + _own(dataset)


def _own(dataset: Dataset) -> tuple[Rule, ...]:
    kinds = (_among("kind_known", "kind", tuple(KINDS), "its kind is not known"),) if dataset == "experiences" else ()
    return kinds + _OWN[dataset]
