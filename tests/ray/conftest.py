"""A Ray cluster of several nodes on this machine, which hears no other one; `make test-ray` tries things on it."""

import os
from pathlib import Path

import pytest

from steps.settings import ComputeSettings

ASKED = "SLUMBER_RAY"
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ADDRESS": "nobody:1",  # whoever forgets the address must not find another cluster
    "OMP_NUM_THREADS": "1",
}


def pytest_collection_modifyitems(items):
    if not os.environ.get(ASKED):
        for item in items:
            if item.path.parent == Path(__file__).parent:
                item.add_marker(pytest.mark.skip(reason="a cluster takes minutes to be tried: make test-ray"))


@pytest.fixture(scope="session")
def cluster():
    """Two nodes of two CPUs each, without any connection from this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUIET.items():
            patch.setenv(name, value)
        from steps.compute.cluster import leave
        from tests.ray.nodes import patient, started

        patient(patch)
        found = started(count=2)
        yield found
        leave()
        found.shutdown()


@pytest.fixture
def on_ray(tiny_settings, cluster):
    """The tiny night's settings, on the cluster."""
    compute = ComputeSettings(engine="ray", address=cluster.address, workers=2)
    return tiny_settings.model_copy(update={"compute": compute})


@pytest.fixture(autouse=True)
def _nothing_is_left(cluster):
    from steps.compute.cluster import leave

    yield
    leave()
