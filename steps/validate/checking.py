"""Check a dataset with Great Expectations: the rows that pass, those refused with a reason, and a page of Data Docs."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steps.errors import DataRefused
from steps.records import Record
from steps.validate.suites import Dataset, Rule, columns, derived_columns, suite_rules
from steps.workspace import Workspace

_TEXT_COLUMNS = {"id", "night", "kind", "origin"}


@dataclass(frozen=True)
class Validation:
    """What the suite found. ``table`` has one row per expectation: name, expectation, column, severity, success,
    unexpected. ``broken``: the first rule that a record breaks, by its place among the records. ``docs`` is the index
    page.
    """

    broken: dict[int, Rule]
    table: list[dict[str, Any]]
    docs: Path

    def kept(self, records: Sequence[Record]) -> list[Any]:
        """Those of the ``records`` that were checked that pass."""
        return [record for place, record in enumerate(records) if place not in self.broken]


def check_records(*, dataset: Dataset, records: Iterable[Record], night: str, workspace: Workspace) -> Validation:
    """Check ``records`` against the suite of ``dataset`` and write Data Docs (without any text of a record).

    They are taken one by one: what is kept of each are its lengths and counts.

    Raises:
        DataRefused: an expectation of critical severity failed, or one could not be computed at all.
    """
    rules = {rule.name: rule for rule in suite_rules(dataset, night)}
    rows = derived_columns(dataset, records)
    results, docs = _run(dataset, rows, list(rules.values()), night=night, workspace=workspace)
    table, broken, critical = [], dict[int, Rule](), []
    for name, rule in rules.items():
        result = results.get(name)
        if result is None or _raised(result.exception_info):
            raise DataRefused(
                f"The check '{name}' of the {dataset} of {night} could not be computed: "
                "this is a fault of the pipeline, not of the data; nothing was stored."
            )
        table.append(_row(rule, result))
        if result.success:
            continue
        if rule.severity == "critical":
            critical.append(name)
        for item in result.result.get("unexpected_index_list") or []:
            broken.setdefault(int(item["row"]), rule)
    if critical:
        says = "; ".join(f"{rules[name].says} ({name})" for name in critical)
        raise DataRefused(f"The {dataset} of {night} were refused: {says}. Nothing was stored; see {docs}.")
    return Validation(broken=broken, table=table, docs=docs)


def _run(
    dataset: Dataset, rows: dict[str, list[Any]], rules: list[Rule], *, night: str, workspace: Workspace
) -> tuple[dict[str, Any], Path]:
    """Return the results by the rules' names, and the index page of Data Docs."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read at import, which takes seconds: hence here
    import great_expectations as gx
    import pandas as pd
    from great_expectations.data_context.types.base import ProgressBarsConfig

    workspace.state.mkdir(parents=True, exist_ok=True)
    context = gx.get_context(mode="file", project_root_dir=workspace.state)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # A source of its own per dataset: updating one drops its assets.
    asset = context.data_sources.add_or_update_pandas(dataset).add_dataframe_asset("records")
    suite = gx.ExpectationSuite(name=dataset, expectations=[_expectation(gx, rule) for rule in rules])
    definition = gx.ValidationDefinition(
        name=dataset,
        data=asset.add_batch_definition_whole_dataframe("night"),
        suite=context.suites.add_or_update(suite),
    )
    checkpoint = gx.Checkpoint(
        name=dataset,
        validation_definitions=[context.validation_definitions.add_or_update(definition)],
        actions=[gx.checkpoint.UpdateDataDocsAction(name="docs")],
        # Only here is it obeyed: a result format given to an expectation has no effect.
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": ["row"],
            "return_unexpected_index_query": False,
        },
    )
    # Text columns stay `object` and counts integers, also when there is no row to tell it from.
    frame = pd.DataFrame(rows) if rows["row"] else pd.DataFrame(columns=columns(dataset))
    frame = frame.astype({name: object if name in _TEXT_COLUMNS else "int64" for name in frame.columns})
    # A run named by a date is kept under that date: the pages of a night that is run again are replaced.
    run = context.checkpoints.add_or_update(checkpoint).run(
        batch_parameters={"dataframe": frame}, run_id=gx.RunIdentifier(run_name=night)
    )
    (result,) = run.run_results.values()
    docs = workspace.state / "gx" / "uncommitted" / "data_docs" / "local_site" / "index.html"
    configs = [(item.expectation_config, item) for item in result.results]
    return {config.meta["name"]: item for config, item in configs if config}, docs


def _expectation(gx: Any, rule: Rule) -> Any:
    make = getattr(gx.expectations, rule.expectation)
    return make(
        **dict(rule.arguments), severity=rule.severity, meta={"name": rule.name}, notes=f"Fails when {rule.says}."
    )


def _raised(info: dict[str, Any] | None) -> bool:
    """Tell whether an expectation broke down; the flag is either at the top or one level down, by metric."""
    nested = [value for value in (info or {}).values() if isinstance(value, dict)]
    return any(bool(part.get("raised_exception")) for part in (info or {}, *nested))


def _row(rule: Rule, result: Any) -> dict[str, Any]:
    return {
        "name": rule.name,
        "expectation": result.expectation_config.type,
        "column": rule.column,
        "severity": rule.severity,
        "success": bool(result.success),
        "unexpected": int(result.result.get("unexpected_count") or 0),
    }
