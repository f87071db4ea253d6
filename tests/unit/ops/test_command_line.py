"""The frame of every command: one line per error, and the exit codes."""

from __future__ import annotations

import pytest

from ops.command_line import CommandParser, run_command
from ops.errors import CommandError


def test_error_is_one_line_when_its_message_has_several(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> int:
        raise CommandError("two\n  lines")

    assert run_command("deploy", fail) == 2
    assert capsys.readouterr() == ("", "deploy: two lines\n")


def test_exit_code_is_that_of_the_command() -> None:
    assert run_command("deploy", lambda: 7) == 7


def test_abbreviated_option_is_rejected() -> None:
    with pytest.raises(CommandError, match="unrecognized arguments: --sta dev"):
        CommandParser("deploy", "").parse_args(["--sta", "dev"])


def test_default_stage_is_used_and_shown_in_the_help() -> None:
    parser = CommandParser("smoke_test", "", default_stage="dev")
    assert parser.parse_args([]).stage == "dev"
    assert "default: dev" in parser.format_help()
    assert CommandParser("deploy", "").parse_args([]).stage == ""
