"""Small pictures and recordings of our own, for runs whose script brings none.

They are stand-ins: a screenshot is a real PNG that every viewer opens, but shows coloured bands and
no page; a recording is a real WebM header of a video without a single frame.
"""

from __future__ import annotations

import random
import struct
import zlib
from functools import cache
from typing import Final

__all__ = ["RECORDING", "screenshot"]

WIDTH: Final = 64
HEIGHT: Final = 40
BANDS: Final = 5


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@cache
def screenshot(seed: int | str) -> bytes:
    """A PNG of 64 x 40 pixels: five bands in colours drawn from the seed.

    Args:
        seed: the same seed gives the same bytes, another one other colours.
    """
    draw = random.Random(f"skyvern-testkit picture {seed}")
    rows = b"".join(
        (b"\0" + draw.randbytes(3) * WIDTH) * (HEIGHT // BANDS)  # 0: a row without a filter
        for _ in range(BANDS)
    )
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)  # 8 bits each of RGB
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(rows, level=9)),
            _chunk(b"IEND", b""),
        )
    )


# --- WebM, which is EBML: an id, a size, and either elements or a value --------------------------------


def _element(id: str, *content: bytes) -> bytes:
    data = b"".join(content)
    return bytes.fromhex(id) + (0x0100_0000_0000_0000 | len(data)).to_bytes(8, "big") + data


def _number(id: str, value: int) -> bytes:
    return _element(id, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


RECORDING: Final = _element(
    "1a45dfa3",  # EBML
    _number("4286", 1),  # EBMLVersion
    _number("42f7", 1),  # EBMLReadVersion
    _number("42f2", 4),  # EBMLMaxIDLength
    _number("42f3", 8),  # EBMLMaxSizeLength
    _element("4282", b"webm"),  # DocType
    _number("4287", 4),  # DocTypeVersion
    _number("4285", 2),  # DocTypeReadVersion
) + _element(
    "18538067",  # Segment
    _element(
        "1549a966",  # Info
        _number("2ad7b1", 1_000_000),  # TimestampScale: milliseconds
        _element("4d80", b"skyvern-testkit"),  # MuxingApp
        _element("5741", b"skyvern-testkit"),  # WritingApp
    ),
    _element(
        "1654ae6b",  # Tracks
        _element(
            "ae",  # TrackEntry
            _number("d7", 1),  # TrackNumber
            _number("73c5", 1),  # TrackUID
            _number("83", 1),  # TrackType: video
            _element("86", b"V_VP8"),  # CodecID
            _element("e0", _number("b0", WIDTH), _number("ba", HEIGHT)),  # Video: width, height
        ),
    ),
)
"""A WebM file with one VP8 track and no frame: a header that says "video", of length zero."""
