"""``python -m bench.gpu``: the same as ``python -m bench gpu``, where neither Dagster nor MLflow is installed."""

from pathlib import Path
from typing import Annotated

import typer

Shapes = Annotated[str, typer.Option("--shape", help="comma-separated: tiny, 1b, 8b")]
Place = Annotated[str, typer.Option("--device", help="auto, cpu or cuda")]
WithNight = Annotated[
    bool | None, typer.Option("--night/--no-night", help="the 135M model's night, if it is here (default: on a GPU)")
]
Folder = Annotated[Path, typer.Option("--out", help="folder of gpu.json")]


def gpu(
    shape: Shapes = "1b,8b", device: Place = "auto", night: WithNight = None, out: Folder = Path(".bench/gpu")
) -> None:
    """Measure training, dreaming and verdicts on models of random weights, in less than ten minutes on one H200."""
    from bench.gpu.running import measure

    measure([name.strip() for name in shape.split(",")], out.resolve(), device=device, night=night)


if __name__ == "__main__":
    typer.run(gpu)
