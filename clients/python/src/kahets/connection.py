"""The socket. Every call ends by its deadline, a moment of `time.monotonic`."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import select
import socket
import time
from typing import Iterator, Optional, Union

_AGAIN_S = 0.001
_TCP = re.compile(r"tcp://(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]/:]+)):(\d{1,5})")


class NotSent(Exception):
    """Why bytes could not be written or an answer not be read. `written`: bytes that the system had taken by then."""

    def __init__(self, reason: str, detail: str, written: int = 0) -> None:
        super().__init__(detail)
        self.reason = reason
        self.written = written


def tcp_address(address: str) -> Optional[tuple[str, int]]:
    """Host and port of tcp://127.0.0.1:9410 or tcp://[::1]:9410; None: it is the path of a UNIX socket.

    :raises ValueError: it is neither
    """
    if not address.startswith("tcp://"):
        return None
    found = _TCP.fullmatch(address)
    if found is None or not 0 < int(found[3]) < 65536:
        raise ValueError(f"kahets: socket_path: expected a path or tcp://HOST:PORT, got {address!r}")
    return found[1] or found[2], int(found[3])


class Connection:
    """One connection at a time to the daemon's socket, non-blocking; it is closed where a write is not whole."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._tcp = tcp_address(address)
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
        try:
            while written < len(data):
                try:
                    written += self._opened().send(view[written:])
                except BlockingIOError:
                    self._wait(deadline, written)
                except OSError as error:
                    detail = f"{self._address}: the daemon has closed the connection ({error})"
                    raise NotSent("closed", detail, written) from error
        except BaseException:
            # Nobody is to write behind half a frame; it may be a signal handler of the application that has raised.
            self.close()
            raise

    def reader(self) -> Reader:
        """Reads what comes over this connection, also while others write; it has a descriptor of its own."""
        return Reader(self._address, self._opened().dup(), self.generation)

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
        try:
            return self._connect_unix(deadline) if self._tcp is None else self._connect_tcp(*self._tcp, deadline)
        except OSError as error:
            raise NotSent(
                "unreachable",
                f"{self._address}: no connection ({error.strerror or error}); is the daemon running, is this its SOCKET, and may "
                "this user write to it?",
            ) from error

    def _connect_unix(self, deadline: float) -> socket.socket:
        while True:
            with _closed_on_error(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as connected:
                if _begin_to_connect(connected, self._address):
                    return connected
            # As many clients wait as may: for this kind of socket there is nothing to wait for.
            connected.close()
            if time.monotonic() >= deadline:
                raise NotSent("unreachable", f"{self._address}: the daemon is too busy to answer")
            time.sleep(_AGAIN_S)

    def _connect_tcp(self, host: str, port: int, deadline: float) -> socket.socket:
        failure = OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))
        for family, kind, protocol, _, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            try:
                with _closed_on_error(socket.socket(family, kind, protocol)) as connected:
                    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    if not _begin_to_connect(connected, place):
                        if not _is_ready(connected, select.POLLOUT, deadline):
                            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
                        code = connected.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                        if code != 0:
                            raise OSError(code, os.strerror(code))
                    return connected
            except OSError as error:
                failure = error
        raise failure

    def _wait(self, deadline: float, written: int) -> None:
        if not _is_ready(self._opened(), select.POLLOUT, deadline):
            raise NotSent("timeout", f"{self._address}: the daemon does not read", written)


class Reader:
    """The way back of a connection."""

    def __init__(self, address: str, descriptor: socket.socket, generation: int) -> None:
        self._address = address
        self._socket = descriptor
        #: Of its connection.
        self.generation = generation

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


@contextlib.contextmanager
def _closed_on_error(connected: socket.socket) -> Iterator[socket.socket]:
    try:
        yield connected
    except BaseException:
        connected.close()
        raise


def _begin_to_connect(connected: socket.socket, place: Union[str, tuple[object, ...]]) -> bool:
    """Whether it is connected by now, so that there is nothing to wait for."""
    connected.setblocking(False)
    try:
        connected.connect(place)
        return True
    except BlockingIOError:
        return False


def _is_ready(connected: socket.socket, event: int, deadline: float) -> bool:
    poll = select.poll()
    poll.register(connected, event)
    return bool(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))
