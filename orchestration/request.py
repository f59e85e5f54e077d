"""A request to forget before anything is removed: what it is about, and how that is told."""

from orchestration.environment import Deployment
from steps.deployment_key import key_path
from steps.errors import SlumberError
from steps.forget.finding import find_request
from steps.forget.request import Request, pending, request_number
from steps.registry import Registry, erasure
from steps.report.wording import count


def planned_request(found: Deployment, *, source: str | None = None, record: str | None = None) -> Request:
    """Return the request that was begun and not finished, or else what ``source`` or ``record`` names. Writes nothing.

    Raises:
        SlumberError: nothing of that name was met, or another request is unfinished.
    """
    request = pending(found.workspace)
    asked = source is not None or record is not None
    if request and asked and source not in request.files and record not in request.experiences:
        raise SlumberError("Another request to forget is unfinished: run `slumber forget` alone to finish that first.")
    if request:
        return request
    if not asked:
        raise SlumberError("Say what is to be forgotten: --source FILE of the inbox, or the id of a record.")
    request = find_request(found.workspace, source=source, record=record)
    affected = erasure.learned_since(Registry(found.settings, found.workspace), request.first)
    number = request_number(request, key_path(found.settings, found.workspace))
    return request.model_copy(update={"id": number, "versions": tuple(version.version for version in affected)})


def request_text(request: Request) -> str:
    """Say what a request is about to remove."""
    rebuilt = f" What night {request.night} trained is built again without it." if request.versions else ""
    return (
        f"{records_text(request)} of {', '.join(request.files) or '-'} go, with all that was derived from them since "
        f"{request.first}: dreams, examinations, reports, stored versions of datasets, and "
        f"{count(len(request.versions), 'version')} of the model.{rebuilt} There is no way back."
    )


def records_text(request: Request) -> str:
    """Say how many records a request is about."""
    return f"{count(len(request.experiences), 'experience')} and {count(len(request.probes), 'probe')}"
