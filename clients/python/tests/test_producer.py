import contextlib
import gc
import logging
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

from kahets import Counters, KahetsHandler, Producer, SyncResult, SyncStatus
from kahets.frames import encode_frame, encode_record, encode_sync
from peer import SocketTest

#: What a call may take beside its own limits on a machine that is busy.
SLACK_S = 2.0


@contextlib.contextmanager
def within(test, seconds):
    began = time.monotonic()
    yield
    test.assertLess(time.monotonic() - began, seconds + SLACK_S)


def answering(status, messages, token=1):
    def serve(connection):
        asked = b""
        with contextlib.suppress(OSError):
            while encode_sync(token) not in asked:
                asked += connection.recv(65536)
            connection.sendall(struct.pack("<IBBIBQ", 15, 0, 3, token, status, messages))

    return serve


class Sending(SocketTest):
    def test_nothing_opens_no_connection(self):
        peer = self.peer()
        with Producer(self.path) as producer:
            self.assertTrue(producer.flush())
        self.assertEqual((peer.connections, producer.counters), ([], Counters()))

    def test_buffers_and_writes_at_the_end(self):
        peer = self.peer()
        with Producer(self.path) as producer:
            self.assertTrue(producer.send("b", "one"))
            self.assertTrue(producer.send("b", b"two", key="k"))
            self.assertTrue(producer.send("b", "three", headers=[("h", "v"), ("n", None)]))
            self.assertTrue(producer.send("b", None, key=b"k"))
            self.assertTrue(producer.send("b", "four", key=None, timestamp_ms=5, partition=1))
            self.assertTrue(producer.send("b", "five", key="k" * 256))
            self.assertEqual((producer.counters.buffered, len(peer.connections)), (6, 0))
        expected = b"".join(
            [
                encode_frame("b", b"one"),
                encode_frame("b", b"two", b"k"),
                encode_record("b", b"three", b"", [("h", b"v"), ("n", None)]),
                encode_record("b", None, b"k"),
                encode_record("b", b"four", None, (), 5, 1),
                encode_record("b", b"five", b"k" * 256),
            ]
        )
        self.assertTrue(peer.wait_for(expected))
        self.assertEqual(producer.counters, Counters(sent=6, bytes=len(expected), connections=1))

    def test_writes_when_the_buffer_is_full_or_old_and_each_message_without_one(self):
        peer = self.peer()
        for options in ({"buffer_bytes": 10}, {"flush_after_s": 0}, {"buffer_bytes": 0}):
            with self.subTest(options), Producer(self.path, **options) as producer:
                producer.send("b", str(options))
                self.assertEqual(producer.counters.buffered, 0)
                self.assertTrue(peer.wait_for(encode_frame("b", str(options).encode())))

    def test_keeps_the_order_of_many_from_threads(self):
        peer = self.peer()
        producer = Producer(self.path, timeout_s=30)

        def work(bucket):
            for n in range(2000):
                self.assertTrue(producer.send(bucket, f"{n:05}"))

        threads = [threading.Thread(target=work, args=(bucket,)) for bucket in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        producer.send("end", b"")
        self.assertTrue(producer.close())
        self.assertTrue(peer.wait_for(encode_frame("end", b"")))
        data, seen, at = bytes(peer.received), {"a": [], "b": [], "c": []}, 0
        while at < len(data):
            length = int.from_bytes(data[at : at + 4], "little")
            body, at = data[at + 4 : at + 4 + length], at + 4 + length
            if length > 6:
                seen[chr(body[1])].append(int(body[3:])) if body[0] == 1 else None
        for numbers in seen.values():
            self.assertEqual(numbers, list(range(2000)))

    def test_flushes_when_it_is_forgotten_and_at_the_end_of_the_program(self):
        peer = self.peer()
        Producer(self.path).send("b", "forgotten")
        gc.collect()
        self.assertTrue(peer.wait_for(encode_frame("b", b"forgotten")))
        script = f"import kahets; p = kahets.Producer({self.path!r}); p.send('b', 'last')"
        subprocess.run([sys.executable, "-c", script], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
        self.assertTrue(peer.wait_for(encode_frame("b", b"last")))

    def test_takes_another_connection_where_one_was_closed(self):
        peer = self.peer()
        producer = Producer(self.path, buffer_bytes=0)
        self.assertTrue(producer.send("b", "one"))
        self.assertTrue(peer.wait_for(encode_frame("b", b"one")))
        peer.connections[0].shutdown(socket.SHUT_RDWR)
        self.assertTrue(producer.send("b", "two"))
        self.assertTrue(peer.wait_for(encode_frame("b", b"two")))
        self.assertEqual(producer.counters.connections, 2)

    def test_a_child_leaves_to_its_parent_what_that_has_buffered(self):
        peer = self.peer()
        producer = Producer(self.path)
        producer.send("b", "parent")
        child = os.fork()
        if child == 0:
            producer.send("b", "child")
            producer.close()
            os._exit(0)
        os.waitpid(child, 0)
        self.assertTrue(peer.wait_for(encode_frame("b", b"child")))
        self.assertTrue(producer.close())
        self.assertTrue(peer.wait_for(encode_frame("b", b"parent")))
        self.assertEqual(bytes(peer.received).count(b"parent"), 1)


class Failing(SocketTest):
    def producer(self, **options):
        self.unsent = []
        return Producer(self.path, fallback=self.unsent.append, **options)

    def expect_unsent(self, producer, reason, count):
        self.assertEqual([(one.reason, one.count) for one in self.unsent], [(reason, count)])
        self.assertEqual(producer.counters.failed, count)
        self.assertEqual(producer.last_error, self.unsent[0].detail)

    def test_nobody_listens(self):
        producer = self.producer()
        with within(self, 0.05), self.assertLogs("kahets", "WARNING") as logs:
            producer.send("b", "m")
            self.assertFalse(producer.flush())
        self.expect_unsent(producer, "unreachable", 1)
        self.assertEqual(self.unsent[0].frames, encode_frame("b", b"m"))
        self.assertIn("is the daemon running", logs.output[0])

    def test_a_full_queue_of_clients(self):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(listener.close)
        listener.bind(self.path)
        listener.listen(0)
        waiting = []
        with contextlib.suppress(BlockingIOError):
            while True:
                waiting.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
                waiting[-1].setblocking(False)
                waiting[-1].connect(self.path)
        producer = self.producer()
        with within(self, 0.05):
            producer.send("b", "m")
            self.assertFalse(producer.flush())
        self.expect_unsent(producer, "unreachable", 1)
        for one in waiting:
            one.close()

    def test_a_daemon_that_does_not_read(self):
        peer = self.peer(lambda connection: None)
        producer = self.producer(buffer_bytes=0)
        with within(self, 0.1):
            self.assertFalse(producer.send("b", "m" * 4_000_000))
        self.expect_unsent(producer, "timeout", 1)
        # The half frame ends with its connection.
        self.assertEqual(peer.connections[0].recv(4), encode_frame("b", b"m" * 4_000_000)[:4])
        peer.connections[0].settimeout(10)
        rest = 0
        while data := peer.connections[0].recv(1 << 20):
            rest += len(data)
        self.assertLess(rest, 4_000_000)

    def interrupt(self, handler):
        """Calls the handler in 0.2 s, in the middle of what the program does then."""
        self.addCleanup(signal.signal, signal.SIGALRM, signal.signal(signal.SIGALRM, handler))
        signal.setitimer(signal.ITIMER_REAL, 0.2)

    def test_a_signal_handler_that_raises_in_the_middle_of_a_write_leaves_no_half_message(self):
        half, whole = iter([True, False]), "m" * 4_000_000
        peer = self.peer(lambda connection: None if next(half) else peer.read(connection))
        producer = self.producer(buffer_bytes=0, timeout_s=30)

        def handler(*_):
            raise KeyboardInterrupt

        self.interrupt(handler)
        with self.assertRaises(KeyboardInterrupt):
            producer.send("b", whole)
        peer.connections[0].settimeout(10)
        rest = 0
        while data := peer.connections[0].recv(1 << 20):
            rest += len(data)
        self.assertLess(rest, 4_000_000)
        # It is not given up: the next write, or the end of the program, sends it.
        self.assertTrue(producer.close())
        self.assertTrue(peer.wait_for(encode_frame("b", whole.encode())))
        self.assertEqual((bytes(peer.received), self.unsent), (encode_frame("b", whole.encode()), []))

    def test_a_signal_handler_may_sync_in_the_middle_of_a_write_and_is_told_nothing(self):
        reading, whole, results = threading.Event(), "m" * 4_000_000, []
        peer = self.peer(lambda connection: reading.wait(30) and peer.read(connection))
        producer = self.producer(buffer_bytes=0, timeout_s=30)

        def handler(*_):
            results.append(producer.sync(0.05))
            reading.set()

        self.interrupt(handler)
        self.assertTrue(producer.send("b", whole))
        self.assertTrue(peer.wait_for(encode_frame("b", whole.encode())))
        self.assertEqual((results, producer.counters.connections), ([SyncResult(SyncStatus.UNKNOWN)], 1))

    def test_a_path_that_is_none_says_so(self):
        producer = Producer("/tmp/" + "x" * 200, buffer_bytes=0)
        self.assertFalse(producer.send("b", "m"))
        self.assertIn("no connection (AF_UNIX path too long)", producer.last_error)

    def test_a_pause_after_a_failure_costs_nothing(self):
        producer = self.producer(buffer_bytes=0, timeout_s=0.5)
        self.peer(lambda connection: None)
        producer.send("b", "m" * 4_000_000)
        with within(self, 0):
            for _ in range(1000):
                producer.send("b", "m")
        self.assertEqual({one.reason for one in self.unsent[1:]}, {"paused"})

    def test_what_does_not_fit_is_refused_and_harms_nothing_beside_it(self):
        peer = self.peer()
        producer = self.producer(max_frame_bytes=100)
        cases = [("", b"m", "invalid"), ("\ud800", b"m", "invalid"), ("b" * 256, b"m", "invalid"), ("b", b"m" * 99, "too_large")]
        for bucket, message, _ in cases:
            self.assertFalse(producer.send(bucket, message))
        self.assertEqual([one.reason for one in self.unsent], [reason for _, _, reason in cases])
        self.assertTrue(producer.send("b", b"m"))
        self.assertTrue(producer.flush())
        self.assertTrue(peer.wait_for(encode_frame("b", b"m")))

    def test_a_fallback_may_send_and_may_fail(self):
        def fallback(unsent):
            producer.send("b", "from the fallback")
            raise RuntimeError("its own")

        producer = Producer(self.path, fallback=fallback, buffer_bytes=0)
        with self.assertLogs("kahets", "ERROR"):
            self.assertFalse(producer.send("b", "m"))
        self.assertEqual(producer.counters.buffered, 1)
        with self.assertLogs("kahets", "ERROR"):
            producer.close()


class OverTcp(SocketTest):
    def test_sends_and_is_answered(self):
        for family in (socket.AF_INET, socket.AF_INET6):
            with self.subTest(family):
                peer = self.tcp_peer(family, answering(0, 1))
                with Producer(self.path) as producer:
                    producer.send("b", "m")
                    self.assertEqual(producer.sync(10), SyncResult(SyncStatus.DELIVERED, 1))
                    delay = producer._connection._opened().getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                self.assertNotEqual(delay, 0)
                self.assertEqual(len(peer.connections), 1)

    def test_a_daemon_that_does_not_read_leaves_no_half_message(self):
        peer = self.tcp_peer(socket.AF_INET, lambda connection: None)
        producer = Producer(self.path, buffer_bytes=0)
        with within(self, 0.1):
            self.assertFalse(producer.send("b", "m" * 8_000_000))
        self.assertIn("the daemon does not read", producer.last_error)
        rest = 0
        while data := peer.connections[0].recv(1 << 20):
            rest += len(data)
        self.assertLess(rest, 8_000_000)

    def test_takes_another_connection_where_one_was_closed(self):
        # There, unlike on a UNIX socket, the write after a close still succeeds, into nowhere.
        ends, ended = iter([True, False]), threading.Event()

        def serve(connection):
            if next(ends):
                connection.recv(65536)
                connection.close()
                ended.set()
            else:
                peer.read(connection)

        peer = self.tcp_peer(socket.AF_INET, serve)
        producer = Producer(self.path, buffer_bytes=0)
        self.assertTrue(producer.send("b", "one"))
        self.assertTrue(ended.wait(10))
        self.assertTrue(producer.send("b", "two"))
        self.assertTrue(peer.wait_for(encode_frame("b", b"two")))
        self.assertEqual(producer.counters.connections, 2)

    def test_nobody_listens(self):
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        listener.close()
        producer = Producer(f"tcp://127.0.0.1:{port}", buffer_bytes=0)
        with within(self, 0.05):
            self.assertFalse(producer.send("b", "m"))
        self.assertRegex(producer.last_error, "no connection .Connection refused.; is the daemon running")

    def test_nobody_accepts(self):
        listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        self.addCleanup(listener.close)
        for _ in range(4):
            # Two are in the queue; to the others nobody answers.
            waiting = socket.socket()
            self.addCleanup(waiting.close)
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        producer = Producer(f"tcp://127.0.0.1:{listener.getsockname()[1]}", buffer_bytes=0)
        with within(self, 0.05):
            self.assertFalse(producer.send("b", "m"))
        self.assertIn("Connection timed out", producer.last_error)

    def test_refuses_what_is_no_address(self):
        for address in ("tcp://", "tcp://127.0.0.1", "tcp://::1:9410", "tcp://127.0.0.1:0", "tcp://127.0.0.1:65536"):
            with self.subTest(address), self.assertRaisesRegex(ValueError, "expected a path or tcp://HOST:PORT"):
                Producer(address)


class Syncing(SocketTest):
    def test_tells_what_became_of_messages(self):
        for status, expected in enumerate([SyncStatus.DELIVERED, SyncStatus.BACKED_UP, SyncStatus.DROPPED]):
            with self.subTest(expected):
                self.peer(answering(status, 3))
                producer = Producer(self.path)
                producer.send("b", "m")
                result = producer.sync(10)
                self.assertEqual((result, result.is_safe), (SyncResult(expected, 3), status < 2))
                producer.close()
                self.doCleanups()
                self.setUp()

    def test_does_not_wait_for_longer_than_it_may(self):
        self.peer()
        producer = Producer(self.path)
        with within(self, 0.05):
            self.assertEqual(producer.sync(0.05), SyncResult(SyncStatus.UNKNOWN))
        self.assertIn("no answer to a sync in time", producer.last_error)

    def test_lets_others_send_while_one_waits(self):
        peer = self.peer()
        producer = Producer(self.path, buffer_bytes=0)
        waiting = threading.Thread(target=producer.sync, args=(30,))
        waiting.start()
        self.assertTrue(peer.wait_for(encode_sync(1)))
        self.assertTrue(producer.send("b", "meanwhile"))
        self.assertTrue(peer.wait_for(encode_frame("b", b"meanwhile")))
        producer.close()
        waiting.join(10)
        self.assertFalse(waiting.is_alive())

    def test_an_answer_that_is_lost_with_its_connection_leaves_the_next_one_alone(self):
        peer = self.peer()
        producer = Producer(self.path, buffer_bytes=0)
        waiting = threading.Thread(target=producer.sync, args=(30,))
        waiting.start()
        self.assertTrue(peer.wait_for(encode_sync(1)))
        # Who waits finds out after the others have gone on.
        with producer._lock:
            peer.connections[0].shutdown(socket.SHUT_RDWR)
            self.assertTrue(producer.send("b", "on another"))
        waiting.join(10)
        self.assertTrue(producer.send("b", "on the same"))
        self.assertEqual(producer.counters.connections, 2)

    def test_does_not_know_where_a_connection_was_lost(self):
        peer = self.peer(answering(0, 1))
        producer = Producer(self.path, buffer_bytes=0)
        producer.send("b", "one")
        for _ in range(100):
            if peer.connections:
                break
            time.sleep(0.01)
        peer.connections[0].shutdown(socket.SHUT_RDWR)
        producer.send("b", "two")
        self.assertEqual(producer.sync(10), SyncResult(SyncStatus.UNKNOWN, 1))

    def test_tells_of_messages_that_never_left(self):
        self.peer(answering(0, 1))
        producer = Producer(self.path)
        producer.send("", "refused")
        producer.send("b", "m")
        self.assertEqual(producer.sync(10), SyncResult(SyncStatus.NOT_SENT, 1))

    def test_takes_noise_for_no_answer(self):
        self.peer(lambda connection: connection.sendall(b"\7" * 19) if connection.recv(1) else None)
        producer = Producer(self.path)
        producer.send("b", "m")
        self.assertEqual(producer.sync(10).status, SyncStatus.UNKNOWN)
        self.assertIn("expected the answer to a sync", producer.last_error)


class Logging(SocketTest):
    def test_sends_records(self):
        peer = self.peer()
        handler = KahetsHandler("logs", Producer(self.path))
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        logger = logging.getLogger("app")
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)
        logger.warning("disk %s", "full")
        logger.debug("not wanted")
        handler.close()
        self.assertTrue(peer.wait_for(encode_frame("logs", b"WARNING disk full")))

    def test_leaves_out_its_own(self):
        handler = KahetsHandler("logs", Producer(self.path))
        handler.handle(logging.makeLogRecord({"name": "kahets", "msg": "m"}))
        self.assertEqual(handler.producer.counters.buffered, 0)


if __name__ == "__main__":
    unittest.main()
