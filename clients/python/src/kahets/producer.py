"""Sends messages to the daemon's socket, buffered."""

from __future__ import annotations

import atexit
import enum
import itertools
import logging
import os
import threading
import time
import weakref
from dataclasses import dataclass, replace
from typing import Callable, Iterable, Optional

from .connection import Connection, NotSent, Reader
from .frames import SYNCED_BYTES, Bytes, Header, bytes_of, decode_synced, encode_frame, encode_record, encode_sync, whole_frames

_log = logging.getLogger("kahets")
_MAX_FRAME_BYTES = 8 * 1024 * 1024
#: After an attempt that failed none is made for so many times as long as it took.
_PAUSE_FACTOR = 10


class SyncStatus(enum.Enum):
    """What became of the messages since the last `sync`: the worst that any of them met."""

    DELIVERED = "delivered"
    #: Some are in a backup or a dead letter file.
    BACKED_UP = "backed_up"
    #: The daemon dropped some: malformed, no such bucket, no room.
    DROPPED = "dropped"
    #: Some never left: they were refused, or given to the fallback.
    NOT_SENT = "not_sent"
    #: No answer in time, or the connection was lost in between. They may have arrived.
    UNKNOWN = "unknown"


_BY_STATUS = (SyncStatus.DELIVERED, SyncStatus.BACKED_UP, SyncStatus.DROPPED)


@dataclass(frozen=True)
class SyncResult:
    """The answer to `sync`."""

    status: SyncStatus
    #: How many messages the daemon speaks of; 0 where it did not answer.
    messages: int = 0

    @property
    def is_safe(self) -> bool:
        """Whether every message is with the daemon's primary stream or its backup."""
        return self.status in (SyncStatus.DELIVERED, SyncStatus.BACKED_UP)


@dataclass(frozen=True)
class Unsent:
    """What a fallback gets: messages that were not sent, whole, in order."""

    #: `invalid`, `too_large`, `unreachable`, `timeout`, `closed` or `paused`.
    reason: str
    detail: str
    count: int
    #: The frames as they would have been written, which `kahets replay` reads from a file; empty for a refused message.
    frames: bytes


@dataclass(frozen=True)
class Counters:
    """What has become of messages up to now."""

    sent: int = 0
    failed: int = 0
    buffered: int = 0
    bytes: int = 0
    connections: int = 0


class Producer:
    """Sends messages to the daemon of this host.

    What fails is a return value; only an address that is none and arguments of a wrong type raise. Threads may share a
    producer, and a process that forks goes on with one of its own: what the parent has buffered, the parent sends.

    :param socket_path: the daemon's SOCKET: a path, or tcp://127.0.0.1:9410
    :param buffer_bytes: written when so much waits; 0: each message at once
    :param flush_after_s: a send writes the buffer, too, when its first message has waited for so long
    :param connect_timeout_s: for a connection
    :param timeout_s: for all that one send or flush does
    :param max_frame_bytes: the daemon's MAX_FRAME: larger messages are refused
    :param fallback: gets what could not be sent
    """

    def __init__(
        self,
        socket_path: str = "/tmp/kahego.sock",
        *,
        buffer_bytes: int = 65536,
        flush_after_s: float = 1.0,
        connect_timeout_s: float = 0.05,
        timeout_s: float = 0.1,
        max_frame_bytes: int = _MAX_FRAME_BYTES,
        fallback: Optional[Callable[[Unsent], object]] = None,
    ) -> None:
        self._socket_path = socket_path
        self._buffer_bytes = buffer_bytes
        self._flush_after_s = flush_after_s
        self._connect_timeout_s = connect_timeout_s
        self._timeout_s = timeout_s
        self._max_frame_bytes = max_frame_bytes
        self._fallback = fallback
        self._begin()
        _alive.add(self)

    def _begin(self) -> None:
        self._lock = threading.RLock()
        self._sync_lock = threading.Lock()
        self._connection = Connection(self._socket_path)
        self._buffer = bytearray()
        self._flush_at = 0.0
        self._paused_until = 0.0
        self._counters = Counters()
        self._tokens = itertools.count(1)
        self._since: Optional[int] = None
        self._known: Optional[SyncStatus] = None
        self._is_out = False
        # While bytes are written or the application's own code is called: what is sent then waits in the buffer.
        self._is_busy = False
        self._last_error: Optional[str] = None

    def __del__(self) -> None:
        # Without it the constructor has raised.
        if hasattr(self, "_last_error"):
            self.close()

    def __enter__(self) -> Producer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def last_error(self) -> Optional[str]:
        """Why the last `send`, `flush` or `sync` failed; None when it did not."""
        return self._last_error

    @property
    def counters(self) -> Counters:
        return replace(self._counters, connections=self._connection.generation)

    def send(
        self,
        bucket: str,
        message: Optional[Bytes],
        key: Optional[Bytes] = b"",
        headers: Iterable[Header] = (),
        timestamp_ms: Optional[int] = None,
        partition: Optional[int] = None,
    ) -> bool:
        """Takes one message. False when it was refused, or when a write that it caused failed; `last_error` says why."""
        with self._lock:
            self._last_error = None
            try:
                frame = self._encode(bucket, message, key, tuple(headers), timestamp_ms, partition)
            except (ValueError, UnicodeEncodeError) as error:
                return self._refuse("invalid", str(error))
            if len(frame) - 4 > self._max_frame_bytes:
                return self._refuse(
                    "too_large", f"message: expected a frame of at most {self._max_frame_bytes} bytes, got {len(frame) - 4}"
                )
            now = time.monotonic()
            if not self._buffer:
                self._flush_at = now + self._flush_after_s
            self._buffer += frame
            self._count(buffered=1)
            if self._is_busy or (len(self._buffer) < self._buffer_bytes and now < self._flush_at):
                return True
            return self.flush()

    def flush(self) -> bool:
        """Writes what is buffered. False when some of it could not be written; `last_error` says why."""
        with self._lock:
            self._last_error = None
            if not self._buffer or self._is_busy:
                return True
            self._is_busy = True
            try:
                failure = self._transmit(self._timeout_s)
                if failure is None:
                    self._tell_sent()
                else:
                    self._give_up(failure)
            finally:
                self._is_busy = False
            return failure is None

    def sync(self, timeout_s: float = 1.0) -> SyncResult:
        """Flushes, and waits until the daemon says what became of everything sent since the last `sync`. It needs kahets.

        Other threads may send meanwhile.
        """
        deadline = time.monotonic() + timeout_s
        if not self._sync_lock.acquire(timeout=timeout_s):
            return SyncResult(SyncStatus.UNKNOWN)
        try:
            with self._lock:
                if self._is_busy:
                    # A fallback asks, or a signal handler in the middle of a frame.
                    return SyncResult(SyncStatus.UNKNOWN)
                asked = self._ask(deadline) if self.flush() else None
                known, self._known, self._since = self._known, None, None
            result = asked and self._answer(*asked, deadline)
        finally:
            self._sync_lock.release()
        if result is None:
            return SyncResult(known or SyncStatus.UNKNOWN)
        return result if known is None else SyncResult(known, result.messages)

    def close(self) -> bool:
        """Flushes and lets go of the connection; a later `send` opens another."""
        with self._lock:
            is_flushed = self.flush()
            self._connection.close()
            return is_flushed

    @staticmethod
    def _encode(
        bucket: str,
        message: Optional[Bytes],
        key: Optional[Bytes],
        headers: tuple[Header, ...],
        timestamp_ms: Optional[int],
        partition: Optional[int],
    ) -> bytes:
        is_plain = message is not None and not headers and timestamp_ms is None and partition is None
        if is_plain and message is not None and key is not None and len(bytes_of(key)) <= 255:
            return encode_frame(bucket, message, key)
        return encode_record(bucket, message, key, headers, timestamp_ms, partition)

    def _count(self, sent: int = 0, failed: int = 0, buffered: int = 0, written: int = 0) -> None:
        old = self._counters
        self._counters = Counters(old.sent + sent, old.failed + failed, old.buffered + buffered, old.bytes + written)

    def _transmit(self, timeout_s: float) -> Optional[NotSent]:
        """Writes the buffer; what could not be written as a whole stays in it."""
        began = time.monotonic()
        if began < self._paused_until:
            return NotSent("paused", "not tried again so soon after a failure")
        deadline = began + timeout_s
        failure = self._attempt(deadline)
        if failure is not None and failure.reason == "closed":
            failure = self._attempt(deadline)
        now = time.monotonic()
        self._paused_until = 0.0 if failure is None else now + _PAUSE_FACTOR * (now - began)
        return failure

    def _attempt(self, deadline: float) -> Optional[NotSent]:
        data, failure = bytes(self._buffer), None
        try:
            self._open(deadline)
            self._since = self._connection.generation
            self._connection.write(data, deadline)
            written = len(data)
        except NotSent as error:
            failure, written = error, error.written
        count, end = whole_frames(data, written)
        del self._buffer[:end]
        self._count(sent=count, buffered=-count, written=written)
        return failure

    def _open(self, deadline: float) -> None:
        self._connection.open(min(deadline, time.monotonic() + self._connect_timeout_s))
        if self._since is not None and self._since != self._connection.generation:
            # What went over the connection before this one, no answer will speak of.
            self._known = SyncStatus.UNKNOWN

    def _ask(self, deadline: float) -> Optional[tuple[int, Reader]]:
        token = next(self._tokens) & 0xFFFFFFFF
        try:
            self._open(deadline)
            self._connection.write(encode_sync(token), deadline)
            reader = self._connection.reader()
        except NotSent as error:
            self._last_error = str(error)
            return None
        return token, reader

    def _answer(self, token: int, reader: Reader, deadline: float) -> Optional[SyncResult]:
        try:
            answer = decode_synced(reader.read(SYNCED_BYTES, deadline))
            if answer.token != token:
                raise ValueError("found the answer to another sync")
        except (NotSent, ValueError) as error:
            with self._lock:
                # An answer that comes late would be taken for that of the next.
                if self._connection.generation == reader.generation:
                    self._connection.close()
                self._last_error = str(error)
            return None
        return SyncResult(_BY_STATUS[answer.status], answer.messages)

    def _give_up(self, failure: NotSent) -> None:
        unsent = Unsent(failure.reason, str(failure), self._counters.buffered, bytes(self._buffer))
        self._buffer.clear()
        self._count(failed=unsent.count, buffered=-unsent.count)
        self._last_error = unsent.detail
        self._known = self._known or SyncStatus.NOT_SENT
        if not self._is_out:
            _log.warning("kahets: messages cannot be sent: %s", unsent.detail)
        self._is_out = True
        self._fall_back(unsent)

    def _refuse(self, reason: str, detail: str) -> bool:
        self._count(failed=1)
        self._known = self._known or SyncStatus.NOT_SENT
        was_busy, self._is_busy = self._is_busy, True
        try:
            _log.warning("kahets: message refused: %s", detail)
            self._fall_back(Unsent(reason, detail, 1, b""))
        finally:
            self._is_busy = was_busy
        self._last_error = detail
        return False

    def _fall_back(self, unsent: Unsent) -> None:
        if self._fallback is None:
            return
        try:
            self._fallback(unsent)
        except Exception:  # It is the application's own, and must not end what only wanted to send.
            _log.exception("kahets: the fallback failed")

    def _tell_sent(self) -> None:
        if self._is_out:
            _log.warning("kahets: messages are sent again")
        self._is_out = False


_alive: "weakref.WeakSet[Producer]" = weakref.WeakSet()


def _flush_all() -> None:
    for producer in list(_alive):
        producer.close()


def _begin_all() -> None:
    """In a child: the lock may be held by a thread that is not here, and the connection is the parent's."""
    for producer in list(_alive):
        producer._connection.abandon()
        producer._begin()


atexit.register(_flush_all)
os.register_at_fork(after_in_child=_begin_all)
