"""What a family of formats is: which records of a file are of it, and what these are in our kinds."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from steps.ingest.experience.fields import Found
from steps.kinds.entry import RecordRejected

Made = Found | RecordRejected
"""A record of one of our kinds, or why there is none; a refusal whose rule is "ignored" leaves out what is no loss."""


@dataclass(frozen=True)
class Family:
    """A family. ``claims``: whether a record (a line, an element) is of it, told by its keys alone.

    ``read``: makes of all of a file that it claims, in order, our records, each with the place of the one that it
    begins with. It takes them together, for a talk lies over many lines, and a line repeats the talk before it.
    ``also``: families whose records are its own where one of its own lies in the same file.
    """

    name: str
    claims: Callable[[Found], bool]
    read: Callable[[Sequence[Found]], Iterator[tuple[int, Made]]]
    also: tuple[str, ...] = ()


def each(read: Callable[[Found], Iterable[Made]]) -> Callable[[Sequence[Found]], Iterator[tuple[int, Made]]]:
    """Return a reader of records that stand each for itself; one that is refused costs the others nothing."""

    def all_of_them(values: Sequence[Found]) -> Iterator[tuple[int, Made]]:
        for place, value in enumerate(values):
            try:
                yield from [(place, made) for made in read(value)]
            except RecordRejected as refusal:
                yield place, refusal

    return all_of_them
