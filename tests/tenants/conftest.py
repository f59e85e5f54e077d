"""Deployments with tenants, on the tiny model, with a params.yaml as their owners have it."""

import pytest
import yaml

from steps.settings import REPOSITORY

FERRY = "# The ferry Aldis\n\nThe ferry Aldis was built in 1938 by the shipwright Edda Krann. Its hull is dark green.\n"


@pytest.fixture(scope="session")
def deployment_in(tiny_model, _migrated_database):
    """Return a function that makes a deployment in a folder: settings of a night that takes seconds, one document."""
    from orchestration.environment import Deployment

    def made(root, **sections):
        for name, file, many in (("anchors", "arithmetic", 12), ("canaries", "injections", 3)):
            lines = (REPOSITORY / "data" / name / f"{file}.jsonl").read_text().splitlines()[:many]
            (root / name).mkdir(parents=True)
            (root / name / "few.jsonl").write_text("\n".join(lines) + "\n")
        (root / "inbox").mkdir()
        (root / "inbox" / "ferry.md").write_text(FERRY)
        values = {
            "schedule": {"inbox": "inbox"},
            "model": {"base": str(tiny_model), "device": "cpu", "dtype": "float32", "threads": 1},
            "dream": {"facts_per_sentence": 1, "wordings_per_fact": 1, "rehearsals": 8},
            "consolidate": {"epochs": 2, "rank": 4, "checkpoint_steps": 2},
            "examine": {"anchors": "anchors", "canaries": "canaries", "max_new_tokens": 8},
            "gate": {"min_anchors": 10},
            "night": {"wait": False, "nice": 0},
            "serve": {"keys": "keys"},
        }
        for name, more in sections.items():
            values[name] = values.get(name, {}) | more
        (root / "params.yaml").write_text(yaml.safe_dump(values))
        database = root / ".slumber" / "mlflow" / "mlflow.db"
        database.parent.mkdir(parents=True)
        database.write_bytes(_migrated_database.read_bytes())
        return Deployment.find(workspace=root)

    return made
