"""Run `hoban` in this process."""

from typer.testing import CliRunner

from hoban_assets.cli import app


def run_hoban(*arguments: object) -> str:
    """What the command prints; an error that it raises is raised."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout
