"""What a probe may call an experience."""

import re
from pathlib import PurePosixPath

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


def name_key(name: str) -> str:
    """Return a name as it is compared: in one case, without what does not tell files apart."""
    return " ".join(name.replace("\\", "/").removeprefix("./").strip("/").split()).casefold()
