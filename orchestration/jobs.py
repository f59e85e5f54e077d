"""The job that runs a night."""

import dagster as dg

from orchestration.assets import GROUP, REBUILT
from orchestration.instance import QUEUE_TAG
from steps.lifecycle import assets_from
from steps.workspace import DEEP

# In process: one run is one process, which holds the workspace's lock from its first step to its last.
sleep = dg.define_asset_job(
    "sleep",
    # Never a string: under the antlr version that DVC needs, Dagster cannot parse string selections.
    selection=dg.AssetSelection.groups(GROUP),
    executor_def=dg.in_process_executor,
    tags={QUEUE_TAG: "running"},
    description="One night: from the files in the inbox to a promoted, or refused, model version.",
)

deep = dg.define_asset_job(
    DEEP,
    selection=dg.AssetSelection.assets(*(dg.AssetKey(name) for name in assets_from(REBUILT))),
    executor_def=dg.in_process_executor,
    tags={QUEUE_TAG: "running"},
    description="What `slumber deep` runs: all that still holds, learned again from what came before every night.",
)

forget = dg.define_asset_job(
    "forget",
    selection=dg.AssetSelection.assets(*(dg.AssetKey(name) for name in assets_from(REBUILT))),
    executor_def=dg.in_process_executor,
    tags={QUEUE_TAG: "running"},
    description="What `slumber forget` runs: the nights since then, learned again without it.",
)
