"""Pictures are valid files, the same every time, and say what the agent did."""

from __future__ import annotations

import struct
import zlib

from skyvern_testkit.world.pictures import COLUMNS, FONT, screenshot

INK = 2
"""The colour of letters, by its place in the palette."""


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


def points_of(data):
    """The picture as rows of places in its palette."""
    found = dict(chunks(data))
    width, height, depth = struct.unpack(">IIB", found[b"IHDR"][:9])
    line = 1 + width * depth // 8
    rows = zlib.decompress(found[b"IDAT"])
    assert len(rows) == height * line
    for at in range(0, len(rows), line):
        assert rows[at] == 0  # no filter
        yield [byte >> place & 3 for byte in rows[at + 1 : at + line] for place in (6, 4, 2, 0)]


def read(data, first):
    """The line of text whose highest row of points is the picture's row ``first``."""
    rows = list(points_of(data))
    names = {glyph: character for character, glyph in FONT.items()}
    text = ""
    for column in range(COLUMNS):
        glyph = ""
        for row in range(5):
            points = [rows[first + row * 4][(column * 4 + at) * 4] == INK for at in range(3)]
            glyph += str(points[0] * 4 + points[1] * 2 + points[2])
        text += names[glyph]
    return text.strip()


def test_a_picture_is_a_png_of_the_size_it_says():
    data = screenshot("Open the login page")
    assert [kind for kind, _ in chunks(data)] == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert [len(row) for row in points_of(data)] == [1280] * 720


def test_every_character_looks_different():
    assert len(set(FONT.values())) == len(FONT)
    assert {chr(code) for code in range(32, 127) if not chr(code).islower()} == FONT.keys()


def test_its_words_and_its_address_can_be_read():
    data = screenshot("Open café n° 7", "https://example.com/a?b=1")
    assert read(data, 4) == "HTTPS://EXAMPLE.COM/A?B=1"
    assert read(data, 4 + 24 + 4 + 24) == "OPEN CAFE N? 7"


def test_long_words_stay_in_the_picture():
    assert (
        len(list(points_of(screenshot("word " * 2_000, "https://example.com/" + "x" * 500)))) == 720
    )


def test_words_give_one_picture_and_others_another():
    assert screenshot("1") == screenshot("1") != screenshot("2")
