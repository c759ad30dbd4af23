"""Screenshots of our own, for runs whose script brings none.

A real PNG in the size of a browser's window, which shows an address bar and says, in a small font of
this project, what the agent did.
"""

from __future__ import annotations

import random
import struct
import textwrap
import unicodedata
import zlib
from functools import lru_cache
from typing import Final

__all__ = ["COLUMNS", "FONT", "screenshot"]

WIDTH: Final = 1280
HEIGHT: Final = 720
SCALE: Final = 4
"""Pixels of the picture, each way, of one point of the font: with four colours, one byte."""
COLUMNS: Final = WIDTH // (4 * SCALE)
LINES: Final = HEIGHT // (6 * SCALE)
PAGE, BAR, INK, MARK = 0x00, 0x55, 0xAA, 0xFF
"""A byte of each of the four colours: of the page, the address bar, the letters, the line below."""

_CHARACTERS: Final = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`{|}~"
_ROWS: Final = (
    "00000 22202 55000 57575 36362 51245 25253 22000 12221 42224 05250 02720 00024 00700 "
    "00002 11244 75557 26227 71747 71317 55711 74717 74757 71222 75757 75717 02020 02024 "
    "12421 07070 42124 71302 25743 25755 65656 34443 65556 74647 74644 34553 55755 72227 "
    "11152 55655 44447 57755 65555 25552 65644 25563 65655 34216 72222 55557 55552 55775 "
    "55255 55222 71247 64446 44211 31113 25000 00007 42000 32623 22222 62326 03600 "
)
FONT: Final = dict(zip(_CHARACTERS, _ROWS.split(), strict=True))
"""Each character as five rows of three points: an octal digit a row, its highest bit to the left."""


def _glyph_row(digit: str, ground: int) -> bytes:
    bits = int(digit, 8)
    return bytes((*(INK if bits >> place & 1 else ground for place in (2, 1, 0)), ground))


_GLYPH_ROWS: Final = {
    ground: {digit: _glyph_row(digit, ground) for digit in "01234567"} for ground in (PAGE, BAR)
}


def _line(text: str, ground: int) -> bytes:
    """A line of text as rows of the picture, with the free row below it."""
    rows = _GLYPH_ROWS[ground]
    glyphs = [FONT[character] for character in text.ljust(COLUMNS)[:COLUMNS]]
    drawn = (b"".join(rows[glyph[row]] for glyph in glyphs) for row in range(5))
    return b"".join((b"\0" + row) * SCALE for row in drawn) + _blank(ground, SCALE)  # 0: no filter


def _blank(colour: int, rows: int) -> bytes:
    return (b"\0" + bytes((colour,)) * (WIDTH // 4)) * rows


def _plain(text: str) -> str:
    """The text in characters that the font has."""
    bare = unicodedata.normalize("NFKD", text).upper()
    shown = (" " if character.isspace() else character for character in bare)
    return "".join(
        character if character in FONT else "?"
        for character in shown
        if not unicodedata.combining(character)
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@lru_cache(maxsize=256)
def screenshot(words: str, url: str | None = None) -> bytes:
    """A PNG of 1280 x 720 pixels, in which the words can be read.

    Args:
        words: what the page says; the same give the same bytes, others another colour, too.
        url: what stands in the address bar; default: ``about:blank``.
    """
    told = textwrap.wrap(_plain(words), COLUMNS - 4)[: LINES - 4]
    above = (
        _blank(BAR, SCALE),
        _line(f" {_plain(url or 'about:blank')}", BAR),
        _blank(MARK, SCALE),
        _blank(PAGE, 6 * SCALE),
        *(_line(f"  {line}", PAGE) for line in told),
    )
    rows = b"".join(above)
    left = HEIGHT - len(rows) // (1 + WIDTH // 4)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 2, 3, 0, 0, 0)  # two bits each into a palette
    mark = random.Random(f"skyvern-testkit picture {words}").randbytes(3)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", b"\xff\xff\xff\xe1\xe4\xea\x28\x2c\x34" + mark),
            _chunk(b"IDAT", zlib.compress(rows + _blank(PAGE, left), level=6)),
            _chunk(b"IEND", b""),
        )
    )
