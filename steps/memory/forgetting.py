"""Taking notes out of memory for good, from the rows to the bytes of the file."""

from collections.abc import Collection

from steps.memory.files import memory_paths, opened
from steps.memory.store import Memory
from steps.workspace import Workspace


def forget_notes(memory: Memory, ids: Collection[str]) -> int:
    """Delete notes with their history; a night does not bring them back. Returns how many there were."""
    with memory.connection:
        count = memory.drop(ids, for_good=True)
    memory.compact()
    return count


def forget_in_memory(workspace: Workspace, experiences: Collection[str]) -> int:
    """Delete the notes of all tenants that come from these experiences. Returns how many there were.

    Raises:
        SlumberError: somebody else writes there.
    """
    count = 0
    for path in memory_paths(workspace):
        with opened(path) as memory:
            with memory.connection:
                found = memory.drop(memory.of_experiences(experiences))
            memory.compact()  # though nothing was found: a request that was cut off may have deleted them
            count += found
    return count
