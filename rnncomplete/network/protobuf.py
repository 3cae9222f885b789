"""Reading and writing the protobuf wire format, as much of it as an ONNX file needs; reading from bytes nobody vouches for.

A message is a sequence of (field number, value): a varint is an ``int``, a length-delimited field a view of the bytes,
a fixed field its 4 or 8 bytes. See https://protobuf.dev/programming-guides/encoding/.

Whoever reads the same bytes after us must see what we saw. So there is one way to write everything: a number takes no
more bytes than it needs (readers differ in what they make of the others), a field that stands once stands once (where
it is repeated, readers take the last one, or merge both), and a field that is not in the schema is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

Value = int | memoryview

_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}


class WireError(ValueError):
    """The bytes are not a protobuf message: truncated, ambiguous, or something else altogether."""


class Field(NamedTuple):
    """One field of a schema."""

    name: str
    read: Callable[[Value], Any] | Mapping[int, Field]
    """What makes something of the value, or the schema of a nested message."""
    repeated: bool = False


Schema = Mapping[int, Field]


class Budget:
    """How many fields may still be read: a small file can hold millions of them."""

    def __init__(self, fields: int) -> None:
        self.left = fields

    def spend(self) -> None:
        """Count one more field; raises :class:`WireError` if that is one too many."""
        self.left -= 1
        if self.left < 0:
            raise WireError("far too many fields")


def read_varint(data: memoryview, position: int) -> tuple[int, int]:
    """The varint at ``position`` and the position behind it; raises :class:`WireError`."""
    value = 0
    for index, byte in enumerate(data[position : position + 10]):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            if (index and not byte) or value >> 64:
                raise WireError("a number takes more bytes than it needs")
            return value, position + index + 1
    raise WireError("a number is cut off")


def read_fields(data: memoryview) -> Iterator[tuple[int, Value]]:
    """(field number, value) for each field of one message; nothing is copied. Raises :class:`WireError`."""
    position = 0
    while position < len(data):
        key, position = read_varint(data, position)
        number, kind = key >> 3, key & 7
        if number == 0 or key >> 32:
            raise WireError(f"a field has number {number}")
        if kind == _VARINT:
            value, position = read_varint(data, position)
            yield number, value
            continue
        if kind == _DELIMITED:
            size, position = read_varint(data, position)
        elif kind in _FIXED_SIZES:
            size = _FIXED_SIZES[kind]
        else:
            raise WireError(f"a field has wire type {kind}")
        if size > len(data) - position:
            raise WireError("a field is cut off")
        yield number, data[position : position + size]
        position += size


def read_message(data: memoryview, schema: Schema, budget: Budget) -> dict[str, Any]:
    """The values of one message by name, those of repeated fields in lists; raises :class:`WireError`."""
    found: dict[str, Any] = {field.name: [] for field in schema.values() if field.repeated}
    for number, value in read_fields(data):
        budget.spend()
        field = schema.get(number)
        if field is None:
            raise WireError(f"a field has number {number}, which is not expected there")
        read = field.read
        item = read_message(as_message(value), read, budget) if isinstance(read, Mapping) else read(value)
        if field.repeated:
            found[field.name].append(item)
        elif field.name in found:
            raise WireError(f"{field.name} stands there twice")
        else:
            found[field.name] = item
    return found


def as_message(value: Value) -> memoryview:
    """``value`` as the bytes of a nested message or string; raises :class:`WireError` if it is a number."""
    if isinstance(value, int):
        raise WireError("a number stands where a message was expected")
    return value


def as_text(value: Value) -> str:
    """``value`` as UTF-8 text; raises :class:`WireError`."""
    try:
        return str(as_message(value), "utf-8")
    except UnicodeDecodeError:
        raise WireError("a name is not UTF-8") from None


def as_int(value: Value) -> int:
    """``value`` as a signed 64-bit number; raises :class:`WireError` if it is not a varint."""
    if not isinstance(value, int):
        raise WireError("a message stands where a number was expected")
    return value - (1 << 64) if value >> 63 else value


def as_ints(value: Value) -> list[int]:
    """A repeated integer field, packed or one at a time, as signed 64-bit numbers; raises :class:`WireError`."""
    if isinstance(value, int):
        return [as_int(value)]
    numbers, position = [], 0
    while position < len(value):
        number, position = read_varint(value, position)
        numbers.append(as_int(number))
    return numbers


def write_field(number: int, value: Value | bytes) -> bytes:
    """One field: a varint if ``value`` is a number (not negative), else its bytes with their length before them."""
    if isinstance(value, int):
        return _varint(number << 3 | _VARINT) + _varint(value)
    return _varint(number << 3 | _DELIMITED) + _varint(len(value)) + bytes(value)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
