"""Versions as MLflow's logged models: traces name them, and its pages lead from there to the registry."""

import json

from steps.registry import Registry


class LoggedModels:
    """The logged models of one registered model's versions; each is made when it first answers."""

    def __init__(self, registry: Registry):
        self._registry = registry
        self._ids: dict[str, str] = {}  # by the number of the version

    def id_of(self, version: str, experiment: str) -> str:
        """Return the id of the one that stands for a version ("0": the base) in an experiment.

        MLflow's own tag leads from it to the version in the registry.
        """
        if version not in self._ids:
            # A logged model's name has no dots, which a registered model's may have.
            client, name = self._registry.client, f"{self._registry.name.replace('.', '-')}-{version}"
            there = client.search_logged_models([experiment], filter_string=f"name = '{name}'", max_results=1)
            if not there:
                number = version if version != "0" else self._registry.aliases().get("base")
                versions = [{"name": self._registry.name, "version": number}] if number else []
                tags = {"mlflow.modelVersions": json.dumps(versions)}
                made = client.create_logged_model(experiment, name=name, tags=tags, model_type="agent")
                there = [client.finalize_logged_model(made.model_id, "READY")]
            self._ids[version] = there[0].model_id
        return self._ids[version]
