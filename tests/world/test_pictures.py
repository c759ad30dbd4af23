"""Pictures and recordings are valid files and the same every time."""

from __future__ import annotations

import struct
import zlib

from skyvern_testkit.world.pictures import RECORDING, screenshot


def chunks(data):
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    at = 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length]) == (
            zlib.crc32(kind + body),
        )
        yield kind, body
        at += 12 + length


def test_a_picture_is_a_png_of_the_size_it_says():
    found = dict(chunks(screenshot("Open the login page")))
    assert list(found) == [b"IHDR", b"IDAT", b"IEND"]
    width, height = struct.unpack(">II", found[b"IHDR"][:8])
    assert len(zlib.decompress(found[b"IDAT"])) == height * (1 + 3 * width)


def test_a_seed_gives_one_picture_and_another_seed_another():
    assert screenshot(1) == screenshot(1) != screenshot(2)


def test_a_recording_says_that_it_is_webm():
    assert RECORDING.startswith(bytes.fromhex("1a45dfa3"))
    assert b"webm" in RECORDING
