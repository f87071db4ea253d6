"""Built functions under the Lambda runtime interface emulator of aws-sam-cli (Linux only)."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from bench.cloud.runtime_packages import link_runtime_packages
from local.aws.endpoints import LocalAws
from local.cloudformation.function_spec import FunctionSpec
from local.functions.function_runtime import function_environment
from local.rehearse.build import PROCESSOR
from tests.helpers.moto_server import running
from tests.helpers.template import ROOT
from tests.helpers.waiting import LOOPBACK, free_port


class LambdaEmulator:
    """Runs built functions, one execution environment each.

    A function finds its code, its layers and the packages of the Lambda runtime, but none of this
    machine's other packages.

    Parameters
    ----------
    folder : Path
        Where to put the emulator, the runtime's packages and the logs.
    aws : LocalAws
        The endpoint that the functions use.
    """

    def __init__(self, folder: Path, aws: LocalAws) -> None:
        self._folder = folder
        self._aws = aws
        self._packages = folder / "runtime"
        link_runtime_packages(self._packages)
        [emulator] = (ROOT / ".venv-sam").glob(
            f"lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{PROCESSOR}"
        )
        self._program = Path(shutil.copy(emulator, folder / "aws-lambda-rie"))
        self._program.chmod(0o755)

    @contextmanager
    def function(self, spec: FunctionSpec) -> Iterator[Callable[[Any], Any]]:
        """Start a function; yield a callable that invokes it and returns its answer."""
        port, runtime_port = free_port(), free_port()
        command = [str(self._program), "--runtime-interface-emulator-address", f"{LOOPBACK}:{port}"]
        command += ["--runtime-api-address", f"{LOOPBACK}:{runtime_port}"]
        command += [sys.executable, "-S", "-m", "awslambdaric", spec.handler]  # -S: see above

        def invoke(event: Any) -> Any:
            url = f"http://{LOOPBACK}:{port}/2015-03-31/functions/function/invocations"
            with urlopen(Request(url, json.dumps(event).encode()), timeout=30) as answer:
                return json.load(answer)

        with (
            (self._folder / f"{spec.logical_id}.log").open("ab") as log,
            running(
                command,
                port,
                env=self._environment(spec),
                cwd=spec.code_folder,
                stdout=log,
                stderr=log,
            ),
        ):
            yield invoke

    def _environment(self, spec: FunctionSpec) -> dict[str, str]:
        variables = function_environment(spec, self._aws, api_address="")
        del variables["AWS_LAMBDA_RUNTIME_API"]  # the emulator sets it
        path = os.pathsep.join([variables["PYTHONPATH"], str(self._packages)])
        return variables | {
            "PYTHONPATH": path,
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(spec.timeout_s),
        }
