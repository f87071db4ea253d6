"""Records: data classes whose fields are declared once.

A field's annotation is its declaration: a codec (``Annotated[int, Integer()]``), a choice
(``Literal["started", "ended"]``) or another record. A field that may be ``None`` may be missing
from the JSON. Checks, `Record.to_dict` and `Record.from_dict` follow from that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import NoneType, UnionType
from typing import (
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    Self,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from smile_contract.codecs import Codec, OneOf
from smile_contract.errors import ContractError, describe


@dataclass(frozen=True, slots=True)
class Record:
    """Base of the contract's data classes.

    Attributes
    ----------
    PATH : str
        Where the record stands in its message, such as ``face``; empty for a whole message.

    Raises
    ------
    ContractError
        When a value breaks the contract. The error names the field.
    """

    PATH: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for field in wire_fields(type(self)):
            value = getattr(self, field.name)
            if value is not None or not field.is_optional:
                field.codec.check(value, field.path)
        self._check_together()

    def _check_together(self) -> None:
        """Check the rules between fields; each single field is valid already."""

    def to_dict(self) -> dict[str, Any]:
        """Return the record in JSON types, as its JSON Schema describes it; without ``None``."""
        result: dict[str, Any] = {}
        for field in wire_fields(type(self)):
            value = getattr(self, field.name)
            if value is not None:
                result[field.name] = field.codec.encode(value)
        return result

    @classmethod
    def from_dict(cls, value: object) -> Self:
        """Return the record that a JSON object describes.

        Raises
        ------
        ContractError
            When a field is missing, unknown or invalid. The error names the field.
        """
        given = check_object(value, cls.PATH or cls.__name__)
        decoded: dict[str, Any] = {}
        missing: list[str] = []
        for field in wire_fields(cls):
            if field.name in given:
                decoded[field.name] = field.codec.decode(given[field.name], field.path)
            elif not field.is_optional:
                missing.append(field.path)
        if missing:
            raise ContractError(min(missing), "expected, but missing")
        for name in sorted(str(name)[:40] for name in given.keys() - decoded.keys()):
            raise ContractError(_path(cls, name), "unknown field")
        return cls(**decoded)


class WireField(NamedTuple):
    """One field of a record as it travels."""

    name: str
    path: str
    codec: Codec
    is_optional: bool


_WIRE_FIELDS: dict[type[Record], tuple[WireField, ...]] = {}


def wire_fields(record: type[Record]) -> tuple[WireField, ...]:
    """Return the fields of a record in the order of their declaration."""
    if record not in _WIRE_FIELDS:
        hints = get_type_hints(record, include_extras=True)
        _WIRE_FIELDS[record] = tuple(
            _wire_field(record, field.name, hints[field.name]) for field in fields(record)
        )
    return _WIRE_FIELDS[record]


def _wire_field(record: type[Record], name: str, hint: Any) -> WireField:
    is_optional = get_origin(hint) in (Union, UnionType)
    if is_optional:
        (hint,) = (kind for kind in get_args(hint) if kind is not NoneType)
    return WireField(name, _path(record, name), _codec(hint), is_optional)


def _path(record: type[Record], name: str) -> str:
    return f"{record.PATH}.{name}" if record.PATH else name


def _codec(hint: Any) -> Codec:
    if get_origin(hint) is Literal:
        return OneOf(get_args(hint))
    if isinstance(hint, type) and issubclass(hint, Record):
        return Nested(hint)
    return cast("Codec", hint.__metadata__[0])


@dataclass(frozen=True, slots=True)
class Nested(Codec):
    """A record inside a record."""

    record: type[Record]

    def decode(self, value: object, path: str) -> Record:  # noqa: ARG002 - a record knows its path
        """Return the record that a JSON object describes."""
        return self.record.from_dict(value)

    def check(self, value: object, path: str) -> None:
        """Raise `ContractError` unless `value` is such a record; it has checked itself."""
        if not isinstance(value, self.record):
            raise ContractError(path, f"expected {self.record.__name__}, got {describe(value)}")

    def encode(self, value: Record) -> dict[str, Any]:
        """Return the record as a JSON object."""
        return value.to_dict()


def check_object(value: object, path: str) -> Mapping[str, object]:
    """Return `value` if it is a JSON object."""
    if not isinstance(value, Mapping):
        raise ContractError(path, f"expected an object, got {describe(value)}")
    return value
