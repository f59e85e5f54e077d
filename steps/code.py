"""The code that a step really runs: its module and all that it imports of this program, found from the sources.

Imports inside functions count, for what takes seconds to import is imported late. So a changed scorer is a changed
examination, and no answer of an older one stands.
"""

import ast
import inspect
from functools import cache
from pathlib import Path

from steps.records import content_id
from steps.workspace import file_sha256

_ROOT = Path(__file__).resolve().parent
_PACKAGE = _ROOT.name


def code_sha256(of: type | str) -> str:
    """Digest of the sources in the closure of a class's module, or of a module given by name."""
    return _digest(of if isinstance(of, str) else of.__module__, None if isinstance(of, str) else inspect.getfile(of))


def closure(module: str, file: str | None = None) -> dict[str, Path]:
    """Return the source files by module name: the module itself and what it imports, directly or not.

    Of other programs nothing counts: their versions are pinned, and what they decide is examined.
    """
    found: dict[str, Path] = {}
    todo = [(module, Path(file) if file else _source(module))]
    while todo:
        name, path = todo.pop()
        if path is None or name in found:
            continue
        found[name] = path
        todo += [(one, _source(one)) for one in _imports(path, name)]
    return found


@cache
def _digest(module: str, file: str | None) -> str:
    # The content alone: the same code in another folder is the same.
    return content_id(sorted((name, file_sha256(path)) for name, path in closure(module, file).items()))


@cache
def _source(module: str) -> Path | None:
    """The file of one of our modules (of a package its __init__), None for what is not ours or no module.

    By its path: to ask the import system would import what is looked at.
    """
    first, *rest = module.split(".")
    place = _ROOT.joinpath(*rest)
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((file for file in files if file.is_file()), None) if first == _PACKAGE else None


@cache
def _imports(path: Path, module: str) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    ours = {name for name in found if name.split(".")[0] == _PACKAGE}
    return frozenset(ours | {".".join(name.split(".")[:n]) for name in ours for n in range(1, name.count(".") + 1)})
