"""A track's prediction is finite, and a steady motion is predicted."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_lambda.faces.observation import Observation
from edge_lambda.faces.track import Track
from tests.helpers.faces import observation

places = st.floats(-1e6, 1e6)
sizes = st.floats(1e-6, 1e6)
boxes = st.tuples(places, places, sizes, sizes)
gaps_ms = st.floats(1e-3, 1e7)


@given(boxes, st.lists(st.tuples(gaps_ms, boxes), max_size=20), st.floats(-1e9, 1e9))
def test_prediction_is_finite_for_any_finite_input(first, later, at_ms) -> None:
    points = np.full((6, 2), 0.5, np.float32)
    one, now_ms = Track(1, Observation(first, 0.9, points), 0.0), 0.0
    for gap_ms, box in later:
        now_ms += gap_ms
        one.see(Observation(box, 0.9, points), now_ms)
    assert all(map(math.isfinite, one.box_at(at_ms)))
    assert one.box_at(at_ms)[2] >= one.seen.box[2] / 2 > 0
    assert math.isfinite(one.drift) and one.drift >= 0
    one.now_ms = now_ms + 500
    assert np.isfinite(one.keypoints_now()).all()


@given(
    st.floats(-0.002, 0.002),
    st.floats(-0.002, 0.002),
    st.sampled_from([20, 33, 40, 67, 80, 100]),
)
def test_drift_of_a_face_at_constant_speed_goes_to_about_zero(
    speed_x: float, speed_y: float, step_ms: float
) -> None:
    """Speeds are in face widths per ms: up to two widths a second."""
    width = 0.1
    one = Track(1, observation((0.3, 0.3, width, width)), 0.0)
    for number in range(1, 61):
        at_ms = number * step_ms
        place = (0.3 + speed_x * width * at_ms, 0.3 + speed_y * width * at_ms)
        one.see(observation((*place, width, width)), at_ms)
    assert one.drift < 1e-4  # so that it waits as long as a still one
