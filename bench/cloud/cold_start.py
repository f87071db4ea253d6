"""Start a function in a fresh process of the Lambda runtime, and measure it to its first answer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.aws.endpoints import LocalAws
from local.cloudformation.function_spec import FunctionSpec
from local.functions.function_runtime import function_environment
from local.functions.runtime_api import Invocation, RuntimeApi

_TIMEOUT_S = 60.0


class FunctionFailedError(Exception):
    """A function ended, or answered with an error."""


@dataclass(frozen=True, slots=True)
class ColdStart:
    """From the start of the process to the first answer.

    Attributes
    ----------
    cpu_ms : float
        Processor time of all threads, user and system.
    wall_ms : float
        Elapsed time.
    peak_mb : float
        Largest resident memory.
    answer : Any
        What the function returned.
    """

    cpu_ms: float
    wall_ms: float
    peak_mb: float
    answer: Any


def cold_start(spec: FunctionSpec, event: Any, aws: LocalAws, packages: Path) -> ColdStart:
    """Start a function under AWS's runtime interface client and invoke it once.

    Like on AWS, the function cannot write into its folders, so Python saves no bytecode there. It
    finds its code, its layers and `packages`, but none of this environment's other packages.

    Raises
    ------
    FunctionFailedError
        When there is no answer, or an error.
    """
    api = RuntimeApi()
    variables = function_environment(spec, aws, api.address)
    path = os.pathsep.join([variables["PYTHONPATH"], str(packages)])
    invocation = Invocation(json.dumps(event).encode(), spec.arn, _TIMEOUT_S, str(uuid.uuid4()))
    api.submit(invocation)
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-S", "-m", "awslambdaric", spec.handler],
        cwd=spec.code_folder,
        env=variables | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
    )
    try:
        answer = invocation.answer.result(_TIMEOUT_S)
        wall_s = time.perf_counter() - began
    except TimeoutError as error:
        raise FunctionFailedError(f"{spec.logical_id}: no answer in {_TIMEOUT_S:.0f} s") from error
    finally:
        process.send_signal(signal.SIGKILL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        api.close()
    if answer.error_type is not None:
        raise FunctionFailedError(f"{spec.logical_id}: {answer.error_message()}")
    cpu_s = usage.ru_utime + usage.ru_stime
    peak_mb = usage.ru_maxrss / 1024
    return ColdStart(cpu_s * 1000, wall_s * 1000, peak_mb, json.loads(answer.payload))
