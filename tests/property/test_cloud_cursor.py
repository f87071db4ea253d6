from __future__ import annotations

import uuid

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from smile_cloud.history_api.cursor import CursorCodec
from smile_cloud.history_api.errors import CursorError

CODEC = CursorCodec(b"k" * 32)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
positions = st.uuids()
fingerprints = st.binary(max_size=80)


@given(positions, fingerprints)
def test_a_position_is_unchanged_when_it_is_encoded_and_decoded(
    position: uuid.UUID, fingerprint: bytes
) -> None:
    cursor = CODEC.encode(position, fingerprint)
    assert CODEC.decode(cursor, fingerprint) == position
    assert set(cursor) <= set(ALPHABET)
    assert len(cursor) == 64


@given(positions, fingerprints, st.integers(0, 63), st.sampled_from(ALPHABET + "+/= \nÄ"))
def test_a_cursor_is_refused_when_one_character_changed(
    position: uuid.UUID, fingerprint: bytes, index: int, character: str
) -> None:
    cursor = CODEC.encode(position, fingerprint)
    assume(cursor[index] != character)
    with pytest.raises(CursorError):
        CODEC.decode(cursor[:index] + character + cursor[index + 1 :], fingerprint)


@given(positions, fingerprints, fingerprints)
def test_a_cursor_is_refused_when_the_query_is_another(
    position: uuid.UUID, fingerprint: bytes, other: bytes
) -> None:
    assume(fingerprint != other)
    with pytest.raises(CursorError):
        CODEC.decode(CODEC.encode(position, fingerprint), other)


@given(positions, st.binary(min_size=1, max_size=40))
def test_a_cursor_is_refused_when_the_key_is_another(position: uuid.UUID, key: bytes) -> None:
    with pytest.raises(CursorError):
        CODEC.decode(CursorCodec(key).encode(position, b""), b"")


@given(st.one_of(st.text(), st.text(ALPHABET, min_size=60, max_size=68)))
def test_a_text_is_refused_when_it_is_not_a_cursor(text: str) -> None:
    with pytest.raises(CursorError):
        CODEC.decode(text, b"")
