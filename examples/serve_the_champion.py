"""Ask the champion of a workspace a question, with MLflow, PEFT and Transformers alone: no line of Slumber is needed.

python examples/serve_the_champion.py ~/deployments/mine "Who built the ferry?"

The adapter names its base as params.yaml does, so that it is a folder or a hub id; nobody but Slumber knows 'embedded'.
"""

import os
import sys
import tempfile
from pathlib import Path

import mlflow
import yaml
from mlflow import MlflowClient
from peft import AutoPeftModelForCausalLM
from transformers import AutoTokenizer


def main(workspace: Path, question: str) -> None:
    settings = yaml.safe_load((workspace / "params.yaml").read_text(encoding="utf-8"))
    if settings["model"]["base"] == "embedded":
        sys.exit("Its base is the embedded one: `slumber export OUT --to transformers` writes the champion for others.")
    registry = settings["registry"]
    os.chdir(workspace)  # a base that is a folder is named as params.yaml names it: from there
    own = f"sqlite:///{workspace / '.slumber' / 'mlflow' / 'mlflow.db'}"
    mlflow.set_tracking_uri(registry["tracking_uri"] or os.environ.get("MLFLOW_TRACKING_URI") or own)

    champion = MlflowClient().get_model_version_by_alias(registry["model_name"], "champion")
    if champion.tags["verdict"] == "BASE":
        sys.exit("Night 0 serves: the untouched base, for no candidate was promoted yet.")

    with tempfile.TemporaryDirectory() as folder:
        adapter = mlflow.artifacts.download_artifacts(champion.source, dst_path=folder)
        model = AutoPeftModelForCausalLM.from_pretrained(adapter, trust_remote_code=False)  # the adapter names its base
    tokenizer = AutoTokenizer.from_pretrained(
        model.peft_config["default"].base_model_name_or_path, trust_remote_code=False
    )

    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, return_dict=True, return_tensors="pt"
    )
    output = model.generate(**prompt, max_new_tokens=40, do_sample=False)
    print(f"Version {champion.version}, night {champion.tags['night']}:")
    print(tokenizer.decode(output[0, prompt["input_ids"].shape[1] :], skip_special_tokens=True))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]).expanduser().absolute(), sys.argv[2])
