"""Which call takes the place of one that was refused: the next try of the same, and no look around in between."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from steps.kinds.trace.acts import Act

_SHELLS = frozenset("bash sh zsh -c -lc sudo".split())
# What hands the work in, asks back or keeps a list: nothing is tried again by it.
_ASIDE = frozenset(
    "submit finish final_answer attempt_completion exit askuserquestion ask_user exitplanmode todowrite taskcreate "
    "taskupdate update_plan think".split()
)


def takes_the_place(act: Act, tried: Sequence[Act], later: Iterable[Act]) -> bool:
    """Whether ``act`` is what was right in the place of what was ``tried`` in vain before it.

    A call beside those of the same message was made before anybody knew. One of the same tool on much the same is the
    next try. Another tool is, if it is given what the refused one was given (a copy made first), or if no further call
    follows that was taken: else it may be a look around. What hands the work in or asks back is none.
    """
    if all(one.place == act.place for one in tried):
        return False
    if any(_alike(act, one) for one in tried):
        return True
    if any(_values(act) & _values(one) for one in tried):
        return True
    if act.name.lower() in _ASIDE:
        return False
    return not any((one.answer is not None and not one.refused) or one.name.lower() in _ASIDE for one in later)


def _alike(one: Act, other: Act) -> bool:
    """Calls of one tool; of a command line, those of one program: the tool is the shell in all of them."""
    if one.name != other.name:
        return False
    first, second = _program(one), _program(other)
    return first is None or second is None or first == second


def _program(act: Act) -> str | None:
    """The first word of a command line; None if the call is none."""
    texts = (leaf for leaf in _leaves(act.arguments) if isinstance(leaf, str))
    return next((words[0] for text in texts if len(words := text.split()) > 1), None)


def _values(act: Act) -> set[str | int | float]:
    """What a call is given, each part of a list, an object or a path by itself."""
    parts = (part for leaf in _leaves(act.arguments) for part in (leaf.split("/") if isinstance(leaf, str) else [leaf]))
    return {part for part in parts if part and part not in _SHELLS and not isinstance(part, bool)}


def _leaves(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping | list):
        yield from chain.from_iterable(map(_leaves, value.values() if isinstance(value, Mapping) else value))
    elif value is not None:
        yield value
