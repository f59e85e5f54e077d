"""The import rules of docs/architecture.md hold."""

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from steps.settings import REPOSITORY


def test_import_rules(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    assert lint_imports(config_filename=".importlinter", no_cache=True) == EXIT_STATUS_SUCCESS
