"""The other process prepares the same epochs, and its end is an error."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from tests.helpers.training import make_crops
from training.errors import TrainingError
from training.evaluation.synthetic_faces import synthetic_faces
from training.model.epoch_queue import EpochQueue
from training.model.mixture import augmented_epoch

COUNT = 64


def test_epochs_are_those_of_the_same_process() -> None:
    crops = make_crops(np.arange(36) % 2 == 0, grey=synthetic_faces())
    with EpochQueue(crops, seed=3, count=COUNT) as queue:
        for epoch, has_next in ((5, True), (6, False)):
            pictures, targets = queue.take(epoch, has_next=has_next)
            expected_pictures, expected_targets = augmented_epoch(crops, 3, epoch, COUNT)
            assert np.array_equal(pictures, expected_pictures)
            assert np.array_equal(targets, expected_targets)
        assert not queue._upcoming, "nothing is prepared after the last epoch"


@pytest.mark.timeout(60)
def test_error_is_clear_when_the_other_process_was_killed() -> None:
    crops = make_crops(np.arange(36) % 2 == 0, grey=synthetic_faces())
    with EpochQueue(crops, seed=3, count=COUNT) as queue:
        queue.take(0, has_next=False)
        for process in list(queue._executor._processes.values()):
            os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(
            TrainingError, match=r"was stopped, perhaps because memory ran out: run"
        ):
            for epoch in range(1, 4):  # the pool may notice it at the second attempt only
                queue.take(epoch, has_next=True)


def test_other_process_ignores_ctrl_c() -> None:
    crops = make_crops(np.arange(36) % 2 == 0, grey=synthetic_faces())
    with EpochQueue(crops, seed=3, count=COUNT) as queue:
        queue.take(0, has_next=False)
        for process in list(queue._executor._processes.values()):
            os.kill(process.pid, signal.SIGINT)
        assert len(queue.take(1, has_next=False)[0]) == COUNT
