"""What a probe may call an experience, and which experience a probe's ``source`` means."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from steps.records import Experience

# What an export adds to a file's name: "Kiln rules 39d2b6745dc68012930afe9bc14d27eb".
_EXPORT_ID = re.compile(r"[ _-]+(?:[0-9a-f]{16,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$", re.IGNORECASE)


def names_of(*, file: str, source: str | None, title: str) -> tuple[str, ...]:
    """Return the names of an experience, the most telling first: path, given source, title, file name, stem."""
    path = PurePosixPath(file)
    names = (file, source or "", title, path.name, path.stem)
    return tuple(dict.fromkeys(name for name in names if name))


def name_as_title(stem: str) -> str:
    """Return the name of a file as the title of its page, without the id that an export gives it."""
    return _EXPORT_ID.sub("", stem) or stem


class Names:
    """The names of all experiences, case-insensitive. A name of tonight wins over the same name of an earlier night."""

    def __init__(self):
        self._named: dict[str, set[tuple[str, int, str]]] = {}

    def add(self, names: Iterable[str], *, night: str, experience: str) -> None:
        """Let ``names`` (the most telling first) mean ``experience`` as of ``night``."""
        for rank, name in enumerate(names):
            self._named.setdefault(_key(name), set()).add((night, -rank, experience))

    def add_experience(self, experience: Experience) -> None:
        """Let an experience's own names mean it."""
        self.add(experience.names, night=experience.night, experience=experience.id)

    def resolve(self, source: str | None) -> str | None:
        """Return the id of the experience that ``source`` means; None if it means none, or several equally well."""
        if not source:
            return None
        for name in (source, PurePosixPath(source.replace("\\", "/")).name):
            if meanings := self._named.get(_key(name)):
                night, rank, _ = max(meanings)
                best = {experience for n, r, experience in meanings if (n, r) == (night, rank)}
                return best.pop() if len(best) == 1 else None
        return None


def _key(name: str) -> str:
    return " ".join(name.replace("\\", "/").removeprefix("./").strip("/").split()).casefold()
