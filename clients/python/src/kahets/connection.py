"""The socket. Every call ends by its deadline, a moment of `time.monotonic`."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from typing import Optional

_AGAIN_S = 0.001


class NotSent(Exception):
    """Why bytes could not be written or an answer not be read. `written`: bytes that the system had taken by then."""

    def __init__(self, reason: str, detail: str, written: int = 0) -> None:
        super().__init__(detail)
        self.reason = reason
        self.written = written


class Connection:
    """One connection at a time to the daemon's socket, non-blocking; it is closed where a write is not whole."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._socket: Optional[socket.socket] = None
        #: Changes with each new connection.
        self.generation = 0

    def open(self, deadline: float) -> None:
        """Makes sure that there is a connection which nobody has closed."""
        if self._socket is not None and not self._is_open(self._socket):
            self.close()
        if self._socket is None:
            self._socket = self._connect(deadline)
            self.generation += 1

    def write(self, data: bytes, deadline: float) -> None:
        view, written = memoryview(data), 0
        while written < len(data):
            try:
                written += self._opened().send(view[written:])
            except BlockingIOError:
                self._wait(deadline, written)
            except OSError as error:
                self.close()
                raise NotSent("closed", f"{self._address}: the daemon has closed the connection ({error})", written) from error

    def reader(self) -> Reader:
        """Reads what comes over this connection, also while others write; it has a descriptor of its own."""
        return Reader(self._address, self._opened().dup())

    def close(self) -> None:
        """Nothing that was written is lost by it; a half frame that was is skipped by the daemon."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Who reads is to see the end at once.
                self._socket.shutdown(socket.SHUT_RDWR)
        self.abandon()

    def abandon(self) -> None:
        """Lets go of what another process goes on with."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _opened(self) -> socket.socket:
        if self._socket is None:
            raise NotSent("closed", f"{self._address}: not connected")
        return self._socket

    @staticmethod
    def _is_open(connected: socket.socket) -> bool:
        try:
            # The end, or something that nobody has asked for.
            connected.recv(1, socket.MSG_PEEK)
            return False
        except BlockingIOError:
            return True
        except OSError:
            return False

    def _connect(self, deadline: float) -> socket.socket:
        while True:
            connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connected.setblocking(False)
            try:
                connected.connect(self._address)
                return connected
            except BlockingIOError:
                # As many clients wait as may: for this kind of socket there is nothing to wait for.
                connected.close()
                if time.monotonic() >= deadline:
                    raise NotSent("unreachable", f"{self._address}: the daemon is too busy to answer") from None
                time.sleep(_AGAIN_S)
            except OSError as error:
                connected.close()
                raise NotSent(
                    "unreachable",
                    f"{self._address}: no connection ({error.strerror}); is the daemon running, is this its SOCKET, and may "
                    "this user write to it?",
                ) from error

    def _wait(self, deadline: float, written: int) -> None:
        if not _is_ready(self._opened(), select.POLLOUT, deadline):
            # The rest of a frame may never come: nobody else is to write behind it.
            self.close()
            raise NotSent("timeout", f"{self._address}: the daemon does not read", written)


class Reader:
    """The way back of a connection."""

    def __init__(self, address: str, descriptor: socket.socket) -> None:
        self._address = address
        self._socket = descriptor

    def read(self, length: int, deadline: float) -> bytes:
        found = b""
        with self._socket:
            while len(found) < length:
                if not _is_ready(self._socket, select.POLLIN, deadline):
                    raise NotSent("timeout", f"{self._address}: no answer to a sync in time")
                try:
                    more = self._socket.recv(length - len(found))
                except OSError:
                    more = b""
                if not more:
                    raise NotSent("closed", f"{self._address}: the daemon has closed the connection")
                found += more
        return found


def _is_ready(connected: socket.socket, event: int, deadline: float) -> bool:
    poll = select.poll()
    poll.register(connected, event)
    return bool(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))
