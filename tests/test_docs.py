"""What the documentation names is there: files, tasks, commands with their options, settings. The log is history."""

import re
from itertools import chain

import pytest
import typer

from bench.__main__ import app as benchmark
from orchestration.cli import app
from steps.lifecycle import STEPS
from steps.settings import REPOSITORY, Settings

README = REPOSITORY / "README.md"
LOG = REPOSITORY / "docs" / "log.md"
PAGES = [
    README,
    REPOSITORY / "CONTRIBUTING.md",
    *(page for page in sorted((REPOSITORY / "docs").glob("*.md")) if page != LOG),
    *sorted((REPOSITORY / "data").rglob("README.md")),
]
CODE = re.compile(r"`([^`\n]+)`")
BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s:]+)\)")
OURS = ("steps", "orchestration", "awake", "bench", "tests", "docs", "examples")
LONGEST = 120  # words of a paragraph that people still read


@pytest.fixture(params=PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def path(request):
    return request.param


@pytest.fixture
def page(path):
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def code():
    """All code and what it reads, as one text."""
    folders = ("steps", "orchestration", "awake", "bench", "deploy")
    files = chain.from_iterable((REPOSITORY / folder).rglob("*") for folder in folders)
    kinds = (".py", ".yaml", ".sh", ".env", ".service")
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.suffix in kinds)


@pytest.fixture(scope="module")
def names():
    """The names of all files that are no run's."""
    folders = (*OURS, "data", "deploy", ".")
    found = [(REPOSITORY / folder).glob("*" if folder == "." else "**/*") for folder in folders]
    return {file.name for file in chain.from_iterable(found)}


def spoken(page):
    """What stands in backticks, and the lines of blocks of code."""
    blocks = chain.from_iterable(block.splitlines() for block in BLOCK.findall(page))
    return [*CODE.findall(BLOCK.sub("", page)), *blocks]


def anchors(path):
    """What a link may name of a page: its headings, as GitHub spells them."""
    heads = re.findall(r"^#+ (.*)$", BLOCK.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def linked(path):
    """The pages and places that a page links to."""
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        name, _, place = target.partition("#")
        yield (path.parent / name).resolve() if name else path, place


def commands_of(group, before=""):
    """All commands of a group by their names, those below them too."""
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        yield f"{before}{name}", command
        if hasattr(command, "list_commands"):
            yield from commands_of(command, f"{before}{name} ")


def options_of(command):
    under = (command, *getattr(command, "commands", {}).values())
    found = {option for one in under for known in one.params for option in (*known.opts, *known.secondary_opts)}
    return found | {"--help"}


def test_its_files_are_there(page, names):
    told = CODE.findall(BLOCK.sub("", page))
    paths = {word for said in told for word in re.findall(r"[\w.-]+(?:/[\w.<>-]+)+/?", said)}
    ours = [path for path in paths if path.split("/")[0] in OURS and "<" not in path]
    ours += [path for path in paths if re.fullmatch(r"deploy/.*\.(yaml|sh|service)", path)]  # the rest is its owner's
    missing = [path for path in ours if not (REPOSITORY / path).exists()]
    missing += [said for said in told if re.fullmatch(r"[\w-]+\.(py|sh|ya?ml)", said) and said not in names]
    assert not missing


def test_its_links_lead_somewhere(path):
    for target, place in linked(path):
        assert target.exists(), target
        assert not place or place in anchors(target), f"{target.name}#{place}"


def test_every_page_is_found_from_the_readme():
    found, todo = {README}, [README]
    while todo:
        new = {target for target, _ in linked(todo.pop()) if target.suffix == ".md" and target != LOG} - found
        found |= new
        todo += new
    assert found >= set(PAGES)


def test_its_paragraphs_can_be_read(page):
    parts = re.split(r"\n\s*\n|\n(?=\s*(?:- |\d+\. |\|))", BLOCK.sub("", page))
    assert not [part.strip()[:60] for part in parts if len(part.split()) > LONGEST]


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


@pytest.mark.parametrize(("calls", "group"), [("slumber", app), ("python -m bench", benchmark)])
def test_its_commands_and_their_options_are_there(page, calls, group):
    commands = dict(commands_of(typer.main.get_command(group)))
    for said in spoken(page):
        for name, rest in re.findall(rf"(?<![\w/-]){calls} ([a-z][a-z-]*)\b([^`#|;]*)", said):
            assert name in commands, said
            assert set(re.findall(r"(?<![\w-])--[a-z-]+", rest)) <= options_of(commands[name]), said


def test_every_command_is_told_of():
    told = "\n".join(chain.from_iterable(spoken(page.read_text(encoding="utf-8")) for page in PAGES))
    own = {name for name, command in commands_of(typer.main.get_command(app)) if not command.hidden}
    listed = {name for line in re.findall(r"slumber ([\w |]+)", told) for name in line.split(" | ")}
    assert {name for name in own if " " not in name} - {step.name for step in STEPS} <= {n.split()[0] for n in listed}


def test_its_settings_are_there(page):
    sections = {name: field.annotation for name, field in Settings.model_fields.items()}
    for said in CODE.findall(page):
        found = re.fullmatch(r"([a-z]+)\.([a-z_]+)(: .*)?", said)
        if found and found[1] in sections and hasattr(sections[found[1]], "model_fields"):
            assert found[2] in sections[found[1]].model_fields, said


def test_its_variables_metrics_and_routes_are_there(page, code):
    for said in spoken(page):
        for name in re.findall(r"\bSLUMBER_[A-Z_]+", said):
            assert name in code or name in (REPOSITORY / "tests" / "test_real.py").read_text(), said
        for name in re.findall(r"\bslumber_([a-z_]+)", said):
            assert re.search(rf'"(slumber_)?{re.sub("_(total|seconds)$", "", name)}(_seconds)?"', code), said
        for method, route in re.findall(r"\b(GET|POST) (/[\w/]+)", said):
            assert f'@app.{method.lower()}("{route}")' in code, said


def test_the_audit_trail_has_just_these_actions():
    page = (REPOSITORY / "docs" / "approval.md").read_text(encoding="utf-8")
    told = re.search(r"time, action \(([^)]*)\)", page)[1]
    files = chain.from_iterable((REPOSITORY / folder).rglob("*.py") for folder in ("steps", "orchestration"))
    lines = "\n".join(file.read_text(encoding="utf-8") for file in files)
    entered = re.findall(r"""(?:\.enter\(|\baction(?:: str)?\s?=\s?)"(\w+)\"""", lines)
    constants = re.search(r'^ACTION, RELEASE = "(\w+)", "(\w+)"', lines, re.MULTILINE).groups()
    assert set(re.findall(r"`(\w+)`", told)) == {*entered, *constants}


def test_the_table_of_the_architecture_is_the_life_cycle():
    page = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| `(steps/[\w/]+\.py)` \| (\w+) \|", page, re.MULTILINE)
    assert rows == [(s.name, type(s).__module__.replace(".", "/") + ".py", s.asset) for s in STEPS]


def test_the_readme_names_the_steps_in_their_order():
    assert " -> ".join(step.name for step in STEPS) in README.read_text(encoding="utf-8")
