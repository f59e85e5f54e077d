"""The command line, `slumber`. What takes seconds to import is imported inside the commands that need it."""

import errno

import typer
from typer.core import TyperGroup

from orchestration.advice import for_tenant
from orchestration.cli import day, decisions, deep, doctor, init, memory, nights, pages, power, review, tenants
from orchestration.cli.options import TENANT
from orchestration.environment import prepare_libraries
from steps.errors import SlumberError, full_disk_told
from steps.structured import is_asked, log_lines, write_line

EXIT_CODES = """
Exit codes: 0 the night ended with a verdict, whatever it is (other commands: done); 1 unexpected failure;
2 a mistake or something missing; 3 data refused by a critical expectation; 4 another night is running here.
"""


class UserErrors(TyperGroup):
    """Says one sentence, and no traceback, when a user's mistake or a full disk ends a command."""

    def invoke(self, ctx):
        try:
            with full_disk_told():
                return super().invoke(ctx)
        except SlumberError as error:
            _stop(for_tenant(str(error), ctx.meta.get(TENANT)), error.exit_code)
        except KeyboardInterrupt:
            _stop("Interrupted: what was finished is kept, and the same command goes on from there.", 130)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
                _stop(f"{error.filename} cannot be read or written ({error.strerror}): mend its permissions.", 2)
            if error.errno == errno.ENAMETOOLONG:
                _stop("A name is too long for this file system: choose a shorter one.", 2)
            raise


class Commands(UserErrors):
    """The steps' commands are added when one is asked for: to import all steps takes as long as `slumber status`."""

    def get_command(self, ctx, name):
        if name not in self.commands:
            self._add_steps()
        return super().get_command(ctx, name)

    def list_commands(self, ctx):
        self._add_steps()
        return super().list_commands(ctx)

    def _add_steps(self):
        from orchestration.cli.step import step_commands

        for name, command in step_commands().items():
            self.commands.setdefault(name, command)


def _stop(sentence: str, code: int) -> None:
    if is_asked():
        write_line(sentence, level="error")
    else:
        typer.echo(sentence, err=True)
    raise typer.Exit(code)


app = typer.Typer(
    cls=Commands,
    help="Nightly continual learning: learn what the day brought, forget nothing, promote only what was proven.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    init.init,
    nights.night,
    nights.status,
    nights.metrics,
    nights.history,
    decisions.rollback,
    decisions.approve,
    decisions.forget,
    deep.deep,
    nights.data,
    tenants.nights,
    power.power,
    day.serve,
    day.watch,
    day.export,
    day.key,
    pages.ui,
    pages.setup,
    doctor.doctor,
):
    app.command(rich_help_panel="Nights")(command)
app.add_typer(review.app, name="review", rich_help_panel="Nights")
app.add_typer(tenants.app, name="tenants", rich_help_panel="Nights")
app.add_typer(memory.app, rich_help_panel="Nights")
app.command(hidden=True)(nights.earlier)


def main() -> None:
    """Entry point of the console script."""
    prepare_libraries()
    log_lines()
    app(prog_name="slumber")
