"""Command line of the benchmark: ``python -m bench --help`` names its commands."""

from orchestration.environment import prepare_libraries

prepare_libraries()  # how threads wait is read when torch is imported

# ruff: noqa: E402
from bench.cli import learning, machine, rules
from bench.cli.options import commands

app = commands(help=__doc__)
for subject in (learning, rules, machine):
    app.add_typer(subject.app)

if __name__ == "__main__":
    app(prog_name="python -m bench")
