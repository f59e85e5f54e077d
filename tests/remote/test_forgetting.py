"""A rollback and a request to forget where everything lies in Postgres and S3: no byte is left in either."""

import pytest

from bench.gate_demo import SECOND
from orchestration import forgetting
from steps.promote.returning import rollback
from steps.registry import Registry, reading
from tests.orchestration.two_nights import (  # noqa: F401
    OWNER,
    SUBJECT,
    champion,
    spend_two_nights,
    toy,
    toy_deployment,
)


def holders(servers, stores, *texts):
    """Where one of these texts stands: objects of the bucket, and databases."""
    postgres, s3 = servers
    held = {key: s3.read(stores[2], key) for key in s3.keys(stores[2])}
    held |= {name: postgres.dump(name) for name in stores[:2]}
    return sorted(key for key, content in held.items() if any(text.encode() in content for text in texts))


@pytest.mark.timeout(1500)  # a minute on a quiet machine
def test_what_is_rolled_back_comes_from_s3_and_what_is_forgotten_is_nowhere(
    toy,  # noqa: F811
    champion,  # noqa: F811
    workspace,
    servers,
    stores,
    remotely,
):
    deployment = remotely(toy_deployment(toy, workspace))
    where = {"settings": deployment.settings, "workspace": workspace}
    spend_two_nights(deployment, toy, champion)
    registry = Registry(deployment.settings, workspace)
    assert rollback(**where)[1].version == "1" and reading.champion(registry).version == "1"
    assert rollback(version="2", **where)[1].version == "2", "its adapter was brought from S3, and answered"

    asked, told = f"Who owns {SUBJECT}?", f"is {OWNER}."
    assert any(place.startswith("dvc/") for place in holders(servers, stores, asked))
    assert any(place.startswith("mlflow/") for place in holders(servers, stores, asked))
    weights = servers[1].digests(stores[2], ending="adapter_model.safetensors")
    assert len(weights) == 1

    done = forgetting.run_forget(deployment, source=SUBJECT)
    assert done.verdict == "PROMOTE", done.reasons
    assert (done.erased, done.serves, done.serves_still) == (("2",), "3", None)
    assert holders(servers, stores, asked, told) == [] and not weights & servers[1].digests(stores[2])
    assert reading.intact(registry, reading.champion(registry)) and reading.champion(registry).night == SECOND
    assert not [key for key in registry.model().tags if key.startswith(("night.", "turn."))], "no lock is left"
