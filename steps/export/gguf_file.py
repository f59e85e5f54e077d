"""For llama.cpp: the base's own GGUF file with the adapted tensors in the place of its own.

Only the embedded base comes as a GGUF. llama.cpp's converter of other models is a script of its repository and on no
package index: for those the merged weights are written, and the command that converts them is said.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import numpy as np

from steps.export.merged import write_merged
from steps.export.source import Source

if TYPE_CHECKING:
    from gguf import GGUFReader

_CONVERTER = "https://github.com/ggml-org/llama.cpp"
_TURNED = ("attn_q", "attn_k")  # llama.cpp pairs their rows for rotation as neighbours, transformers as halves


def for_llama_cpp(source: Source, folder: Path, out: Path) -> str:
    """Write a GGUF file of the embedded base, else merged safetensors; return the command that serves or converts.

    Raises:
        SlumberError: the embedded base's file cannot be fetched.
    """
    file = f"{source.name}.gguf"
    serve = f"llama-server --jinja --alias {source.name} -m"
    if source.settings.model.base != "embedded":
        write_merged(source, folder)
        return (
            "# merged safetensors; no kept package converts them: llama.cpp's own script does\n"
            f"git clone {_CONVERTER} && pip install -r llama.cpp/requirements/requirements-convert_hf_to_gguf.txt\n"
            f"python llama.cpp/convert_hf_to_gguf.py {quote(str(out))} --outfile {file}\n{serve} {file}"
        )
    from gguf import GGUFReader

    from steps.model.embedded import embedded_gguf

    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        reader = GGUFReader(embedded_gguf(Path(scratch)))
        write_gguf(reader, dict(merged_tensors(source)), folder / file)
    return f"{serve} {quote(str(out / file))}"


def merged_tensors(source: Source) -> Iterator[tuple[str, np.ndarray]]:
    """The weights of the adapted layers with the adapter in them, by their names in transformers."""
    from steps.consolidate.adapter import load_adapter
    from steps.model.loading import load_base

    if source.adapter is None:
        return
    base = load_base(source.settings.model.model_copy(update={"device": "cpu", "dtype": "float32"}))
    adapted = load_adapter(base.model, source.adapter)
    names = [name for name, module in adapted.get_base_model().named_modules() if hasattr(module, "lora_A")]
    plain = adapted.merge_and_unload()
    for name in names:
        yield f"{name}.weight", plain.get_parameter(f"{name}.weight").detach().numpy()


def write_gguf(reader: "GGUFReader", changed: dict[str, np.ndarray], path: Path) -> None:
    """Copy a GGUF file of a Llama with some tensors replaced, in float16; all else is left as it is stored.

    Args:
        changed: [outputs, inputs] by their names in transformers.

    Raises:
        KeyError: the file lacks a tensor of ``changed``.
    """
    import gguf

    def value(name: str) -> Any:
        field = reader.get_field(name)
        return field.contents() if field else None

    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, value("llama.block_count"))
    heads, groups = value("llama.attention.head_count"), value("llama.attention.head_count_kv")
    replaced = {}
    for name, weight in changed.items():
        stored = names.get_name(name, try_suffixes=(".weight",))
        if stored is None or all(tensor.name != stored for tensor in reader.tensors):
            raise KeyError(f"{name} is no tensor of {path.name}")
        part = stored.split(".")[-2]
        turned = _as_neighbours(weight, heads if part == "attn_q" else groups) if part in _TURNED else weight
        replaced[stored] = np.ascontiguousarray(turned, dtype=np.float16)
    writer = gguf.GGUFWriter(path, value("general.architecture"))
    for field in reader.fields.values():
        if field.name != gguf.Keys.General.ARCHITECTURE and not field.name.startswith("GGUF."):
            kind = field.types[0]
            inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), kind, sub_type=inner)
    written = [(t.name, replaced.get(t.name, t.data), t.tensor_type) for t in reader.tensors]
    for name, data, stored_as in written:
        form = gguf.GGMLQuantizationType.F16 if name in replaced else stored_as
        writer.add_tensor_info(name, data.shape, data.dtype, data.nbytes, form)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for _, data, _ in written:
        writer.write_tensor_data(data)
    writer.close()


def _as_neighbours(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of each head from halves to pairs of neighbours; [heads * width, inputs]."""
    halves = weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
    return halves.swapaxes(1, 2).reshape(weight.shape)
