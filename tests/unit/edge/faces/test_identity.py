"""Which followed face a detection belongs to."""

from __future__ import annotations

import pytest

from edge_lambda.faces.identity import belongs_to_another, covers, missed_face_at
from edge_lambda.faces.track import Track
from smile_vision.faces.boxes import Box, grown
from tests.helpers.faces import track

HERE = (0.4, 0.4, 0.1, 0.1)


def seen_at(box: Box, number: int = 1, age_ms: float = 0.0, misses: int = 0) -> Track:
    one = track(number, box)
    one.now_ms, one.misses = age_ms, misses
    return one


def shifted(box: Box, widths: float) -> Box:
    return (box[0] + widths * box[2], *box[1:])


@pytest.mark.parametrize(
    ("box", "is_covered"),
    [
        (HERE, True),
        (shifted(HERE, 0.72), True),
        (shifted(HERE, -0.72), True),
        (shifted(HERE, 0.82), False),
        ((0.8, 0.8, 0.1, 0.1), False),
        (grown(HERE, 0.5), True),  # networks disagree about the size of one face
        (grown(HERE, -0.26), True),
        (grown(HERE, -0.3), False),
        (grown(HERE, 0.75), False),
    ],
)
def test_place_is_covered_by_a_face_that_is_seen_there(box: Box, is_covered: bool) -> None:
    assert covers([seen_at((0.1, 0.1, 0.1, 0.1), 2), seen_at(HERE)], box) == is_covered


@pytest.mark.parametrize(("age_ms", "misses"), [(400, 0), (600, 0), (0, 1)])
def test_place_is_free_when_its_face_was_missed_or_not_seen_for_half_a_second(
    age_ms: float, misses: int
) -> None:
    is_known = age_ms < 500 and not misses
    assert covers([seen_at(HERE, age_ms=age_ms, misses=misses)], HERE) == is_known


def test_expected_place_counts_and_not_the_one_where_the_face_was_seen() -> None:
    one = seen_at(HERE, age_ms=200)
    one.velocity = (0.001, 0.0, 0.0, 0.0)
    assert not covers([one], HERE)
    assert covers([one], one.box_at(200))


def test_box_stays_with_its_own_face() -> None:
    one, other = seen_at(HERE, 1), seen_at(shifted(HERE, 1.5), 2)
    assert not belongs_to_another(shifted(HERE, 0.2), one, [one, other])
    assert not belongs_to_another(HERE, one, [one])


def test_box_belongs_to_the_face_that_it_fits_better() -> None:
    older, younger = seen_at(HERE, 1), seen_at(shifted(HERE, 0.8), 2)
    near_younger = shifted(HERE, 0.7)
    assert belongs_to_another(near_younger, older, [older, younger])
    assert not belongs_to_another(near_younger, younger, [older, younger])


def test_older_face_keeps_the_box_when_both_fit_equally_well() -> None:
    older, younger = seen_at(HERE, 1), seen_at(HERE, 2)
    for tracks in ([older, younger], [younger, older]):
        assert belongs_to_another(HERE, younger, tracks)
        assert not belongs_to_another(HERE, older, tracks)


@pytest.mark.parametrize(("widths", "belongs"), [(0.56, False), (0.41, True)])
def test_face_claims_a_box_only_when_it_fits_well(widths: float, belongs: bool) -> None:
    one, other = seen_at((0.1, 0.1, 0.1, 0.1), 1), seen_at(HERE, 2)  # IoU 0.28 or 0.42
    assert belongs_to_another(shifted(HERE, widths), one, [one, other]) == belongs


@pytest.mark.parametrize(("age_ms", "belongs"), [(400, True), (600, False)])
def test_face_claims_no_box_after_half_a_second(age_ms: float, belongs: bool) -> None:
    one, other = seen_at((0.1, 0.1, 0.1, 0.1), 1), seen_at(HERE, 2, age_ms)
    assert belongs_to_another(HERE, one, [one, other]) == belongs


def test_missed_face_returns_near_its_place() -> None:
    here, far = seen_at(HERE, 1, 800, misses=4), seen_at((0.1, 0.1, 0.1, 0.1), 2, 800, misses=4)
    assert missed_face_at(shifted(HERE, 1.2), [far, here]) is here
    assert missed_face_at(shifted(HERE, 1.3), [far, here]) is None
    assert missed_face_at(HERE, [far]) is None
    assert missed_face_at(HERE, []) is None


def test_face_that_is_seen_does_not_return() -> None:
    assert missed_face_at(HERE, [seen_at(HERE)]) is None


def test_best_fitting_missed_face_returns_and_the_older_one_of_equals() -> None:
    near, older, younger = (
        seen_at(shifted(HERE, 0.1), 3, misses=1),
        seen_at(shifted(HERE, 0.3), 1, misses=1),
        seen_at(shifted(HERE, 0.3), 2, misses=1),
    )
    assert missed_face_at(HERE, [older, near, younger]) is near
    assert missed_face_at(HERE, [younger, older]) is older


def test_missed_face_returns_where_it_stopped_or_where_it_walked_on() -> None:
    one = seen_at(HERE, age_ms=1000, misses=5)
    one.velocity = (0.0005, 0.0, 0.0, 0.0)  # five widths a second
    assert missed_face_at(HERE, [one]) is None
    assert missed_face_at(one.box_at(1000), [one]) is one
    assert missed_face_at(shifted(HERE, 5), [one]) is one


@pytest.mark.parametrize(
    ("growth", "returns"), [(-0.12, False), (-0.08, True), (0.1, True), (0.15, False)]
)
def test_face_of_another_size_is_no_missed_face(growth: float, returns: bool) -> None:
    one = seen_at(HERE, 1, 200, misses=1)
    box = grown(HERE, growth)
    assert (missed_face_at(box, [one]) is one) == returns
    assert belongs_to_another(box, one, [one]) != returns


def test_missed_face_takes_no_box_of_a_face_that_is_seen() -> None:
    """The one in front hides the one behind, whose expected place may fit even better."""
    behind, front = seen_at(HERE, 1, 80, misses=1), seen_at(shifted(HERE, 0.2), 2)
    assert belongs_to_another(shifted(HERE, 0.1), behind, [behind, front])
    behind.misses = 0
    assert not belongs_to_another(HERE, behind, [behind, front])


@pytest.mark.parametrize(("widths", "older_keeps_it"), [(0.03, True), (0.1, False)])
def test_younger_face_keeps_a_box_that_fits_it_clearly_better(
    widths: float, older_keeps_it: bool
) -> None:
    older, younger = seen_at(shifted(HERE, widths), 1), seen_at(HERE, 2)  # IoU 0.94 or 0.82
    assert belongs_to_another(HERE, younger, [older, younger]) == older_keeps_it


def test_missed_face_claims_no_box_that_a_seen_face_has() -> None:
    missed, seen = seen_at(HERE, 1, 80, misses=1), seen_at(HERE, 2)
    assert not belongs_to_another(HERE, seen, [missed, seen])


@pytest.mark.parametrize(
    ("age_ms", "widths", "returns"),
    [
        (0, 0.35, True),
        (0, 0.5, False),
        (400, 0.8, True),
        (400, 1.0, False),
        (1000, 1.15, True),
        (1000, 1.3, False),
    ],
)
def test_missed_face_may_have_walked_farther_the_longer_it_is_missed(
    age_ms: float, widths: float, returns: bool
) -> None:
    one = seen_at(HERE, 1, age_ms, misses=1)
    assert (missed_face_at(shifted(HERE, widths), [one]) is one) == returns
