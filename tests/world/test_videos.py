"""Recordings have the structure of the files they say they are."""

from __future__ import annotations

import struct

import pytest

from skyvern_testkit.world.videos import mp4, webm

# --- WebM ---------------------------------------------------------------------------------------


def elements(data):
    """The elements of EBML data: id and content; one of unknown length holds all that follows."""
    at = 0
    while at < len(data):
        name_length = 9 - data[at].bit_length()
        name = data[at : at + name_length].hex()
        at += name_length
        length = 9 - data[at].bit_length()
        size = int.from_bytes(data[at : at + length], "big") & (1 << 7 * length) - 1
        at += length
        if size == (1 << 7 * length) - 1:
            size = len(data) - at
        assert at + size <= len(data)
        yield name, data[at : at + size]
        at += size


def clusters(data):
    (head, about), (segment, inside) = elements(data)
    assert (head, segment, dict(elements(about))["4282"]) == ("1a45dfa3", "18538067", b"webm")
    return [dict(elements(content)) for name, content in elements(inside) if name == "1f43b675"]


@pytest.mark.parametrize("seconds", [0, 1, 75])
def test_a_webm_has_a_frame_a_second(seconds):
    found = clusters(webm(seconds))
    times = [int.from_bytes(cluster["e7"], "big") for cluster in found]
    assert times == [1000 * second for second in range(seconds + 1)]


def test_the_first_frame_of_a_webm_is_a_vp8_key_frame_of_its_size():
    block = clusters(webm(0))[0]["a3"]
    assert block[:4] == b"\x81\0\0\x80"  # track 1, at once, a key frame
    frame = block[4:]
    assert (frame[0] & 1, frame[3:6]) == (0, b"\x9d\x01\x2a")
    assert struct.unpack("<HH", frame[6:10]) == (320, 180)


def test_a_webm_grows_at_its_end():
    assert webm(9).startswith(webm(8))


# --- MP4 ----------------------------------------------------------------------------------------

PARENTS = {"moov", "trak", "mdia", "minf", "stbl", "dinf"}


def boxes(data, path=()):
    """Every box by its path."""
    at = 0
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        assert 8 <= size <= len(data) - at
        here = (*path, name.decode())
        content = data[at + 8 : at + size]
        yield "/".join(here), content
        if here[-1] in PARENTS:
            yield from boxes(content, here)
        at += size


def test_an_mp4_leads_to_a_key_frame_of_h264():
    data = mp4(5)
    found = dict(boxes(data))
    assert found["ftyp"].startswith(b"isom")
    table = "moov/trak/mdia/minf/stbl/"
    (place,) = struct.unpack(">I", found[table + "stco"][8:])
    (size,) = struct.unpack(">I", found[table + "stsz"][12:])
    sample = data[place : place + size]
    assert sample == found["mdat"]
    assert struct.unpack(">I", sample[:4]) == (size - 4,)
    assert sample[4] & 31 == 5  # a slice of an IDR picture
    assert b"avcC\x01\x42\xc0" in found[table + "stsd"]  # baseline


@pytest.mark.parametrize(("seconds", "shown"), [(0, 1), (5, 5), (3600, 3600)])
def test_an_mp4_is_as_long_as_its_run(seconds, shown):
    scale, duration = struct.unpack(">II", dict(boxes(mp4(seconds)))["moov/mvhd"][12:20])
    assert duration / scale == shown
