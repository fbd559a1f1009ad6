"""A daemon as far as bytes go, on a real socket."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
import unittest
from typing import Callable, List, Optional

Serve = Callable[[socket.socket], None]


class Peer:
    """Takes connections one after the other and hands each to `serve`; by default it reads to their end."""

    def __init__(self, listener: socket.socket, serve: Optional[Serve] = None) -> None:
        self._serve = serve or self.read
        self.received = bytearray()
        self.connections: List[socket.socket] = []
        self._listener = listener
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def read(self, connection: socket.socket) -> None:
        while True:
            try:
                data = connection.recv(65536)
            except OSError:
                return
            if not data:
                return
            with self._changed:
                self.received += data
                self._changed.notify_all()

    def wait_for(self, data: bytes) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: data in self.received, timeout=10)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self.connections:
            connection.close()


class SocketTest(unittest.TestCase):
    """Each case has a folder, and a path for a socket in it."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="kahets-")
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "s")

    def peer(self, serve: Optional[Serve] = None) -> Peer:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self.path)
        listener.listen(16)
        return self._started(Peer(listener, serve))

    def tcp_peer(self, family: socket.AddressFamily, serve: Optional[Serve] = None) -> Peer:
        """One at `self.path`, which is then tcp://HOST:PORT."""
        host = "127.0.0.1" if family == socket.AF_INET else "::1"
        try:
            listener = socket.create_server((host, 0), family=family)
        except OSError as error:
            self.skipTest(f"{host}: {error}")
        self.path = f"tcp://{host if family == socket.AF_INET else f'[{host}]'}:{listener.getsockname()[1]}"
        return self._started(Peer(listener, serve))

    def _started(self, peer: Peer) -> Peer:
        self.addCleanup(peer.close)
        return peer
