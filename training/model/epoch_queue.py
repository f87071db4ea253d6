"""Prepare training epochs in another process, because augmentation is plain Python."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import Self

import numpy as np
from numpy.typing import NDArray

from training.data.crops import Crops
from training.errors import TrainingError
from training.model.mixture import augmented_epoch

__all__ = ["EpochQueue"]


class EpochQueue:
    """Prepares the next epoch in another process during this one.

    Parameters
    ----------
    crops
        The training set.
    seed
        Of the random choices.
    count
        Crops of an epoch.
    """

    def __init__(self, crops: Crops, seed: int, count: int) -> None:
        self._seed, self._count = seed, count
        self._executor = ProcessPoolExecutor(
            1, get_context("spawn"), initializer=_remember, initargs=(crops,)
        )
        self._upcoming: dict[int, Future[tuple[NDArray[np.uint8], NDArray[np.float32]]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(cancel_futures=True)

    def take(self, epoch: int, *, has_next: bool) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return the pictures and targets of an epoch, and start to prepare the next one.

        Raises
        ------
        TrainingError
            When the other process has ended.
        """
        try:
            current = self._upcoming.pop(epoch, None) or self._submit(epoch)
            prepared = current.result()
            if has_next:
                self._upcoming[epoch + 1] = self._submit(epoch + 1)
        except BrokenProcessPool as error:
            raise TrainingError(
                "the process that prepares the pictures was stopped, perhaps because memory ran"
                " out: run the same command again, it continues after the last finished epoch"
            ) from error
        return prepared

    def _submit(self, epoch: int) -> Future[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
        return self._executor.submit(_prepare, self._seed, epoch, self._count)


_training_set: list[Crops] = []  # of the process that prepares epochs: sent once, not per epoch


def _remember(crops: Crops) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command
    threading.Thread(target=_end_with_the_command, daemon=True).start()
    _training_set.append(crops)


def _end_with_the_command() -> None:
    """End this process when the command was killed; otherwise it would wait forever."""
    command = parent_process()
    if command is not None:
        command.join()
        os._exit(1)


def _prepare(seed: int, epoch: int, count: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    return augmented_epoch(_training_set[0], seed, epoch, count)
