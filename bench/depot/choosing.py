"""How a model acts in the depot: of the four actions of a case it does what it finds likeliest to be said.

A small model cannot be trusted to call a tool by name; how likely it finds each sentence can be asked of any model. A
lesson in context stands before the case.
"""

from collections.abc import Sequence

from bench.depot.world import Case
from steps.model.chat_model import ChatModel, Messages


def case_chat(case: Case, lesson: str | None = None) -> Messages:
    """The chat in which a case is asked, with a lesson before it or without."""
    return [{"role": "user", "content": f"{lesson} {case.asked}" if lesson else case.asked}]


def chosen(model: ChatModel, cases: Sequence[Case], *, lessons: Sequence[str | None] | None = None) -> list[str]:
    """Return the action that a model takes in each case: the one whose sentence has the highest total likelihood.

    Sums of log-probabilities, not means: taking the length into account changed little (docs/log.md).
    """
    given = lessons or [None] * len(cases)
    asked = [(case, lesson, action) for case, lesson in zip(cases, given, strict=True) for action in case.actions]
    items = [(case_chat(case, lesson), case.said(action)) for case, lesson, action in asked]
    scores = [float(one.sum()) for one in model.score("cases of the depot", items)]
    found, place = [], 0
    for case in cases:
        own = scores[place : place + len(case.actions)]
        found.append(case.actions[own.index(max(own))])
        place += len(case.actions)
    return found
