"""The script that installs the device package, into a folder instead of the whole system."""

from __future__ import annotations

import json
import os
import platform
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
LAYERS = ROOT / "layers"
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The package as `make edge-package` lays it out; its libraries are those of the tests."""
    folder = tmp_path / "smile edge"  # a space in the path must not hurt
    ignored = shutil.ignore_patterns("__pycache__")
    for source in (
        ROOT / "edge_lambda",
        LAYERS / "smile_contract" / "python" / "smile_contract",
        LAYERS / "smile_vision" / "python" / "smile_vision",
    ):
        shutil.copytree(source, folder / source.name, ignore=ignored)
    shutil.move(folder / "edge_lambda" / "systemd" / "install", folder / "install")
    write_target(folder, HERE)
    return folder


@pytest.fixture
def device(tmp_path: Path) -> Path:
    folder = tmp_path / "cam-1"
    folder.mkdir()
    (folder / "device.toml").write_text('source = "0"\ndevice_id = "cam-1"\n')
    for name in ("device.key", "device.pem", "AmazonRootCA.pem", "certificate.arn"):
        (folder / name).write_text(name)
    return folder


def write_target(package: Path, python: str) -> None:
    target = {"machine": platform.machine(), "python": python}
    (package / "built_for.json").write_text(json.dumps(target))


def install(
    package: Path, root: Path, *flags: str, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Run the script below `root`."""
    words = flags if "--uninstall" in flags else ("--python", python, *flags)
    return subprocess.run(
        ["sh", str(package / "install"), *words],
        env=os.environ | {"DESTDIR": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_service_is_complete_and_private_when_it_is_installed(
    package: Path, device: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    done = install(package, root, "--device", str(device))
    assert (done.returncode, done.stderr) == (0, "")
    assert (root / "opt/smile-edge/edge_lambda/__main__.py").exists()
    unit = (root / "etc/systemd/system/smile-edge.service").read_text()
    assert f"ExecStart={sys.executable} -m edge_lambda --config /etc/smile-edge/device.toml" in unit
    settings = root / "etc/smile-edge"
    assert {path.name: mode(path) for path in settings.iterdir()} == dict.fromkeys(
        ("device.toml", "device.key", "device.pem", "AmazonRootCA.pem"), 0o640
    )
    assert (mode(settings), mode(root / "var/lib/smile-edge")) == (0o750, 0o700)
    doctor = root / "usr/local/bin/smile-edge-doctor"
    assert mode(doctor) == 0o755
    assert subprocess.run(["sh", "-n", str(doctor)], check=False).returncode == 0


def test_upgrade_keeps_settings_and_outbox(package: Path, device: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    install(package, root, "--device", str(device))
    settings = root / "etc/smile-edge/device.toml"
    outbox = root / "var/lib/smile-edge/cam-1.sqlite"
    settings.write_text(settings.read_text() + "# my own line\n")
    outbox.write_bytes(b"events")
    (root / "opt/smile-edge/left_over.py").touch()
    (package / "edge_lambda" / "new.py").touch()
    for flags in ((), ("--device", str(device))):
        done = install(package, root, *flags)
        assert (done.returncode, done.stderr) == (0, "")
        assert settings.read_text().endswith("# my own line\n")
        assert outbox.read_bytes() == b"events"
    program = root / "opt/smile-edge"
    assert (program / "edge_lambda/new.py").exists()
    assert not (program / "left_over.py").exists()
    assert sorted(path.name for path in program.parent.iterdir()) == ["smile-edge"]


def test_upgrade_cleans_up_after_an_interrupted_one(package: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    install(package, root)
    for name in ("smile-edge.old/smile-edge", "smile-edge.new"):
        (root / "opt" / name).mkdir(parents=True)
        (root / "opt" / name / "left_over.py").touch()
    assert install(package, root).returncode == 0
    assert [path.name for path in (root / "opt").iterdir()] == ["smile-edge"]
    assert not list((root / "opt").rglob("left_over.py"))


def test_old_version_stays_when_the_new_one_does_not_work(
    package: Path, device: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    install(package, root, "--device", str(device))
    (root / "opt/smile-edge/old.py").touch()
    (package / "smile_vision" / "models" / "smile_classifier.tflite").write_bytes(b"damaged")
    done = install(package, root)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "install: the package does not work here; nothing was changed"
    )
    assert sorted(path.name for path in (root / "opt").iterdir()) == ["smile-edge"]
    assert (root / "opt/smile-edge/old.py").exists()


def test_error_is_one_sentence_when_the_package_is_for_another_python(
    package: Path, tmp_path: Path
) -> None:
    write_target(package, "3.99")
    done = install(package, tmp_path / "root")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(
        f"install: this package is for Python 3.99, this is Python {HERE}: build it with make "
        f"edge-package ARCH="
    )
    assert done.stderr.endswith(f"PYTHON_VERSION={HERE}\n")
    assert not (tmp_path / "root").exists()


def test_program_says_it_in_one_sentence_too(package: Path) -> None:
    write_target(package, "3.99")
    done = subprocess.run(
        [sys.executable, "-B", "-m", "edge_lambda", "--help"],
        cwd=package,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("edge_lambda: this package is for Python 3.99")


def test_device_does_not_become_another_one(package: Path, device: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    install(package, root, "--device", str(device))
    (device / "device.toml").write_text('device_id = "cam-2"\n')
    (device / "device.key").write_text("key of cam-2")
    done = install(package, root, "--device", str(device))
    assert done.returncode == 1
    assert "this is cam-1 already" in done.stderr
    assert (root / "etc/smile-edge/device.key").read_text() == "device.key"


@pytest.mark.parametrize(
    ("flags", "python", "sentence"),
    [
        (["--bogus"], sys.executable, "--bogus: unknown; --help lists all flags"),
        (["--device"], sys.executable, "--device: expected a path"),
        (["--purge"], sys.executable, "--purge goes with --uninstall"),
        ([], "/no/python", "no Python at /no/python: apt install python3, or set --python"),
        (
            ["--device", "/proc"],
            sys.executable,
            "/proc has no device.toml: expected a folder that make device wrote",
        ),
    ],
)
def test_error_is_one_sentence_when_a_flag_is_wrong(
    package: Path, tmp_path: Path, flags: list[str], python: str, sentence: str
) -> None:
    done = install(package, tmp_path / "root", *flags, python=python)
    assert (done.returncode, done.stderr) == (1, f"install: {sentence}\n")
    assert not (tmp_path / "root").exists()


def test_uninstall_keeps_settings_and_events_unless_they_are_purged(
    package: Path, device: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    install(package, root, "--device", str(device))
    assert install(package, root, "--uninstall").returncode == 0
    left = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert left == {
        f"etc/smile-edge/{name}"
        for name in ("device.toml", "device.key", "device.pem", "AmazonRootCA.pem")
    }
    assert install(package, root, "--uninstall", "--purge").returncode == 0
    assert install(package, root, "--uninstall", "--purge").returncode == 0  # repeated
    assert [path for path in root.rglob("*") if path.is_file()] == []
    assert not (root / "var/lib/smile-edge").exists()
