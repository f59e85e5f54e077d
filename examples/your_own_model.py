"""One night on a model and an inbox of your own, started from Python.

    python examples/your_own_model.py ~/models/my-model ~/today ~/deployments/mine

Everything that belongs to the deployment, its settings included, lies in the workspace afterwards.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import yaml

SHIPPED = Path(__file__).resolve().parents[1] / "params.yaml"
SLUMBER = Path(sys.executable).with_name("slumber")  # the command of this environment


def write_params(workspace: Path, *, model: str, start: Path) -> Path:
    """Write the settings of ``start`` with another base model into the workspace, where `slumber` finds them."""
    values = yaml.safe_load(start.read_text(encoding="utf-8"))
    values["model"]["base"] = model
    for name in ("anchors", "canaries"):  # paths are relative to the file that names them; null: the shipped ones
        if (folder := values["examine"][name]) is not None:
            values["examine"][name] = str(start.parent / folder)
    workspace.mkdir(parents=True, exist_ok=True)
    path = workspace / "params.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    return path


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="folder or hub id of an instruction-tuned causal LM")
    parser.add_argument("inbox", type=Path, help="folder of documents")
    parser.add_argument("workspace", type=Path, help="where all data and state are kept")
    parser.add_argument("--night", help="date of the night (default: today)")
    parser.add_argument("--params", type=Path, default=SHIPPED, help="settings to start from")
    told = parser.parse_args()

    model = str(Path(told.model).expanduser().resolve()) if Path(told.model).expanduser().is_dir() else told.model
    write_params(told.workspace, model=model, start=told.params.resolve())
    command = [SLUMBER, "night", "--workspace", told.workspace, "--inbox", told.inbox]
    command += ["--night", told.night] if told.night else []
    # 0: the night ended with a verdict; 2: something for you to mend; 3: data refused; 4: another night is running
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
