"""Versions of the datasets, kept by DVC: one sidecar ``data/<dataset>/<night>.jsonl.dvc`` per night and dataset.

A sidecar in place means that its data lies in the remote, so that a model version leads back to its exact data. Nothing
here commits to git or touches its index: the sidecars are left for their owner to commit.
"""

from steps.datasets.earlier import copy_earlier
from steps.datasets.erasing import erase_versions
from steps.datasets.sidecars import current_hashes
from steps.datasets.versions import restore_night, version_night

__all__ = ["copy_earlier", "current_hashes", "erase_versions", "restore_night", "version_night"]
