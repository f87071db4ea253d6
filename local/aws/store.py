"""Starts DynamoDB, SNS, SQS and Secrets Manager: MiniStack in a separate process."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from local.aws.endpoints import LocalAws
from local.cloudformation.physical import ACCOUNT_ID
from local.processes.child import Child, Processes

DAMAGED = ".damaged"  # ends the name of a kept file that could not be read
_SERVER = Path(__file__).with_name("store_server.py")
_SERVICES = "dynamodb,sns,sqs,secretsmanager"


def start_aws_server(
    aws: LocalAws,
    port: int,
    processes: Processes,
    *,
    containers: bool = False,
    keep_in: Path | None = None,
) -> Child:
    """Start MiniStack. It keeps everything in memory, and tables and secrets in `keep_in` if given.

    It listens on the loopback address. For `containers` it listens on every address, but answers
    this machine and the containers on it only.

    Raises
    ------
    StartError
        When it cannot start.
    """
    folder = str(processes.log_folder)
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": folder,
        "TMPDIR": folder,
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "MINISTACK_HOST": str(urlsplit(aws.endpoint_url).hostname),
        "MINISTACK_REGION": aws.region,
        "GATEWAY_PORT": str(port),
        "SERVICES": _SERVICES,
        "IOT_MTLS_ENABLED": "0",
        "PERSIST_STATE": "0",
        "LOG_LEVEL": "WARNING",
    }
    if keep_in is not None:
        environment |= {"PERSIST_STATE": "1", "STATE_DIR": str(keep_in)}
    # -P: no file of ours beside the script hides a package
    argv = [sys.executable, "-P", str(_SERVER), str(port)]
    argv += ["containers"] if containers else []
    return processes.start("aws", argv, environment=environment, saves=keep_in is not None)
