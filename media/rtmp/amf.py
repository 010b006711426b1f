"""AMF0 (Adobe, 2007), as far as RTMP commands need it; pure."""

import struct
from typing import Any

_NUMBER, _BOOLEAN, _STRING, _OBJECT, _NULL, _UNDEFINED, _ECMA_ARRAY, _END = 0, 1, 2, 3, 5, 6, 8, 9
_MAX_DEPTH = 8


def decode(data: bytes) -> list[Any]:
    """All values of a message; `ValueError` when it is malformed."""
    values, position = [], 0
    try:
        while position < len(data):
            value, position = _read(data, position, 0)
            values.append(value)
    except (struct.error, IndexError) as error:
        raise ValueError("truncated AMF") from error
    return values


def encode(*values: Any) -> bytes:
    """Numbers, booleans, strings, None and dicts of them."""
    return b"".join(map(_write, values))


def _read(data: bytes, position: int, depth: int) -> tuple[Any, int]:
    kind = data[position]
    position += 1
    if kind == _NUMBER:
        return struct.unpack_from(">d", data, position)[0], position + 8
    if kind == _BOOLEAN:
        return bool(data[position]), position + 1
    if kind == _STRING:
        return _text(data, position)
    if kind in (_NULL, _UNDEFINED):
        return None, position
    if kind in (_OBJECT, _ECMA_ARRAY) and depth < _MAX_DEPTH:
        if kind == _ECMA_ARRAY:
            position += 4
        found: dict[str, Any] = {}
        while True:
            name, position = _text(data, position)
            if not name and data[position] == _END:
                return found, position + 1
            found[name], position = _read(data, position, depth + 1)
    raise ValueError(f"AMF type {kind}")


def _text(data: bytes, position: int) -> tuple[str, int]:
    (length,) = struct.unpack_from(">H", data, position)
    end = position + 2 + length
    if end > len(data):
        raise ValueError("truncated AMF")
    return data[position + 2 : end].decode(errors="replace"), end


def _write(value: Any) -> bytes:
    match value:
        case None:
            return bytes([_NULL])
        case bool():
            return bytes([_BOOLEAN, value])
        case int() | float():
            return bytes([_NUMBER]) + struct.pack(">d", value)
        case str():
            return bytes([_STRING]) + _name(value)
        case dict():
            members = b"".join(_name(name) + _write(member) for name, member in value.items())
            return bytes([_OBJECT]) + members + b"\x00\x00\x09"
    raise ValueError(f"no AMF for {type(value).__name__}")


def _name(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data
