"""Frames of the protocol, as bytes. docs/protocol.md tells of every field."""

from __future__ import annotations

import struct
from typing import Iterable, NamedTuple, Optional, Tuple, Union

Bytes = Union[bytes, bytearray, memoryview, str]
Header = Tuple[str, Optional[Bytes]]

LENGTH_BYTES = 4
MAX_HEADERS = 1000
NULL_HEADER = 0xFFFFFFFF

_RECORD, _SYNC, _SYNCED = 1, 2, 3
_HAS_TIMESTAMP, _HAS_PARTITION, _KEY_IS_NULL, _MESSAGE_IS_NULL = 1, 2, 4, 8
_SYNCED_FRAME = struct.Struct("<IBBIBQ")
_SYNCED_BODY_BYTES = _SYNCED_FRAME.size - LENGTH_BYTES

SYNCED_BYTES = _SYNCED_FRAME.size


class Synced(NamedTuple):
    """The daemon's answer to a sync. `status`: 0 delivered, 1 some in a backup or dead letter, 2 some dropped."""

    token: int
    status: int
    messages: int


def bytes_of(value: Bytes) -> bytes:
    return value.encode("utf-8") if isinstance(value, str) else bytes(value)


def _expect(place: str, found: int, least: int, most: int, unit: str = "") -> None:
    if not least <= found <= most:
        raise ValueError(f"{place}: expected {least} to {most}{unit}, got {found}")


def _name_of(bucket: str) -> bytes:
    name = bucket.encode("utf-8")
    _expect("bucket", len(name), 1, 255, " bytes")
    return name


def encode_frame(bucket: str, message: Bytes, key: Bytes = b"") -> bytes:
    """A version 1 frame. Raises ValueError where bucket or key do not fit."""
    name, key_bytes, body = _name_of(bucket), bytes_of(key), bytes_of(message)
    _expect("key", len(key_bytes), 0, 255, " bytes")
    length = 2 + len(name) + len(key_bytes) + len(body)
    return b"".join(
        (struct.pack("<IB", length, len(name)), name, struct.pack("<B", len(key_bytes)), key_bytes, body)
    )


def encode_record(
    bucket: str,
    message: Optional[Bytes],
    key: Optional[Bytes] = None,
    headers: Iterable[Header] = (),
    timestamp_ms: Optional[int] = None,
    partition: Optional[int] = None,
) -> bytes:
    """A record: what version 1 cannot say. Raises ValueError where a part does not fit, which it names."""
    name = _name_of(bucket)
    key_bytes = None if key is None else bytes_of(key)
    value = None if message is None else bytes_of(message)
    pairs = list(headers)
    _expect("key", len(key_bytes or b""), 0, 0xFFFF, " bytes")
    _expect("headers", len(pairs), 0, MAX_HEADERS)
    flags = (
        (0 if timestamp_ms is None else _HAS_TIMESTAMP)
        | (0 if partition is None else _HAS_PARTITION)
        | (_KEY_IS_NULL if key_bytes is None else 0)
        | (_MESSAGE_IS_NULL if value is None else 0)
    )
    parts = [struct.pack("<BBBB", 0, _RECORD, flags, len(name)), name]
    parts += [struct.pack("<H", len(key_bytes or b"")), key_bytes or b""]
    if timestamp_ms is not None:
        _expect("timestamp_ms", timestamp_ms, 0, 2**63 - 1)
        parts.append(struct.pack("<q", timestamp_ms))
    if partition is not None:
        _expect("partition", partition, 0, 2**31 - 1)
        parts.append(struct.pack("<i", partition))
    parts.append(struct.pack("<H", len(pairs)))
    for index, (header, content) in enumerate(pairs):
        header_name = header.encode("utf-8")
        _expect(f"headers[{index}]: name", len(header_name), 0, 0xFFFF, " bytes")
        header_value = None if content is None else bytes_of(content)
        length = NULL_HEADER if header_value is None else len(header_value)
        parts += [struct.pack("<H", len(header_name)), header_name, struct.pack("<I", length), header_value or b""]
    parts.append(value or b"")
    body_bytes = sum(map(len, parts))
    return b"".join((struct.pack("<I", body_bytes), *parts))


def encode_sync(token: int) -> bytes:
    return struct.pack("<IBBI", 6, 0, _SYNC, token)


def decode_synced(frame: bytes) -> Synced:
    """Raises ValueError where the bytes are no answer to a sync."""
    length, zero, kind, token, status, messages = _SYNCED_FRAME.unpack(frame)
    if (length, zero, kind) != (_SYNCED_BODY_BYTES, 0, _SYNCED) or status > 2:
        raise ValueError(f"expected the answer to a sync, found the bytes {frame.hex()}")
    return Synced(token, status, messages)


def whole_frames(data: bytes, taken: int) -> Tuple[int, int]:
    """How many frames end within the first `taken` bytes, and where the last of them ends."""
    count = end = 0
    while end + LENGTH_BYTES <= taken:
        after = end + LENGTH_BYTES + int.from_bytes(data[end : end + LENGTH_BYTES], "little")
        if after > taken:
            break
        count, end = count + 1, after
    return count, end
