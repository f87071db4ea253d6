"""Serves MiniStack's DynamoDB, SNS, SQS and Secrets Manager, and nothing else of it.

Run as ``python -P store_server.py <port> [containers]``; the second argument makes it answer the
containers on this machine too. `store.py` sets MiniStack's configuration, the environment. With
``PERSIST_STATE=1``, tables and secrets are kept in ``STATE_DIR``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app as ministack
from ministack.services import dynamodb

from local.aws import store_state
from local.aws.containers import is_of_this_machine, kernel_routes
from local.network.foreign import REFUSAL, is_address, is_foreign, is_loopback
from local.network.ports import LOOPBACK

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

# How long the token of a transaction is known, which an SDK repeats within seconds. MiniStack keeps
# the whole request with it for ten minutes, as AWS does: 7 KB for each stored event.
TOKEN_S = 60

# Names that Docker and podman give to the machine itself.
_CONTAINER_HOSTS = {"host.docker.internal", "host.containers.internal"}


class Guard:
    """Lets requests of AWS SDKs through to MiniStack and refuses everything else.

    MiniStack answers every web page, has commands for administrators under ``/_ministack``, and
    starts scripts and containers at its start. SDKs send POST requests.

    Parameters
    ----------
    application : ASGI application
        What answers.
    containers : bool
        Whether the containers on this machine may connect.
    """

    def __init__(self, application: Application, *, containers: bool) -> None:
        self._application = application
        self._containers = containers

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            if self._is_allowed(scope):
                await self._application(scope, receive, send)
            else:
                await _refuse(send)

    def _is_allowed(self, scope: Message) -> bool:
        if scope["method"] != "POST" or scope["path"].startswith("/_"):
            return False
        if self._containers and not is_of_this_machine(
            scope["client"][0], scope["server"][0], kernel_routes()
        ):
            return False
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        is_own = _is_own_name if self._containers else is_loopback
        return not is_foreign(headers.get(b"host", ""), headers.get(b"origin"), is_own)


def _is_own_name(name: str) -> bool:
    return name == "localhost" or is_address(name) or name in _CONTAINER_HOSTS


async def _lifespan(receive: Receive, send: Send) -> None:
    """Answer the server's start and end without MiniStack, which has nothing to do there."""
    while (await receive())["type"] == "lifespan.startup":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": HTTPStatus.FORBIDDEN, "headers": headers})
    await send({"type": "http.response.body", "body": REFUSAL.encode()})


def forget_tokens_early() -> None:
    """Make MiniStack forget the tokens of transactions after a minute."""
    dynamodb._TXN_TOKEN_TTL = TOKEN_S


async def run(guard: Any, config: Config) -> None:
    """Serve until SIGTERM, and keep the state if the environment says so."""
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(guard, config, shutdown_trigger=end.wait))
        if os.environ["PERSIST_STATE"] == "1":
            tasks.create_task(store_state.save_regularly(end))


def main() -> None:
    """Serve until killed or terminated."""
    containers = sys.argv[2:] == ["containers"]
    forget_tokens_early()
    config = Config()
    # Guard refuses strangers.
    config.bind = [f"{'0.0.0.0' if containers else LOOPBACK}:{sys.argv[1]}"]  # noqa: S104
    config.keep_alive_timeout = 75  # seconds, MiniStack's own
    config.loglevel = "WARNING"
    config.graceful_timeout = 0  # nothing waits for answers any more
    if os.environ["PERSIST_STATE"] == "1":
        store_state.restore(Path(os.environ["STATE_DIR"]))
    guard: Any = Guard(ministack, containers=containers)  # hypercorn's types name its own messages
    asyncio.run(run(guard, config))


if __name__ == "__main__":
    main()
