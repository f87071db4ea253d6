"""The counts of a device are those of the set of its numbers, in any order of its messages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smile_cloud.sequence.arrival import Arrival, Numbered
from smile_cloud.sequence.sequence import Sequence
from tests.helpers.status_messages import at

# Batches of numbers; a device makes an event each second, and sends some of them again.
BATCHES = st.lists(
    st.lists(st.integers(0, 40), min_size=1, max_size=6, unique=True), min_size=1, max_size=8
)


@given(BATCHES, st.data())
def test_the_counts_are_those_of_the_set_of_the_numbers(
    batches: list[list[int]], data: st.DataObject
) -> None:
    messages = [
        Arrival(str(key), at(100), tuple(Numbered(seq, at(seq)) for seq in sorted(numbers)))
        for key, numbers in enumerate(batches)
    ]
    delivered = data.draw(
        st.permutations(messages + data.draw(st.lists(st.sampled_from(messages), max_size=5)))
    )
    found = Sequence()
    for message in delivered:
        found = found.add(message)
    sent = [seq for numbers in batches for seq in numbers]
    numbers = set(sent)
    missing = set(range(min(numbers), max(numbers) + 1)) - numbers
    assert (found.first, found.last) == (min(numbers), max(numbers))
    assert (found.received, found.duplicates) == (len(numbers), len(sent) - len(numbers))
    listed = [seq for low, high in found.gaps for seq in range(low, high + 1)]
    assert listed == sorted(missing)
    assert (found.missing, found.untracked, found.resets) == (len(missing), 0, 0)
    assert all(low <= high for low, high in found.gaps)
