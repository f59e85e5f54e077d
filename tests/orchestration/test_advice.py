"""What a tenant's sentences advise is about the tenant."""

import pytest
from typer.testing import CliRunner

from orchestration.advice import for_tenant
from orchestration.cli import app
from orchestration.running import note_begun
from steps.night import Night
from steps.tenants import add_tenant

NIGHT = "2026-11-22"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("run `slumber night` again", "run `slumber night --tenant acme` again"),
        ("`slumber approve 3` or `slumber deep`", "`slumber approve 3 --tenant acme` or `slumber deep --tenant acme`"),
        ("`slumber serve` brings them", "`slumber serve` brings them"),
        ("`slumber nights` and `slumber tenants add acme`", "`slumber nights` and `slumber tenants add acme`"),
        ("`slumber rollback --tenant beta 1`", "`slumber rollback --tenant beta 1`"),
        ("slumber night, `night`", "slumber night, `night`"),
    ],
)
def test_a_command_has_his_name_where_it_takes_one(text, told):
    assert for_tenant(text, "acme") == told
    assert for_tenant(text, "") == for_tenant(text, None) == text


def test_what_commands_say_of_a_tenant(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text("{}\n")
    monkeypatch.setenv("COLUMNS", "300")

    def run(*words):
        return CliRunner().invoke(app, [*words, "--workspace", str(tmp_path)])

    run("tenants", "add", "acme")
    assert "Run `slumber night --tenant acme`." in run("deep", "--tenant", "acme").stderr
    assert "Run `slumber night`." in run("deep").stderr
    monkeypatch.setattr("orchestration.deep.why", lambda found: [])
    assert "Everybody's champion serves: there is nothing" in run("deep", "--tenant", "acme").output
    assert "The base serves" in run("deep").output


@pytest.mark.parametrize("words", [["forget", "--source", "a.md"], ["key", "app"], ["memory", "list"], ["review"]])
def test_an_empty_name_does_not_mean_everybody(tmp_path, words):
    (tmp_path / "params.yaml").write_text("serve: {keys: keys}\n")
    done = CliRunner().invoke(app, [*words, "--workspace", str(tmp_path), "--tenant", ""])
    assert done.exit_code == 2 and "empty name" in done.stderr and not (tmp_path / "keys").exists()


def test_the_status_of_a_tenant_names_him(settings, workspace, migrated):
    from orchestration.environment import Deployment
    from orchestration.status import status_table

    shared = Deployment(settings=settings, workspace=workspace, inbox=workspace.root)
    own = add_tenant(workspace, "acme")
    for place in (workspace, own):
        note_begun(Night.of(settings, place, NIGHT))
    for found, advice in ((shared, ""), (shared.of_tenant("acme"), " --tenant acme")):
        said = [str(cell) for cell in list(status_table(found).columns)[1].cells]
        assert any(f"`slumber night --night {NIGHT}{advice}`" in line for line in said), said


def test_the_watch_of_a_tenant_names_him(settings, workspace, monkeypatch):
    from orchestration.environment import Deployment
    from orchestration.watch import watch_table

    add_tenant(workspace, "acme")
    monkeypatch.setattr("orchestration.watch.held_lines", lambda found: ["`slumber rollback 2` lets it serve again."])
    shared = Deployment(settings=settings, workspace=workspace, inbox=workspace.root)
    for found, advice in ((shared, ""), (shared.of_tenant("acme"), " --tenant acme")):
        said = str(list(watch_table(found).renderables)[-1])
        assert said == f"`slumber rollback 2{advice}` lets it serve again."
