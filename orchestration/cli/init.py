"""The command that makes a folder to sleep in."""

from pathlib import Path
from typing import Annotated

import typer

DirArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The folder; it is made if it is not there.")]


def init(folder: DirArgument) -> None:
    """Begin a workspace: a commented params.yaml, an inbox with an example, a .gitignore. Nothing is overwritten."""
    import shutil

    from steps.errors import SlumberError
    from steps.settings import ScheduleSettings, Settings
    from steps.settings.text import params_text
    from steps.shipped import shipped

    example = shipped("example")
    root = folder.expanduser()
    if root.exists() and not root.is_dir():
        raise SlumberError(f"{root} is not a folder: name another one.")
    params, inbox, ignored = root / "params.yaml", root / "inbox", root / ".gitignore"
    if there := [str(path) for path in (params, inbox, ignored) if path.exists() or path.is_symlink()]:
        raise SlumberError(f"{' and '.join(there)} stand there already: name another folder, or move them away.")
    try:
        root.mkdir(parents=True, exist_ok=True)
        shutil.copytree(example, inbox)
        ignored.write_text(".slumber/\n", encoding="utf-8")
        # Last: whoever finds it may take the folder for complete.
        params.write_text(params_text(Settings(schedule=ScheduleSettings(inbox=Path("inbox")))), encoding="utf-8")
    except OSError as error:
        raise SlumberError(f"{root} cannot be written ({error.strerror}): name another folder.") from error
    here = root.resolve() == Path.cwd()
    options = "" if here else f" --workspace {root}"
    typer.echo(
        f"{root} holds params.yaml and inbox/ with an example; put what is to be learned in its place, then:\n"
        f"  slumber night{options}\n  slumber ui{options}"
    )
