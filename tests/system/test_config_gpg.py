"""``encrypt_config`` and ``with_config``, with the real gpg."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.system
PASSPHRASE = "correct horse battery staple $'\"\\"
SECRET = "wJalr=XUtn FEMI/K7MD%25$HOME'"
CONFIG = f"# of the team\nAWS_ACCESS_KEY_ID=AKIDEXAMPLE\n\nAWS_SECRET_ACCESS_KEY={SECRET}\r\n"
needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is missing")


def run(
    name: str, *arguments: str, folder: Path, passphrase: str | None = PASSPHRASE, **more: str
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(folder / "tmp"), **more}
    if passphrase is not None:
        environment["CREDS_PASSPHRASE"] = passphrase
    return subprocess.run(
        [str(ROOT / "scripts" / name), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "config").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def encrypted(folder: Path) -> Path:
    done = run("encrypt_config", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    (folder / "config").unlink()
    return folder


def show(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    print_it = 'printf "%s|%s|%s" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "$CREDS_PASSPHRASE"'
    return run("with_config", "sh", "-c", print_it, folder=folder, **more)


@needs_gpg
def test_command_gets_the_variables_when_the_passphrase_is_right(encrypted: Path) -> None:
    done = show(encrypted)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"AKIDEXAMPLE|{SECRET}|"


@needs_gpg
def test_no_plain_text_is_left_on_disk(encrypted: Path) -> None:
    show(encrypted)
    assert sorted(path.name for path in encrypted.rglob("*")) == ["config.gpg", "tmp"]
    assert b"AKIDEXAMPLE" not in (encrypted / "config.gpg").read_bytes()


@needs_gpg
def test_cipher_is_aes_256(encrypted: Path) -> None:
    home = ["--homedir", str(encrypted / "tmp")]
    options = ["--batch", "--pinentry-mode", "cancel", "--list-packets"]
    listed = subprocess.run(
        ["gpg", *home, *options, str(encrypted / "config.gpg")],
        capture_output=True,
        text=True,
        check=False,
    )
    subprocess.run(["gpgconf", *home, "--kill", "all"], check=False)
    assert re.search(r"symkey enc packet: version \d, cipher 9,", listed.stdout)  # RFC 9580, 9.3


@needs_gpg
@pytest.mark.parametrize("wrong", ["wrong horse battery staple", PASSPHRASE + " "])
def test_error_is_one_sentence_when_the_passphrase_is_wrong(encrypted: Path, wrong: str) -> None:
    done = run("with_config", "echo", "ran", folder=encrypted, passphrase=wrong)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "with_config: config.gpg cannot be decrypted: the passphrase is wrong, "
        "or the file is damaged\n"
    )
    assert list((encrypted / "tmp").iterdir()) == []


@needs_gpg
def test_command_does_not_run_when_the_file_is_damaged(encrypted: Path) -> None:
    data = bytearray((encrypted / "config.gpg").read_bytes())
    data[-3] ^= 1
    (encrypted / "config.gpg").write_bytes(data)
    done = run("with_config", "echo", "ran", folder=encrypted)
    assert (done.returncode, done.stdout) == (2, "")


@needs_gpg
def test_values_are_masked_before_the_command_runs_on_github(encrypted: Path) -> None:
    done = show(encrypted, GITHUB_ACTIONS="true")
    masks = [line for line in done.stdout.splitlines() if line.startswith("::add-mask::")]
    assert masks == ["::add-mask::AKIDEXAMPLE", f"::add-mask::{SECRET.replace('%', '%25')}"]


NOT_SETTINGS = ["PATH=/tmp", "LD_PRELOAD=x", "aws_x=1", "AWS_KEY 1", "secret!"]


@needs_gpg
@pytest.mark.parametrize("line", NOT_SETTINGS)
def test_line_is_rejected_but_not_printed_when_it_is_not_a_setting(folder: Path, line: str) -> None:
    (folder / "config").write_text(f"AWS_REGION=x\n{line}\n")
    done = run("encrypt_config", folder=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("encrypt_config: config, line 2: expected NAME=value")
    assert line not in done.stderr
    assert not (folder / "config.gpg").exists()


@needs_gpg
@pytest.mark.parametrize("line", NOT_SETTINGS)
def test_line_is_rejected_when_another_tool_encrypted_it(folder: Path, line: str) -> None:
    home = folder / "tmp" / "home"
    home.mkdir(mode=0o700)
    options = ["--homedir", str(home), "--batch", "--pinentry-mode", "loopback"]
    target = str(folder / "config.gpg")
    subprocess.run(
        ["gpg", *options, "--passphrase", PASSPHRASE, "--symmetric", "--output", target],
        input=f"AWS_REGION=x\n{line}\n",
        text=True,
        check=True,
        capture_output=True,
    )
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)
    done = run("with_config", "echo", "ran", folder=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("with_config: config.gpg, line 2: expected NAME=value")
    assert line not in done.stderr


@needs_gpg
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["encrypt_config", "empty"], "empty has no NAME=value line"),
        (["encrypt_config", "config", "no/where.gpg"], "no/where.gpg cannot be written"),
        (["with_config", "no-such-command"], "command no-such-command does not exist"),
    ],
)
def test_error_is_one_sentence_when_an_argument_is_wrong(
    folder: Path, arguments: list[str], sentence: str
) -> None:
    (folder / "empty").touch()
    done = run(*arguments, folder=folder)
    assert (done.returncode, done.stderr) == (2, f"{arguments[0]}: {sentence}\n")


@needs_gpg
@pytest.mark.parametrize("script", ["encrypt_config", "with_config"])
def test_error_is_one_sentence_when_the_passphrase_is_missing(encrypted: Path, script: str) -> None:
    (encrypted / "config").write_text(CONFIG)
    for passphrase in (None, ""):
        arguments = ["true"] if script == "with_config" else []
        done = run(script, *arguments, folder=encrypted, passphrase=passphrase)
        assert done.returncode == 2
        assert done.stderr == f"{script}: CREDS_PASSPHRASE is not set: it holds the passphrase\n"


@needs_gpg
def test_short_passphrase_is_rejected_when_encrypting(folder: Path) -> None:
    done = run("encrypt_config", folder=folder, passphrase="short")
    assert done.returncode == 2
    assert "too short" in done.stderr
    assert not (folder / "config.gpg").exists()


@needs_gpg
def test_error_names_the_file_when_it_is_missing(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    assert "config is missing" in run("encrypt_config", folder=tmp_path).stderr
    assert "config.gpg is missing" in run("with_config", "true", folder=tmp_path).stderr
    assert "expected a command" in run("with_config", folder=tmp_path).stderr


@needs_gpg
def test_exit_code_is_that_of_the_command(encrypted: Path) -> None:
    assert run("with_config", "sh", "-c", "exit 7", folder=encrypted).returncode == 7


def tracked() -> list[str]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git clone")
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.split("\0") if name]


SECRETS = {
    "private key": re.compile(
        rb"-----BEGIN (?:[A-Z]+ )*PRIVATE " rb"KEY-----\s+[A-Za-z0-9+/=]{16}"
    ),
    "AWS access key id": re.compile(rb"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    "AWS secret": re.compile(rb"(?i)aws_secret_access_key\s*[=:]\s*[\"']?[A-Za-z0-9/+]{40}\b"),
    "GitHub token": re.compile(rb"\bgh[pousr]_[A-Za-z0-9]{36}\b"),
}


def test_no_secret_is_tracked() -> None:
    names = tracked()
    forbidden = [
        name
        for name in names
        if Path(name).name in {"config", "device.toml", ".env", "credentials"}
        or Path(name).suffix in {".key", ".pem", ".p12"}
        or name.startswith("devices/")
    ]
    assert forbidden == []
    found = [
        (name, kind)
        for name in names
        if (ROOT / name).is_file() and (ROOT / name).stat().st_size < 2_000_000
        for kind, pattern in SECRETS.items()
        if pattern.search((ROOT / name).read_bytes())
    ]
    assert found == []


@pytest.mark.parametrize(
    "name", ["config", "devices/dev/cam-1/certificate.arn", "x.pem", "a/b.key", "device.toml"]
)
def test_secret_is_ignored_by_git(name: str) -> None:
    tracked()
    ignored = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "check-ignore", "-q", name], cwd=ROOT, check=False
    )
    assert ignored.returncode == 0
