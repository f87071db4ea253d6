"""Ports, and what both commands share."""

from __future__ import annotations

import signal
import socket

import pytest

from local import command_line
from local.command_line import interrupt_on_signals, report_failure
from local.errors import StartError
from local.network.ports import checked_port, free_port, is_listening, listen, port_of


def test_next_port_is_taken_when_the_first_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        other = free_port()
        with listen([port_of(taken), other], "--port") as found:
            assert port_of(found) == other
            assert is_listening(other)
    assert not is_listening(other)


def test_error_names_port_and_option_when_the_port_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = port_of(taken)
        with pytest.raises(StartError, match=f"port {port} is in use; choose another with --x"):
            checked_port(port, "--x")
        with pytest.raises(StartError, match=f"ports {port} to {port} are in use; choose another"):
            listen([port, port], "--x")


def test_error_has_the_reason_when_the_address_cannot_be_used() -> None:
    with pytest.raises(StartError, match="port 0 cannot be used: Cannot assign requested address"):
        listen([0], "--x", "203.0.113.9")


def test_port_is_free_again_after_the_check() -> None:
    port = free_port()
    assert checked_port(port, "--x") == port
    assert checked_port(port, "--x") == port


def test_signals_interrupt_once_and_a_hangup_only_without_nohup(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handlers: dict[int, object] = {}
    monkeypatch.setattr(command_line.signal, "signal", handlers.__setitem__)
    monkeypatch.setattr(command_line.signal, "getsignal", lambda _: signal.SIG_IGN)
    interrupt_on_signals()
    assert set(handlers) == {signal.SIGINT, signal.SIGTERM}
    monkeypatch.setattr(command_line.signal, "getsignal", lambda _: signal.SIG_DFL)
    interrupt_on_signals()
    assert set(handlers) == {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    handler = handlers[signal.SIGTERM]
    assert callable(handler)
    with pytest.raises(KeyboardInterrupt):
        handler(signal.SIGTERM, None)
    assert set(handlers.values()) == {signal.SIG_IGN}, "the clean-up is not interrupted"


def test_failure_is_one_line_and_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert report_failure("local", StartError("one\n  two")) == 2
    assert capsys.readouterr().err == "local: one two\n"
