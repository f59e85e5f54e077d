"""What the documentation names is there: files, tasks, commands with their options, settings. The log is history."""

import re
from itertools import chain

import pytest
import typer

from orchestration.cli import app
from steps.lifecycle import STEPS
from steps.settings import REPOSITORY, Settings

PAGES = [
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    *(page for page in sorted((REPOSITORY / "docs").glob("*.md")) if page.name != "log.md"),
]
CODE = re.compile(r"`([^`\n]+)`")
BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
OURS = ("steps", "orchestration", "bench", "tests", "docs", "examples")


@pytest.fixture(params=PAGES, ids=lambda page: page.name)
def page(request):
    return request.param.read_text(encoding="utf-8")


def spoken(page):
    """What stands in backticks, and the lines of blocks of code."""
    blocks = chain.from_iterable(block.splitlines() for block in BLOCK.findall(page))
    return [*CODE.findall(BLOCK.sub("", page)), *blocks]


def test_its_files_are_there(page):
    named = {word for said in CODE.findall(page) for word in re.findall(r"[\w.-]+(?:/[\w.<>-]+)+/?", said)}
    ours = [path for path in named if path.split("/")[0] in OURS and "<" not in path]
    links = [target for target in re.findall(r"\]\(([^)#:]+)\)", page)]
    missing = [path for path in ours if not (REPOSITORY / path).exists()]
    missing += [t for t in links if not any((REPOSITORY / folder / t).exists() for folder in (".", "docs"))]
    assert not missing


def test_its_modules_and_what_is_in_them_are_there(page):
    for said in CODE.findall(page):
        if re.fullmatch(r"steps(\.\w+)+", said):
            parts = said.split(".")
            folder = REPOSITORY.joinpath(*parts)
            if not folder.is_dir() and not folder.with_suffix(".py").is_file():
                module = REPOSITORY.joinpath(*parts[:-1]).with_suffix(".py")
                assert re.search(rf"^(def|class) {parts[-1]}\b", module.read_text(), re.MULTILINE), said


def test_its_tasks_are_there(page):
    tasks = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    asked = {task for said in spoken(page) for task in re.findall(r"\bmake ([a-z][a-z-]+)", said)}
    assert asked <= tasks


def test_its_commands_and_their_options_are_there(page):
    group = typer.main.get_command(app)
    commands = {name: group.get_command(None, name) for name in group.list_commands(None)}
    for said in spoken(page):
        for name, rest in re.findall(r"\bslumber ([a-z]+)\b([^`#|]*)", said.replace("python -m steps", "")):
            assert name in commands, said
            under = (commands[name], *getattr(commands[name], "commands", {}).values())
            known = {option for one in under for parameter in one.params for option in parameter.opts} | {"--help"}
            assert set(re.findall(r"(?<![\w-])--[a-z-]+", rest)) <= known, said


def test_its_settings_are_there(page):
    sections = {name: field.annotation for name, field in Settings.model_fields.items()}
    for said in CODE.findall(page):
        found = re.fullmatch(r"([a-z]+)\.([a-z_]+)(: .*)?", said)
        if found and found[1] in sections and hasattr(sections[found[1]], "model_fields"):
            assert found[2] in sections[found[1]].model_fields, said


def test_the_table_of_the_architecture_is_the_life_cycle():
    page = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| `(steps/[\w/]+\.py)` \| (\w+) \|", page, re.MULTILINE)
    assert rows == [(s.name, type(s).__module__.replace(".", "/") + ".py", s.asset) for s in STEPS]


def test_the_readme_names_the_steps_in_their_order():
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert " -> ".join(step.name for step in STEPS) in readme
