"""The step: the night's datasets are complete, and DVC versions them."""

from typing import Any

from pydantic import Field

from steps.manifest import Figures
from steps.night import Night
from steps.step import Step


class StoreFigures(Figures):
    """MD5 of each dataset as DVC knows it."""

    hashes: dict[str, str] = Field(title="dvc")


class StoreStep(Step[StoreFigures]):
    """Version the night's datasets with DVC, and push them to the remote."""

    name = "store"
    asset = "dreams"
    figures = StoreFigures
    kinds = ("transformers", "dvc")
    always = True

    def work(self, night: Night) -> StoreFigures:
        from steps.datasets.versions import version_night

        same: dict[str, Any] = {"settings": night.settings, "workspace": night.workspace, "night": night.date}
        return StoreFigures(hashes=version_night(**same))
