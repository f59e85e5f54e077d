"""A request to forget, from its beginning to its end. A killed one is found here again, and nights wait for it."""

from pathlib import Path

from steps.deployment_key import read_key, sealed
from steps.errors import SlumberError
from steps.records import Probe, Record
from steps.workspace import Workspace, write_text


class Request(Record):
    """What is to be forgotten, by ids; ``questions`` about it are kept only until the examination is over.

    ``night``: the last one that dreamt, whose candidate is built again. ``first``: the first that met what is to go.
    ``quarantined``: refused records of the same file. ``traces``: what of it was said by day. ``versions``: of the
    model, that may have learned it. ``cleared``: all but the weights is gone.
    """

    id: str
    night: str | None
    first: str
    experiences: tuple[str, ...]
    probes: tuple[str, ...]
    quarantined: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()
    questions: tuple[Probe, ...] = ()
    versions: tuple[str, ...] = ()
    cleared: bool = False

    @property
    def ids(self) -> set[str]:
        """Of all records that go; what is derived from an experience names it."""
        return {*self.experiences, *self.probes, *self.quarantined}


def pending(workspace: Workspace) -> Request | None:
    """Return the request that was begun and not finished, if any.

    Raises:
        SlumberError: it is damaged.
    """
    path = _path(workspace)
    try:
        return Request.from_json(path.read_text(encoding="utf-8")) if path.is_file() else None
    except ValueError:
        raise SlumberError(
            f"The request to forget in {path} is damaged: remove that file, and begin it again with `slumber forget`."
        ) from None


def refuse_while_forgetting(workspace: Workspace) -> None:
    """Raise SlumberError while a request is unfinished: a night could learn from what it has not removed yet."""
    if pending(workspace):
        raise SlumberError(
            "A request to forget is unfinished: run `slumber forget` to finish it, then the night again."
        )


def request_number(request: Request, key_file: Path) -> str:
    """Return the number of a request, which is the same on every machine that forgets the same records.

    It is sealed with the deployment's key: nobody else can tell by it whether a text was among them.
    """
    if not key_file.is_file():
        return request.id
    what = request.experiences or request.quarantined or request.probes
    return sealed(read_key(key_file), "forget", sorted(what))[:12]


def open_request(request: Request, workspace: Workspace) -> None:
    """Write ``request`` down before anything is removed."""
    write_text(_path(workspace), request.to_json())


def close(workspace: Workspace) -> None:
    """Forget the request itself."""
    _path(workspace).unlink(missing_ok=True)


def _path(workspace: Workspace) -> Path:
    return workspace.state / "forgetting.json"
