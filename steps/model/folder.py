"""What a folder must hold to be a base model, as far as names of files tell; no torch is needed to ask."""

from pathlib import Path

from steps.errors import SlumberError

_TOKENIZERS = ("tokenizer.json", "*.model", "vocab.*", "*.tiktoken", "tekken.json")


def check_model_folder(folder: Path) -> None:
    """Check that ``folder`` holds a configuration, weights in safetensors and a tokenizer.

    Raises:
        SlumberError: it is not there, or something of that is missing in it.
    """
    if not folder.is_dir():
        raise SlumberError(f"There is no folder {folder}: model.base must be 'embedded', a local folder or a hub id.")
    if not (folder / "config.json").exists():
        raise SlumberError(f"{folder} holds no config.json: model.base must name a Hugging Face causal LM folder.")
    if not any(folder.glob("*.safetensors")):
        raise SlumberError(
            f"{folder} holds no *.safetensors: save the model that model.base names with safe_serialization=True."
        )
    if not any(path for pattern in _TOKENIZERS for path in folder.glob(pattern)):
        raise SlumberError(f"{folder} holds no tokenizer, such as tokenizer.json: save the model's own there, too.")
