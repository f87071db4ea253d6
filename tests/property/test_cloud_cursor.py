from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from smile_cloud.http.signed_cursor import PATTERN, CursorError, SignedCursor

CURSORS = SignedCursor(b"k" * 32, "events 2")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
positions = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)
fingerprints = st.binary(max_size=80)


@given(positions, fingerprints)
def test_a_position_is_unchanged_when_it_is_encoded_and_decoded(
    position: str, fingerprint: bytes
) -> None:
    cursor = CURSORS.encode(position, fingerprint)
    assert CURSORS.decode(cursor, fingerprint) == position
    assert re.fullmatch(PATTERN, cursor)


@given(positions, fingerprints, st.integers(0, 400), st.sampled_from(ALPHABET + "+/= \nÄ"))
def test_a_cursor_is_refused_when_one_character_changed(
    position: str, fingerprint: bytes, index: int, character: str
) -> None:
    cursor = CURSORS.encode(position, fingerprint)
    index %= len(cursor)
    assume(cursor[index] != character)
    with pytest.raises(CursorError):
        CURSORS.decode(cursor[:index] + character + cursor[index + 1 :], fingerprint)


@given(positions, fingerprints, fingerprints)
def test_a_cursor_is_refused_when_the_query_is_another(
    position: str, fingerprint: bytes, other: bytes
) -> None:
    assume(fingerprint != other)
    with pytest.raises(CursorError):
        CURSORS.decode(CURSORS.encode(position, fingerprint), other)


@given(positions, st.binary(min_size=1, max_size=40), st.text(max_size=10))
def test_a_cursor_is_refused_when_the_key_or_the_list_is_another(
    position: str, key: bytes, purpose: str
) -> None:
    for other in (SignedCursor(key, "events 2"), SignedCursor(b"k" * 32, purpose)):
        with pytest.raises(CursorError):
            CURSORS.decode(other.encode(position, b""), b"")


@given(st.one_of(st.text(), st.text(ALPHABET, min_size=60, max_size=68)))
def test_a_text_is_refused_when_it_is_not_a_cursor(text: str) -> None:
    with pytest.raises(CursorError):
        CURSORS.decode(text, b"")


@pytest.mark.parametrize("ending", ["=", "==", "A", "\n", "A" * 400])
def test_a_cursor_is_refused_when_something_follows_it(ending: str) -> None:
    for position in ("a", "ab", "abc"):
        with pytest.raises(CursorError):
            CURSORS.decode(CURSORS.encode(position, b"") + ending, b"")


def test_a_part_of_the_position_cannot_move_into_the_query() -> None:
    signed = CURSORS.encode("ab", b"c")
    with pytest.raises(CursorError):
        CURSORS.decode(signed, b"bc")
    assert SignedCursor(b"k" * 32, "ab")._sign(b"c", b"") != SignedCursor(b"k" * 32, "a")._sign(
        b"bc", b""
    )


@pytest.mark.parametrize("position", ["", "x" * 269])
def test_a_position_is_refused_when_no_cursor_can_hold_it(position: str) -> None:
    with pytest.raises(ValueError, match="expected 1 to 268 bytes"):
        CURSORS.encode(position, b"")
    assert len(CURSORS.encode("x" * 268, b"")) == 400
