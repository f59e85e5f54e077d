"""The verdict as Markdown: the description of a model version in MLflow's pages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from steps.agreed import Agreed
from steps.examine.pairs import before_and_after, closed_book
from steps.promote.suites import SuiteChange, suite_table
from steps.records import Answer, Verdict
from steps.registry.markdown import cell
from steps.taught import Shown, Taught

EXAMPLES = 5
PRINCIPLES = 12


@dataclass(frozen=True)
class Change:
    """One question, closed book, before (champion, or the base where there is none) and with the candidate."""

    question: str
    before: str
    after: str


@dataclass(frozen=True)
class Changes:
    """What changed for better and for worse. ``asked`` counts tonight's questions, ``kept`` those right before."""

    learned: tuple[Change, ...]
    forgot: tuple[Change, ...]
    asked: int
    kept: int


def changes(answers: Iterable[Answer], *, night: str) -> Changes:
    """Compare the candidate's closed-book answers with those before: learned tonight, forgot from earlier nights."""
    pairs = before_and_after(closed_book(answers))
    tonight = [(b, a) for b, a in pairs if a.cohort == night]
    known = [(b, a) for b, a in pairs if a.cohort != night and b.correct]
    return Changes(
        learned=tuple(_change(b, a) for b, a in tonight if a.correct and not b.correct),
        forgot=tuple(_change(b, a) for b, a in known if not a.correct),
        asked=len(tonight),
        kept=len(known),
    )


def describe(
    verdict: Verdict,
    found: Changes,
    suites: Sequence[SuiteChange] = (),
    *,
    corrections: Sequence[str] = (),
    kinds: Sequence[Taught] = (),
    held_out: Sequence[Shown] = (),
    principles: Sequence[Agreed] = (),
) -> str:
    """Return the verdict, its reasons, checks and suites as tables, and examples of what was learned and forgotten.

    ``corrections``: lines that say what people corrected; they come first, for the end may be cut off. ``kinds``: what
    each kind of experience brought, where there were others than facts; ``held_out``: examples of their suites;
    ``principles``: what its traces agree on.
    """
    lines = [f"# Night {verdict.night}: {verdict.verdict}", ""]
    lines += [f"- {cell(reason, 400)}" for reason in verdict.lines()]
    lines += corrections
    if verdict.checks:
        lines += ["", "| check | status | reason |", "|---|---|---|"]
        lines += [f"| {cell(c.name)} | {c.status} | {cell(c.reason, 300)} |" for c in verdict.checks]
    lines += _kinds(kinds, held_out)
    lines += _principles(principles)
    lines += suite_table(suites)
    lines += _examples(f"Learned: {len(found.learned)} of {found.asked} questions of this night", found.learned)
    lines += _examples(f"Forgot: {len(found.forgot)} of {found.kept} earlier answers that were right", found.forgot)
    return "\n".join(lines) + "\n"


def _kinds(kinds: Sequence[Taught], held_out: Sequence[Shown]) -> list[str]:
    if not kinds:
        return []
    lines = ["", "## Every kind", "", "| kind | met | lessons | held out | tokens | state | suite | status |"]
    lines += ["|---|---|---|---|---|---|---|---|"]
    lines += [
        f"| {k.kind} | {k.met} | {k.lessons} | {k.held_out} | {k.tokens or '-'} | {k.state} | {k.suite} | {k.status} |"
        for k in kinds
    ]
    if held_out:
        lines += ["", "| held out | wanted | before | after |", "|---|---|---|---|"]
        rows = (map(cell, (one.question, one.wanted, one.before, one.after)) for one in held_out[:EXAMPLES])
        lines += [f"| {' | '.join(row)} |" for row in rows]
    return lines


def _principles(found: Sequence[Agreed]) -> list[str]:
    if not found:
        return []
    lines = [
        "",
        f"## Principles of traces: {len(found)}",
        "",
        "| principle | is done | for | against | lessons | from |",
    ]
    lines += ["|---|---|---|---|---|---|"]
    for one in found[:PRINCIPLES]:
        told = one.why if not one.lessons else str(one.lessons)
        shown = (one.says, one.does, f"{one.traces} of {one.sources} sources", str(one.against), told)
        lines.append(f"| {' | '.join(map(cell, (*shown, ', '.join(one.shown_by))))} |")
    return lines


def _change(before: Answer, after: Answer) -> Change:
    return Change(after.question, before.answer, after.answer)


def _examples(title: str, found: tuple[Change, ...]) -> list[str]:
    lines = ["", f"## {title}"]
    if found:
        lines += ["", "| question | before | after |", "|---|---|---|"]
        lines += [f"| {cell(c.question)} | {cell(c.before)} | {cell(c.after)} |" for c in found[:EXAMPLES]]
    return lines
