"""Fixtures that every test may use."""

import os
import shutil
import signal
import sys
import time

os.environ.setdefault("GOMP_SPINCOUNT", "20000")  # before torch: spinning threads starve each other on shared cores
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # here and in the processes that tests start

import pytest

from steps.params import load_settings
from steps.settings import REPOSITORY
from steps.workspace import Workspace

REGISTRY = "MLFLOW_TRACKING_URI"  # which MLflow's own tracing sets, for the whole process
_OF_THE_MACHINE = os.environ.get(REGISTRY)


@pytest.fixture
def settings():
    return load_settings()


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture(autouse=True)
def _no_registry_of_the_machine(monkeypatch):
    os.environ.pop(REGISTRY, None)  # not by ``monkeypatch``, which would bring back what it found
    yield
    monkeypatch.undo()
    deadline = time.monotonic() + 30
    while REGISTRY in os.environ and time.monotonic() < deadline:
        time.sleep(0.1)  # a diary that is stopped may still be bringing its last trace
    left = os.environ.pop(REGISTRY, None)
    if _OF_THE_MACHINE is not None:
        os.environ[REGISTRY] = _OF_THE_MACHINE
    assert left is None, "the test leaves a registry behind for those that follow"


@pytest.fixture(autouse=True)
def _no_instance_of_another_test():
    """Contexts of Dagster's that are collected late leave their instance, which is gone, to all that is loaded next."""
    yield
    if (state := sys.modules.get("dagster._core.storage.defs_state.base")) is not None:
        state._current_storage.set(None)


@pytest.fixture(autouse=True)
def _nobody_is_nice(monkeypatch):
    """A process that a night made nice stays so, with all tests that follow in it."""
    monkeypatch.setattr(os, "setpriority", lambda *_: None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """A test before may leave SIGTERM ignored or blocked: what is started inherits that, and would not end by it."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


@pytest.fixture
def planted_verdicts(monkeypatch):
    """Take verdicts and adapters as a test plants them, where it is about what is done with them.

    A planted verdict compares with the champion that serves when it is registered, unless it names another one.
    """
    from steps.gate.verdict import read_verdict
    from steps.registry import Registry
    from steps.workspace import VERDICT, write_json
    from tests.examined import compared

    def as_planted(night):
        verdict = read_verdict(night.workspace, night.date)
        if verdict.binding and "champion_version" not in verdict.binding:
            binding = verdict.binding | compared(Registry(night.settings, night.workspace))
            verdict = verdict.model_copy(update={"binding": binding})
            write_json(night.folder / VERDICT, verdict.model_dump())
        return verdict

    monkeypatch.setattr("steps.promote.registering.recomputed", as_planted)
    monkeypatch.setattr("steps.promote.promotion.try_out", lambda settings, adapter, *, name: None)


@pytest.fixture(scope="session")
def _migrated_database(tmp_path_factory):
    from steps.registry import Registry

    workspace = Workspace(tmp_path_factory.mktemp("migrated"))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        _ = Registry(load_settings(), workspace).client
    return workspace.state / "mlflow" / "mlflow.db"


@pytest.fixture
def migrated(_migrated_database, workspace):
    """Give ``workspace`` a fresh MLflow database, copied: MLflow takes seconds to create one."""
    path = workspace.state / "mlflow" / "mlflow.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(_migrated_database, path)
    return path


@pytest.fixture
def registry(settings, workspace, migrated):
    """The registry of ``workspace`` with night zero in it."""
    from steps.registry import Registry, registration

    found = Registry(settings, workspace)
    registration.ensure_night_zero(found, base={"name": "tiny"})
    return found


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """Folder of a tiny randomly initialised Llama."""
    from bench.tiny import build_tiny_model

    return build_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def tiny_settings(settings, tiny_model, tmp_path):
    """Settings of a night that takes seconds: the tiny model, few dreams, small suites."""
    anchors, canaries = tmp_path / "anchors", tmp_path / "canaries"
    anchors.mkdir()
    canaries.mkdir()
    lines = (REPOSITORY / "data" / "anchors" / "arithmetic.jsonl").read_text().splitlines()[:12]
    lines += (REPOSITORY / "data" / "anchors" / "format.jsonl").read_text().splitlines()[:4]
    (anchors / "few.jsonl").write_text("\n".join(lines) + "\n")

    lines = (REPOSITORY / "data" / "canaries" / "injections.jsonl").read_text().splitlines()[:3]
    (canaries / "few.jsonl").write_text("\n".join(lines) + "\n")

    def changed(section, **values):
        return getattr(settings, section).model_copy(update=values)

    return settings.model_copy(
        update={
            "model": changed("model", base=str(tiny_model), device="cpu", dtype="float32", threads=1),
            "dream": changed("dream", facts_per_sentence=1, wordings_per_fact=1, rehearsals=8),
            "consolidate": changed("consolidate", epochs=2, rank=4, checkpoint_steps=2),
            "examine": changed("examine", anchors=anchors, canaries=canaries, max_new_tokens=8),
            "gate": changed("gate", min_anchors=10),
            "night": changed("night", wait=False, nice=0),  # few probes: INCONCLUSIVE; tests share their process
        }
    )
