"""Nobody is in two splits, and the split of a person never changes."""

from __future__ import annotations

import pytest

from training.data.splits import Split, assign_splits, share_of


def test_no_person_is_in_two_splits_when_people_have_several_pictures() -> None:
    people = [f"person {n % 500}" for n in range(3000)]
    splits_of: dict[str, set[Split]] = {}
    for person, split in zip(people, assign_splits(people), strict=True):
        splits_of.setdefault(person, set()).add(split)
    assert all(len(splits) == 1 for splits in splits_of.values())


def test_shares_are_the_intended_ones_when_there_are_many_people() -> None:
    splits = assign_splits([f"person {n}" for n in range(5000)])
    assert splits.count(Split.TEST) / 5000 == pytest.approx(0.20, abs=0.02)
    assert splits.count(Split.VALIDATION) / 5000 == pytest.approx(0.10, abs=0.02)


def test_split_stays_the_same_when_other_people_are_added_or_removed() -> None:
    people = [f"person {n}" for n in range(200)]
    before = dict(zip(people, assign_splits(people), strict=True))
    fewer = people[::-2]
    assert dict(zip(fewer, assign_splits(fewer), strict=True)) == {p: before[p] for p in fewer}


def test_split_is_the_one_of_the_published_metrics() -> None:
    assert [share_of(f"person {n}") for n in (1, 2, 3)] == pytest.approx(SHARES, abs=1e-6)


def test_person_is_in_the_training_set_when_their_pictures_would_dominate_the_metrics() -> None:
    person = next(name for name in map(str, range(100)) if assign_splits([name]) == [Split.TEST])
    assert set(assign_splits([person] * 50)) == {Split.TEST}
    assert set(assign_splits([person] * 51)) == {Split.TRAIN}


SHARES = [0.409269, 0.525387, 0.293695]
