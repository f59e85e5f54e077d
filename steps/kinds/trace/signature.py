"""What of an act is general: its tool, and of its arguments what does not come from what was asked.

``store(what="apple", place="kitchen")`` when an apple was asked about is ``store(what=<asked>, place=kitchen)``, and a
number that wants a prefix is ``find(id=R-<asked>)``: so acts in different cases are the same, and a repair is seen.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from steps.kinds.conversation.asked import asked_key
from steps.kinds.trace.acts import Act

ASKED, TRIED, TEXT = "<asked>", "<tried>", "<text>"
_LONG = 80  # characters: a longer value was written for its case
_READ = 2000  # characters of what was asked: nothing longer is imitated (``situations.MOST_CHARS``)
_AFFIX = 6  # characters that may stand before or behind what was asked
_WORD = re.compile(r"\w+(?:[-.]\w+)*")
_TRIED = re.compile(r"'[^'\n]{1,200}'|\"[^\"\n]{1,200}\"|`[^`\n]{1,200}`|\S*\w/\S*")
_DEPTH = 8
_SPACE, _PLAIN_SPACE = re.compile(r"\s+"), re.compile(r"[ \t\r\n]+")

Signature = tuple[str, tuple[tuple[str, str], ...]]


def signature(act: Act, asked: str, tried: Iterable[Act] = ()) -> Signature:
    """Return the tool and its arguments, as they are in other cases, too; capitals tell nothing apart.

    ``tried``: what was refused before it; what is a part of one of their values is of the case, too.
    """
    name, arguments = _in_general(act, asked, tried)
    return name, tuple(sorted((path, mask.casefold()) for path, mask in arguments))


def shown(act: Act, asked: str, tried: Iterable[Act] = ()) -> str:
    """The same as people read it, with the capitals of this act."""
    name, arguments = _in_general(act, asked, tried)
    return f"{name}({', '.join(f'{path}={mask}' for path, mask in sorted(arguments))})"


def skeleton(text: str, act: Act) -> str:
    """Return a text without the values that went into an act, and without numbers: what such cases share."""
    text = _spaced(text)
    for _, value in sorted(_leaves(act.arguments or {}), key=lambda one: -len(str(one[1]))):
        word = _spaced(str(value))
        if len(word) > 1 and len(word) <= _LONG:
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "…", text, flags=re.IGNORECASE)
    return re.sub(r"\d+", "…", text)


def reason_skeleton(text: str, act: Act) -> str:
    """The same of what was said of a refusal, which names what was tried: quoted, or as a path.

    Reasons that say the same in much the same words have one key; "" tells nothing.
    """
    return asked_key(skeleton(_TRIED.sub("…", text), act))


def _in_general(act: Act, asked: str, tried: Iterable[Act]) -> tuple[str, list[tuple[str, str]]]:
    text = _folded(asked[:_READ])
    before = [_datum(value).casefold() for one in tried for _, value in _leaves(one.arguments or {})]
    words = {word for word in _WORD.findall(text) if any(map(str.isdigit, word)) or len(word) > 3}
    found = []
    for path, value in _leaves(act.arguments or {}):
        mask = _masked(_datum(value), text, words)
        key = mask.casefold()
        found.append((path, TRIED if any(key != one and _stands_in(key, one) for one in before) else mask))
    return act.name, found


def _masked(value: str, asked: str, words: set[str]) -> str:
    folded = value.casefold()
    if len(folded) > _LONG:
        return TEXT
    if _stands_in(folded, asked):
        return ASKED
    if len(folded) != len(value):  # of some letters: then capitals are lost, and no place
        value = folded
    for word in sorted(words, key=lambda one: (-len(one), one)):
        at = folded.find(word)
        before, found, behind = value[: max(at, 0)], at >= 0, value[at + len(word) :]
        affix = before + behind
        if found and 0 < len(affix) <= _AFFIX and (any(map(str.isdigit, word)) or not affix.isalpha()):
            return f"{before}{ASKED}{behind}"
    return value


def _stands_in(value: str, text: str) -> bool:
    return bool(value and re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text))


def _leaves(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and depth < _DEPTH:
        for key, part in value.items():
            yield from _leaves(part, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, list | tuple) and depth < _DEPTH:
        for part in value[:50]:
            yield from _leaves(part, path, depth + 1)
    else:
        yield path, value


def _datum(value: Any) -> str:
    """A value for comparison: a no-break space in it is no space, as in a text."""
    return _PLAIN_SPACE.sub(" ", str(value)).strip(" \t\r\n")


def _spaced(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def _folded(text: str) -> str:
    return _spaced(text).casefold()
