"""Mark versions: tags, the note on top of a description, and entries of the audit trail."""

from collections.abc import Mapping
from datetime import UTC, datetime

from steps.registry.audit import Entry, append, now, this_user
from steps.registry.connection import told
from steps.registry.reading import Reader
from steps.registry.version import APPROVED, SEE, WAITING, Version, with_links, with_note


class Writer(Reader):
    """Marks versions; moves no alias. Every method raises RegistryUnreachable if MLflow cannot be used."""

    def let_wait(self, version: Version) -> None:
        """Mark ``version`` as waiting for a person's approval."""
        with told(self.uri):
            if not version.waits:
                self._enter("wait", version.version)
                self._tag(version, approval=WAITING)

    def approve(self, version: Version, *, by: str) -> None:
        """Mark ``version`` as approved by the person ``by``; that alone lets nothing serve."""
        with told(self.uri):
            self._enter("approve", version.version, author=by)
            self._tag(version, approved_by=by, approved_at=seconds(), approval=APPROVED)

    def note(self, version: Version, text: str) -> None:
        """Put one line of Markdown before the description of ``version``, in the place of the last one."""
        with told(self.uri, outcome=f"the description of version {version.version} was not changed"):
            description = with_note(self.version(version.version).description, text)
            self._client.update_model_version(self.name, version.version, description)

    def link(self, version: Version, links: Mapping[str, str]) -> None:
        """Show where to look on, the morning report first, under the heading of the description of ``version``."""
        with told(self.uri, outcome=f"the description of version {version.version} was not changed"):
            run = self._client.get_run(version.run_id).info
            # Within MLflow's pages, so that it holds whatever their address is.
            report = f"#/experiments/{run.experiment_id}/runs/{run.run_id}/artifacts/report.html"
            places = {"morning report": report, **links}
            line = SEE + ", ".join(f"[{name}]({address})" for name, address in places.items())
            description = with_links(self.version(version.version).description, line)
            self._client.update_model_version(self.name, version.version, description)

    def _tag(self, version: Version, **tags: str) -> None:
        for key, value in tags.items():
            self._client.set_model_version_tag(self.name, version.version, key, value)

    def _untag(self, version: Version, key: str) -> None:
        if key in version.tags:
            self._client.delete_model_version_tag(self.name, version.version, key)

    def _enter(
        self,
        action: str,
        version: str,
        before: str | None = None,
        after: str | None = None,
        *,
        author: str | None = None,
        reason: str = "",
    ) -> None:
        """Append to the audit trail. Without ``author`` it names the account that this process runs under."""
        who = author or this_user()
        entry = Entry(time=now(), action=action, version=version, before=before, after=after, author=who, reason=reason)
        append(self._client, self.name, entry)


def seconds() -> str:
    """Now, as a tag says it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
