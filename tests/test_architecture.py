"""The import rules of docs/architecture.md hold."""

import pkgutil
import subprocess
import sys

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

import steps
from steps.settings import REPOSITORY


def test_import_rules(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    assert lint_imports(config_filename=".importlinter", no_cache=True) == EXIT_STATUS_SUCCESS


def test_one_machine_imports_nothing_of_a_cluster():
    """Whatever is imported to sleep a night on one machine, Ray is not there to be imported."""
    names = [module.name for module in pkgutil.walk_packages(steps.__path__, "steps.")]
    names = [name for name in names if name == "steps.compute.checking" or not name.startswith("steps.compute.")]
    program = f"import sys, importlib; sys.modules['ray'] = None; [*map(importlib.import_module, {names!r})]"
    program += "; print(*(name for name in sys.modules if name.startswith('steps.compute.')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode == 0 and done.stdout.split() == ["steps.compute.checking"], done.stdout + done.stderr
