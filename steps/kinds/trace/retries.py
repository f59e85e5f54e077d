"""Which call takes the place of one that was refused: the next try of the same, and no look around in between."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from steps.kinds.trace.acts import Act

_SHELLS = frozenset("bash sh zsh -c -lc sudo".split())


def takes_the_place(act: Act, tried: Sequence[Act], later: Iterable[Act]) -> bool:
    """Whether ``act`` is what was right in the place of what was ``tried`` in vain before it.

    A call beside those of the same message was made before anybody knew. One of the same tool on much the same is the
    next try. Another tool is, if it is given what the refused one was given (a copy made first), or if no further call
    follows that was taken: else it may be a look around.
    """
    if all(one.place == act.place for one in tried):
        return False
    if any(_alike(act, one) for one in tried):
        return True
    given = set(chain.from_iterable(_values(one.arguments) for one in tried))
    if given & set(_values(act.arguments)):
        return True
    return not any(one.answer is not None and not one.refused for one in later)


def _alike(one: Act, other: Act) -> bool:
    """Calls of one tool; of a command line, those of one program: the tool is the shell in all of them."""
    if one.name != other.name:
        return False
    first, second = _program(one), _program(other)
    return first is None or second is None or first == second


def _program(act: Act) -> str | None:
    """The first word of a command line; None if the call is none."""
    for value in _values(act.arguments):
        if isinstance(value, str) and len(words := value.split()) > 1:
            return words[0]
    return None


def _values(value: Any) -> Iterable[Any]:
    """What a call is given, each word of a list by itself."""
    if isinstance(value, dict):
        yield from chain.from_iterable(map(_values, value.values()))
    elif isinstance(value, list):
        yield from chain.from_iterable(map(_values, value))
    elif isinstance(value, str | int | float) and not isinstance(value, bool) and str(value) not in _SHELLS:
        yield value
