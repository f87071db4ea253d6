"""Runs one function: the real handler under AWS's runtime interface client, in a process."""

from __future__ import annotations

import os
import sys
import threading
import time
import uuid
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path

from local.aws.endpoints import LocalAws
from local.cloudformation.function_spec import FunctionSpec
from local.errors import StartError
from local.functions.logged_error import logged_error
from local.functions.runtime_api import Answer, Invocation, RuntimeApi
from local.processes.child import Child, Processes

# Lambda allows 10 s; a loaded machine with cold caches may need more.
_INIT_TIMEOUT_S = 30.0


class FunctionRuntime:
    """One execution environment of a function. A process that ends is started again.

    Invocations run one after another, as in one execution environment of Lambda.

    Parameters
    ----------
    spec : FunctionSpec
        The function.
    aws : LocalAws
        The endpoints that the function gets.
    processes : Processes
        Starts and ends the process.
    number : int
        Distinguishes the environments of a function, from 1.
    """

    def __init__(
        self, spec: FunctionSpec, aws: LocalAws, processes: Processes, number: int = 1
    ) -> None:
        self.spec = spec
        self._name = spec.logical_id if number == 1 else f"{spec.logical_id}-{number}"
        self._aws = aws
        self._processes = processes
        self._turn = threading.Lock()
        self._api: RuntimeApi | None = None
        self._child: Child | None = None

    def start(self) -> None:
        """Start the process without waiting for it."""
        with self._turn:
            self._running_api()

    def wait_initialized(self) -> Answer | None:
        """Wait until the handler is imported; return the error when it cannot be."""
        with self._turn:
            ready = self._initialized_api()
        return ready if isinstance(ready, Answer) else None

    def invoke(self, payload: bytes) -> Answer:
        """Invoke the function with an event as JSON and wait for its answer."""
        arn = f"{self.spec.arn}:{self.spec.alias}" if self.spec.alias else self.spec.arn
        invocation = Invocation(payload, arn, self.spec.timeout_s, str(uuid.uuid4()))
        with self._turn:
            api = self._initialized_api()
            if isinstance(api, Answer):
                return api
            api.submit(invocation)
            invocation.started.wait(_INIT_TIMEOUT_S)
            try:
                return invocation.answer.result(self.spec.timeout_s)
            except FutureTimeoutError:
                limit = f"{self.spec.timeout_s:.2f} seconds"
                return self._time_out(f"{invocation.request_id} Task timed out after {limit}")

    def logged_error(self, message_id: str) -> str:
        """Return why it failed with a message of a queue, from its log."""
        return logged_error(self._child.log if self._child else None, message_id)

    def close(self) -> None:
        """Stop serving the process, which `Processes` ends."""
        if self._api is not None:
            self._api.close()

    def _initialized_api(self) -> RuntimeApi | Answer:
        try:
            api = self._running_api()
        except StartError as error:
            return Answer.error("ServiceException", str(error))
        try:
            return api.initialized.result(_INIT_TIMEOUT_S) or api
        except FutureTimeoutError:
            return self._time_out(f"initialization took more than {_INIT_TIMEOUT_S:.0f} s")

    def _time_out(self, message: str) -> Answer:
        if self._child is not None:
            self._child.kill()
        return Answer.error("Sandbox.Timedout", message)

    def _running_api(self) -> RuntimeApi:
        """Return the API of a running process, which is started when there is none."""
        if self._api is not None and self._child is not None:
            if self._child.process.poll() is None:
                return self._api
            self._api.close()
        api = self._api = RuntimeApi()
        child = self._child = self._processes.start(
            self._name,
            [sys.executable, "-m", "awslambdaric", self.spec.handler],
            environment=function_environment(self.spec, self._aws, api.address),
            folder=self.spec.code_folder,
        )
        threading.Thread(
            target=_watch, args=(child, api), name=f"watch {child.name}", daemon=True
        ).start()
        return api


def function_environment(spec: FunctionSpec, aws: LocalAws, api_address: str) -> dict[str, str]:
    """Return a function's whole environment: the template's, Lambda's own, local endpoints.

    Source of the names: "Defined runtime environment variables", AWS Lambda Developer Guide.
    """
    path = [str(spec.code_folder), *(str(folder) for folder in spec.layer_folders)]
    started = time.strftime("%Y/%m/%d", time.gmtime())
    return {
        **spec.environment,
        **aws.environment(),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{spec.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": f"{started}/[1]local",
        "AWS_LAMBDA_RUNTIME_API": api_address,
        "LAMBDA_RUNTIME_DIR": str(Path(sys.executable).parent),
        "LAMBDA_TASK_ROOT": str(spec.code_folder),
        "LANG": "en_US.UTF-8",
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONUTF8": "1",
        "TZ": ":UTC",
        "_HANDLER": spec.handler,
    }


def _watch(child: Child, api: RuntimeApi) -> None:
    status = child.process.wait()
    api.fail("Runtime.ExitError", f"the function's process ended with exit status {status}")
