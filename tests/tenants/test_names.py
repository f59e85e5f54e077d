"""What a tenant may be called, what is his, and what a deployment without tenants is."""

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.environment import Deployment
from orchestration.tenant_table import tenants_table
from steps import tenants
from steps.errors import SlumberError
from steps.night import Key
from steps.params import load_settings
from steps.registry import RegistryUnreachable
from steps.tenants import (
    LastNight,
    NoTenant,
    add_tenant,
    is_tenant,
    last_night,
    note_night,
    tenant_of,
    tenant_settings,
    tenant_workspace,
    tenants_of,
)
from steps.workspace import Workspace


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "/etc",
        "a\\b",
        "A",
        "Acme",
        "-a",
        "a-",
        "a.b",
        "a b",
        "a\n",
        "ä",
        "a" * 41,
        ".a",
        "a|b",
    ],
)
def test_names_that_lead_elsewhere_are_refused(workspace, name):
    for use in (add_tenant, tenant_workspace):
        with pytest.raises(SlumberError, match="no name of a tenant"):
            use(workspace, name)
    assert not is_tenant(workspace, name) and not (workspace.root / "tenants").exists()


def test_a_link_or_a_folder_that_nobody_added_is_no_tenant(workspace, tmp_path_factory):
    elsewhere = add_tenant(Workspace(tmp_path_factory.mktemp("elsewhere")), "acme")
    (workspace.root / "tenants").mkdir()
    (workspace.root / "tenants" / "linked").symlink_to(elsewhere.root)
    (workspace.root / "tenants" / "plain").mkdir()
    assert tenants_of(workspace) == []
    for name in ("linked", "plain"):
        with pytest.raises(NoTenant):
            tenant_workspace(workspace, name)
    with pytest.raises(SlumberError, match="already"):
        add_tenant(workspace, "linked")


def test_who_was_added_by_half_can_be_added_and_what_is_no_tenant_is_told_so(workspace, monkeypatch):
    with monkeypatch.context() as killed:
        killed.setattr("steps.tenants.write_text", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            add_tenant(workspace, "acme")
    assert tenants_of(workspace) == []
    made = add_tenant(workspace, "acme")
    assert tenants_of(workspace) == ["acme"] and (made.root / "inbox").is_dir()
    assert made.root.stat().st_mode & 0o777 == 0o700
    (workspace.root / "tenants" / "beta" / ".slumber").mkdir(parents=True)
    with pytest.raises(SlumberError, match="no tenant's: remove it"):
        add_tenant(workspace, "beta")


def test_two_who_add_the_same_at_once_make_one(workspace, monkeypatch):
    writes = tenants.write_text

    def quicker(path, text):
        monkeypatch.setattr(tenants, "write_text", writes)
        add_tenant(workspace, "acme")
        writes(path, text)

    monkeypatch.setattr(tenants, "write_text", quicker)
    with pytest.raises(SlumberError, match="somebody else"):
        add_tenant(workspace, "acme")
    assert [path.name for path in (workspace.root / "tenants").iterdir()] == ["acme"]


def test_what_is_a_tenants_own(settings, workspace):
    made = add_tenant(workspace, "acme")
    assert tenants_of(workspace) == ["acme"] and tenant_of(made) == (workspace, "acme") and tenant_of(workspace) is None
    settings = settings.model_copy(
        update={
            "ingest": settings.ingest.model_copy(update={"experiments": ["an agent's"]}),
            "datasets": settings.datasets.model_copy(update={"remote": "s3://bucket/data/"}),
            "compute": settings.compute.model_copy(update={"checkpoints": "s3://bucket/jobs"}),
        }
    )
    own = tenant_settings(settings, workspace, "acme")
    assert own.registry.model_name == "slumber.acme" and own.registry.experiment == "slumber-nights.acme"
    assert own.registry.tracking_uri == f"sqlite:///{workspace.root}/.slumber/mlflow/mlflow.db"
    assert own.inbox == made.root / "inbox" and own.ingest.experiments == []
    assert own.datasets.remote == "s3://bucket/data/tenants/acme", (
        "DVC keeps everybody's in files/, as a tenant may be called"
    )
    assert own.compute.checkpoints == "s3://bucket/jobs/tenants/acme"
    changed = {"schedule", "ingest", "registry", "datasets", "compute"}
    assert {n for n in type(own).model_fields if getattr(own, n) != getattr(settings, n)} == changed
    assert last_night(made) is None
    note_night(made, LastNight(1.0, "2026-11-22"))
    assert last_night(made) == LastNight(1.0, "2026-11-22", None)


def test_a_tenants_folder_is_not_taken_for_a_deployment(tmp_path):
    (tmp_path / "params.yaml").write_text("{}\n")
    made = add_tenant(Workspace(tmp_path), "acme")
    with pytest.raises(SlumberError, match="--tenant acme"):
        Deployment.find(workspace=made.root)
    found = Deployment.find(workspace=tmp_path, tenant="acme")
    assert found.night("2026-11-22").key == Key("2026-11-22", "acme") and found.workspace == made
    assert Deployment.find(workspace=tmp_path).night("2026-11-22").key == Key("2026-11-22")
    assert found.shared == Deployment.find(workspace=tmp_path)


def test_without_tenants_nothing_is_made_of_them(tmp_path):
    (tmp_path / "params.yaml").write_text("{}\n")
    found = Deployment.find(workspace=tmp_path)
    assert found.settings == load_settings(tmp_path / "params.yaml") and found.tenant == "" and found.shared is None
    assert set(found.environment()) == {"SLUMBER_WORKSPACE", "SLUMBER_INBOX", "SLUMBER_PARAMS"}
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


def test_commands(tmp_path):
    (tmp_path / "params.yaml").write_text("{}\n")

    def run(*arguments):
        return CliRunner().invoke(app, [*arguments, "--workspace", str(tmp_path)])

    assert "inbox" in run("tenants", "add", "acme").output
    assert run("tenants", "add", "acme").exit_code == 2 and run("tenants", "add", "../x").exit_code == 2
    listed = run("tenants", "list").output
    assert "acme" in listed and "everybody's" in listed
    assert "There is no tenant 'beta'" in run("status", "--tenant", "beta").stderr
    assert "none yet" in run("status", "--tenant", "acme").output
    assert "0 tenants slept" in run("nights").output


def test_a_registry_that_is_away_is_waited_for_once(settings, workspace, monkeypatch):
    asked = []

    def away(registry):
        asked.append(registry.name)
        raise RegistryUnreachable("It is away.")

    monkeypatch.setattr("steps.registry.reading.whole", away)
    for name in ("acme", "beta"):
        add_tenant(workspace, name)
    with pytest.raises(RegistryUnreachable):
        tenants_table(Deployment(settings=settings, workspace=workspace, inbox=workspace.root))
    assert asked == ["slumber"]


def test_a_damaged_note_of_a_last_night_stops_nobody(workspace):
    own = add_tenant(workspace, "acme")
    for text in ("{", "[1]", '{"at": 1.0}'):
        own.state.mkdir(parents=True, exist_ok=True)
        (own.state / "last_night.json").write_text(text)
        assert last_night(own) is None
