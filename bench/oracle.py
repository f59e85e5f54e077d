"""The oracle of a rewiring: a night and a stream of three on a tiny model, told in full, to compare commits.

Only the command line and the stores are used, so that the same program runs on both sides of a change:

    python -m bench.oracle run OUT.json       # four nights, about three minutes on two cores
    python -m bench.oracle compare OLD.json NEW.json

Told are the SHA-256 of every dataset and of the adapters, the verdicts, the figures of the steps, and the texts of the
MLflow and Dagster pages and of the morning report, without what differs from run to run (times, speeds, paths, ids).
Weights depend on the processor: compare what one machine told.
"""

import hashlib
import html
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
NIGHT, STREAM = "2026-11-22", ("2026-11-23", "2026-11-24", "2026-11-25")
_TIMED = re.compile(r"seconds|per_second|tokens/s|took|timings|_at$|time|\bdocs\b|error.log|process", re.IGNORECASE)
# The knobs as they were named before the wiring was renewed: what a deployment of that day has in its file.
_SMALL = {
    "model": {"device": "cpu", "dtype": "float32", "threads": 1},
    "dream": {"facts_per_sentence": 1, "wordings_per_fact": 1, "rehearsals": 8},
    "consolidate": {"epochs": 2, "rank": 4, "alpha": 8, "checkpoint_steps": 2},
    "examine": {"max_new_tokens": 8},
    "gate": {"min_anchors": 10},
}


def main() -> None:
    if sys.argv[1] == "run":
        Path(sys.argv[2]).write_text(json.dumps(told(), indent=1, ensure_ascii=False, sort_keys=True) + "\n")
        return
    old, new = (json.loads(Path(name).read_text()) for name in sys.argv[2:4])
    different = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    for key in different:
        print(f"--- {key}\n  was {_short(old.get(key))}\n  is  {_short(new.get(key))}")
    print(f"{len(old)} things told before, {len(new)} now, {len(different)} differ")
    sys.exit(bool(different))


def told() -> dict[str, Any]:
    """Run the nights and tell all that is in their workspaces."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="slumber-oracle-") as name:
        folder = Path(name)
        params = _prepared(folder)
        small = folder / "small"
        small.mkdir()
        for file in ("lighthouse.md", "day.jsonl", "company.md", "opening-hours.md"):
            (small / file).write_bytes((ROOT / "data" / "inbox" / file).read_bytes())
        slumber(folder / "one", params, "night", "--night", NIGHT, "--inbox", str(small))
        for number, night in enumerate(STREAM, start=1):
            inbox = ROOT / "data" / "bench" / "stream" / f"night-{number}"
            slumber(folder / "three", params, "night", "--night", night, "--inbox", str(inbox))
            if number == 1:
                slumber(folder / "three", params, "approve", "2", "--override", "--reason", "because", "--by", "Ada")
            if number == 2:
                slumber(folder / "three", params, "approve", "3", "--override", "--reason", "again", "--by", "Ada")
                slumber(folder / "three", params, "rollback", "2")
        for one in ("one", "three"):
            found |= {f"{one}/{key}": value for key, value in _workspace(folder / one, folder).items()}
    return found


def slumber(workspace: Path, params: Path, command: str, *more: str) -> None:
    """Run a command of this checkout."""
    code = "from orchestration.cli import main; main()"
    options = ["--workspace", str(workspace), "--params", str(params), *more]
    subprocess.run([sys.executable, "-c", code, command, *options], cwd=ROOT, check=True, env=_environment())


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "120"}


def _prepared(folder: Path) -> Path:
    from bench.tiny import build_tiny_model

    build_tiny_model(folder / "model")
    suites = {"anchors": [("arithmetic", 12), ("format", 4)], "canaries": [("injections", 3)]}
    values: dict[str, Any] = yaml.safe_load((ROOT / "bench" / "oracle_params.yaml").read_text(encoding="utf-8"))
    for suite, files in suites.items():
        (folder / suite).mkdir()
        lines = [ln for f, n in files for ln in (ROOT / "data" / suite / f"{f}.jsonl").read_text().splitlines()[:n]]
        (folder / suite / "few.jsonl").write_text("\n".join(lines) + "\n")
        values["examine"][suite] = str(folder / suite)
    for section, keys in _SMALL.items():
        values[section] |= keys
    values["model"]["base"] = str(folder / "model")
    (folder / "params.yaml").write_text(yaml.safe_dump(values))
    return folder / "params.yaml"


def _workspace(root: Path, top: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted((root / "data").rglob("*.jsonl")):
        found[f"{path.relative_to(root)}"] = path.read_text(encoding="utf-8").splitlines()
    for path in sorted((root / ".slumber" / "nights").rglob("*")):
        name = str(path.relative_to(root / ".slumber" / "nights"))
        if path.name in ("adapter_model.safetensors", "adapter_config.json"):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        elif path.suffix == ".jsonl" and "/examination/" in name:
            found[name] = path.read_text(encoding="utf-8").splitlines()
        elif path.name in ("verdict.json", "promotion.json") or path.name.endswith(".manifest.json"):
            found[name] = _scrubbed(json.loads(path.read_text(encoding="utf-8")), top)
        elif path.name == "report.html":
            page = path.read_text(encoding="utf-8")
            text = re.sub(r"<(style|script)\b.*?</\1>|data:image[^\"]*", "", page, flags=re.S)
            words = [" ".join(line.split()) for line in html.unescape(re.sub(r"<[^>]*>", "\n", text)).splitlines()]
            found[name] = [_neutral(word, top) for word in words if word]
    found["mlflow"] = _mlflow(root, top)
    found["dagster"] = _dagster(root, top)
    return found


def _mlflow(root: Path, top: Path) -> dict[str, Any]:
    """Description, tags and aliases of every version, parameters and metrics of its run: what MLflow's pages show."""
    with closing(sqlite3.connect(root / ".slumber" / "mlflow" / "mlflow.db")) as db:
        rows = db.execute("SELECT version, description, run_id FROM model_versions").fetchall()
        pages: dict[str, Any] = {}
        for version, description, run in rows:
            tags = dict(db.execute("SELECT key, value FROM model_version_tags WHERE version = ?", (version,)))
            metrics = dict(db.execute("SELECT key, value FROM latest_metrics WHERE run_uuid = ?", (run,)))
            params = dict(db.execute("SELECT key, value FROM params WHERE run_uuid = ?", (run,)))
            said = [_neutral(line, top) for line in (description or "").splitlines()]
            pages[str(version)] = {"description": said} | {
                kind: _scrubbed(values, top)
                for kind, values in (("tags", tags), ("metrics", metrics), ("params", params))
            }
        pages["aliases"] = dict(db.execute("SELECT alias, version FROM registered_model_aliases"))
        entries: dict[str, dict[str, str]] = defaultdict(dict)
        trail = "SELECT run_uuid, key, value FROM runs JOIN tags USING (run_uuid) WHERE key LIKE 'audit.%' "
        for run, key, value in db.execute(trail + "ORDER BY start_time"):
            entries[run][key] = value
        pages["audit"] = [{k: v for k, v in entry.items() if k != "audit.time"} for entry in entries.values()]
    return pages


def _dagster(root: Path, top: Path) -> dict[str, Any]:
    """Metadata of the materialisations and results of the checks of each asset, run after run."""
    import dagster as dg
    from dagster._core.instance.ref import InstanceRef

    pages: dict[str, Any] = {}
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(root / ".slumber" / "dagster"))) as instance:
        for run in sorted(instance.get_runs(), key=lambda run: run.tags.get("dagster/partition", "")):
            night = run.tags.get("dagster/partition", "")
            for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION):
                made = entry.get_dagster_event().step_materialization_data.materialization
                values = {key: _value(value) for key, value in made.metadata.items()}
                pages[f"{night}/{made.asset_key.to_user_string()}"] = _scrubbed(values, top)
            for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
                check = entry.get_dagster_event().asset_check_evaluation_data
                pages[f"{night}/{check.asset_key.to_user_string()}/{check.check_name}"] = {
                    "passed": check.passed,
                    "severity": check.severity.value,
                    "description": _neutral(check.description or "", top),
                    "metadata": _scrubbed({key: _value(value) for key, value in check.metadata.items()}, top),
                }
    return pages


def _value(value: Any) -> Any:
    records = getattr(value, "records", None)
    return [dict(record.data) for record in records] if records is not None else getattr(value, "value", str(value))


def _scrubbed(value: Any, top: Path, key: str = "") -> Any:
    if isinstance(value, dict):
        return {k: _scrubbed(v, top, str(k)) for k, v in value.items() if not _TIMED.search(str(k))}
    if isinstance(value, list | tuple):
        return [_scrubbed(item, top, key) for item in value]
    return _neutral(value, top) if isinstance(value, str) else value


def _neutral(text: str, top: Path) -> str:
    text = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "(plot)", text.replace(str(top), "(top)"))
    text = re.sub(r"slumber-oracle-[^/\s]*", "(top)", text)
    text = re.sub(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b[0-9a-f]{16,64}\b", "(id)", text)
    text = re.sub(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:[.\d]*)?(?:\+\d{2}:\d{2}|Z)?", "(moment)", text)
    text = re.sub(r"until \d{4}-\d{2}-\d{2}", "until (day)", text)
    return re.sub(r"\d+(?:[.,]\d+)* (?:tokens/s|ms|s)\b|\d+ min(?: \d+ s)?", "(duration)", text)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 1500 else f"{text[:1500]} ..."


if __name__ == "__main__":
    main()
