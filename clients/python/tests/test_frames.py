import json
import os
import unittest

from kahets.frames import decode_synced, encode_frame, encode_record, encode_sync, whole_frames

VECTORS = os.path.join(os.path.dirname(__file__), "../../../spec/vectors")


def vectors_of(name):
    with open(os.path.join(VECTORS, name), encoding="utf-8") as file:
        return json.load(file)


def bytes_of_vector(vector):
    return bytes.fromhex(vector["bytes"].replace(" ", ""))


def bytes_or_none(text):
    return None if text is None else bytes.fromhex(text)


def encoded(message):
    key, value = bytes_or_none(message["key"]), bytes_or_none(message["message"])
    if message["as"] == "frame":
        return encode_frame(message["bucket"], value, key)
    headers = [(name, bytes_or_none(content)) for name, content in message["headers"]]
    return encode_record(message["bucket"], value, key, headers, message["timestampMs"], message["partition"])


class Frames(unittest.TestCase):
    def test_are_those_of_the_vectors(self):
        vectors = [v for v in vectors_of("frames.json")["vectors"] if not v["refused"]]
        self.assertGreater(len(vectors), 10)
        for vector in vectors:
            with self.subTest(vector["name"]):
                expected = bytes_of_vector(vector)
                self.assertEqual(b"".join(map(encoded, vector["accepted"])), expected)
                self.assertEqual(whole_frames(expected, len(expected)), (len(vector["accepted"]), len(expected)))

    def test_refuse_what_does_not_fit(self):
        for args, found in [
            (("", b""), "bucket: expected 1 to 255 bytes, got 0"),
            (("b" * 256, b""), "bucket: expected 1 to 255 bytes, got 256"),
            (("b", b"", b"k" * 256), "key: expected 0 to 255 bytes, got 256"),
        ]:
            with self.assertRaisesRegex(ValueError, found):
                encode_frame(*args)
        for options, found in [
            ({"key": b"k" * 65536}, "key: expected 0 to 65535 bytes"),
            ({"headers": [("h", b"")] * 1001}, "headers: expected 0 to 1000, got 1001"),
            ({"headers": [("h" * 65536, b"")]}, r"headers\[0\]: name: expected"),
            ({"timestamp_ms": -1}, "timestamp_ms: expected"),
            ({"partition": 2**31}, "partition: expected"),
        ]:
            with self.assertRaisesRegex(ValueError, found):
                encode_record("b", b"", **options)

    def test_count_only_what_is_whole(self):
        data = encode_frame("b", b"one") + encode_frame("b", b"two")
        for taken in range(len(data) + 1):
            count, end = whole_frames(data, taken)
            self.assertEqual((count, end), (taken // 10, taken // 10 * 10))

    def test_ask_and_are_answered_as_the_vectors_say(self):
        vectors = vectors_of("syncs.json")
        for sync in vectors["syncs"]:
            self.assertEqual(encode_sync(sync["token"]), bytes_of_vector(sync), sync["name"])
        for answer in vectors["answers"]:
            expected = (answer["token"], answer["status"], answer["messages"])
            self.assertEqual(decode_synced(bytes_of_vector(answer)), expected, answer["name"])
        with self.assertRaisesRegex(ValueError, "expected the answer to a sync"):
            decode_synced(b"\7" * 19)


if __name__ == "__main__":
    unittest.main()
