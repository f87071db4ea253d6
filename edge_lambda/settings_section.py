"""What the settings of all parts of the device have in common."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError


def _expand_home(path: Path | None) -> Path | None:
    try:
        return path and path.expanduser()
    except RuntimeError:
        raise PydanticCustomError("home", "~ is used, but there is no home directory") from None


# Not strict, because TOML and flags give paths as text.
FilePath = Annotated[Path | None, Field(strict=False), AfterValidator(_expand_home)]


# An address from a file may end with a line break, a copied one with a space.
StrippedText = Annotated[str, StringConstraints(strip_whitespace=True)]


class Section(BaseModel):
    """A group of settings that rejects unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def iterate_settings(section: type[Section], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield the dotted key, such as ``smile.threshold_on``, and the field of every setting."""
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from iterate_settings(kind, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def value_types(field: FieldInfo) -> tuple[Any, ...]:
    """Return the type of a setting and, of a union or a tuple, the types it is made of."""
    return field.annotation, *get_args(field.annotation)
