"""Whether several of those that were held back say different things of the same, so that only one can be learned."""

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

from steps.errors import SlumberError
from steps.kinds.conversation.asked import quarrel_key
from steps.kinds.conversation.likeness import says_the_same
from steps.kinds.conversation.turns import corrections
from steps.records import Experience, Held
from steps.workspace import Workspace, each_record


def refuse_both_sides(workspace: Workspace, held: Sequence[Held]) -> None:
    """Refuse to have what is ``held`` learned if two of it contradict each other.

    Raises:
        SlumberError: they do; it says which.
    """
    alike = [(one, two) for one, two in combinations(held, 2) if _of_one(one, two)]
    values = dict(_values(workspace, {held.id: held for pair in alike for held in pair}.values()))
    for one, two in alike:
        if not one.question or not says_the_same(values.get(one.id, one.says), values.get(two.id, two.says)):
            raise SlumberError(
                f"{one.id[:8]} ({one.says!r}) and {two.id[:8]} ({two.says!r}) answer one question in two ways: accept "
                "one (`slumber review accept ID`) and reject the other (`slumber review reject ID`)."
            )


def _of_one(one: Held, two: Held) -> bool:
    """Whether both answer one question; of documents, whether one waits because of the other."""
    if one.question and two.question:
        return quarrel_key(one.question) == quarrel_key(two.question)
    return (one.against, one.other) == (two.source, two.says) or (two.against, two.other) == (one.source, one.says)


def _values(workspace: Workspace, held: Collection[Held]) -> Iterator[tuple[str, str]]:
    """Yield by its id what each correction gives as right, where its talk is still there."""
    for night in {one.night for one in held}:
        path, here = workspace.dataset("corpus", night), [one for one in held if one.night == night and one.question]
        if here and path.exists():
            for _, experience in each_record(path, Experience, holding=[one.experience for one in here]):
                found = corrections(experience.payload)
                for one in (one for one in here if one.experience == experience.id):
                    yield from ((one.id, c.value) for c in found if (c.question, c.said) == (one.question, one.says))
