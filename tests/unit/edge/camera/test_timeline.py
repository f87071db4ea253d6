from __future__ import annotations

import pytest

from edge_lambda.camera.timeline import Timeline


@pytest.mark.parametrize(
    ("timestamps", "expected"),
    [
        pytest.param([100.0, 140.0, 180.0], [0, 40, 80], id="start late"),
        pytest.param([None, None, 80.0], [0, 40, 80], id="missing at first"),
        pytest.param([0.0, None, 80.0], [0, 40, 80], id="one missing"),
        pytest.param([0.0, 40.0, 30.0, 120.0], [0, 40, 41, 120], id="small step back"),
        pytest.param([0.0, 40.0, 40.0, 80.0], [0, 40, 41, 80], id="twice the same"),
        pytest.param([1000.0, 550.0, 1040.0], [0, 1, 40], id="step back of 450 ms"),
        pytest.param([1000.0, 450.0, 490.0], [0, 40, 80], id="clock restarts 550 ms back"),
        pytest.param([9000.0, 9040.0, 0.0, 40.0], [0, 40, 80, 120], id="joined recordings"),
    ],
)
def test_positions_increase_when_timestamps_do_not(
    timestamps: list[float | None], expected: list[float]
) -> None:
    timeline = Timeline(40.0)
    assert [timeline.position_ms(timestamp) for timestamp in timestamps] == expected


def test_step_is_40_ms_when_the_source_has_no_frame_rate() -> None:
    timeline = Timeline()
    assert [timeline.position_ms(None) for _ in range(3)] == [0, 40, 80]


def test_smallest_step_is_the_usual_one_when_frames_come_faster_than_every_ms() -> None:
    timeline = Timeline(0.5)
    assert [timeline.position_ms(10.0) for _ in range(3)] == [0, 0.5, 1.0]
