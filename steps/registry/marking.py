"""Mark versions, and move no alias: approvals, the note on top of a description, links."""

from collections.abc import Mapping
from datetime import UTC, datetime

from steps.registry import reading
from steps.registry.connection import translate_errors
from steps.registry.gateway import Registry
from steps.registry.markdown import SEE, with_links, with_note
from steps.registry.version import APPROVED, WAITING, Version


def let_wait(registry: Registry, version: Version) -> None:
    """Mark ``version`` as waiting for a person's approval."""
    with translate_errors(registry.uri):
        if not version.waits:
            registry.enter("wait", version.version)
            registry.tag(version, approval=WAITING)


def approve(registry: Registry, version: Version, *, by: str) -> None:
    """Mark ``version`` as approved by the person ``by``; that alone lets nothing serve."""
    with translate_errors(registry.uri):
        registry.enter("approve", version.version, author=by)
        registry.tag(version, approved_by=by, approved_at=seconds(), approval=APPROVED)


def note(registry: Registry, version: Version, text: str) -> None:
    """Put one line of Markdown before the description of ``version``, in the place of the last one."""
    with translate_errors(registry.uri, outcome=f"the description of version {version.version} was not changed"):
        description = with_note(reading.version(registry, version.version).description, text)
        registry.client.update_model_version(registry.name, version.version, description)


def link(registry: Registry, version: Version, links: Mapping[str, str]) -> None:
    """Show where to look on, the morning report first, under the heading of the description of ``version``.

    An address that begins with ``#`` lies within MLflow's pages.
    """
    with translate_errors(registry.uri, outcome=f"the description of version {version.version} was not changed"):
        run = registry.client.get_run(version.run_id).info
        # Within MLflow's pages, so that it holds whatever their address is.
        report = f"#/experiments/{run.experiment_id}/runs/{run.run_id}/artifacts/report.html"
        places = {"morning report": report, **links}
        line = SEE + ", ".join(f"[{name}]({address})" for name, address in places.items())
        description = with_links(reading.version(registry, version.version).description, line)
        registry.client.update_model_version(registry.name, version.version, description)


def seconds() -> str:
    """Now, as a tag says it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
