"""Recordings of our own: a WebM that grows while a run works, and the MP4 that is kept of it.

Both show one still picture: a window with the words "SKYVERN-TESTKIT". Its frames were encoded once,
from a drawing of this project, with PyAV 18.1 (libvpx, libx264); around them the containers are
written here.
"""

from __future__ import annotations

import base64
import struct
from functools import lru_cache
from typing import Final

__all__ = ["mp4", "webm"]

WIDTH: Final = 320
HEIGHT: Final = 180

_VP8_PICTURE: Final = base64.b85decode(
    "Fe(6@0V+TNv;Y7{2!(}+nS_V}0vMn$Ab$XVKy?6r0DnMs0Dk~>z<&UDKz{&zL4N`K0p|h!1NZ~_1I7c;lq^l8<8i"
    "j|&rm*J{S5p-eSh~<rN#e*egOWJ{($)b`~m$Svj_MO;0~YtpfBJ*fj__Z;6K2Bfctzj#XZ3qh#8B+taE|%-ok(p<"
    "91d3MeuMV#_X&5h@Y}{PRZFjCuHoMld^VB$=N$6WbB=jvUX0%*)V|dXYvmm@0SIIR9Sjv{l78Rz8CFbqYRg_M#B3"
    "6F9~|!SNQnd@lHkf63X+b5S&RHXEK#$VXrlxz7L`|JSIRS*#aNswG+tv6W?XfcX6e5I>kD{{l~im_MkZcHFyA*NW"
    "Sq^Z`5Cb&MI%hk3NtfIV_BVH4rlwhgj<!W2|+KvDP}rSnC~QtaXmD);h;n>m6gPb&j#tI>%V+9b>F@j%Wb>|1CA("
    "vaEpT?WQfgKmTHkfB&k6w813k({&Dym|p9@+CE?*&Z<wR@c<am4G{gV9zRk1)!FcN7~3&FVxoJ444&Z&v+Q?D)*x"
    "k+^s$rUV|Ve!Uj@i}zAzCktM^&uC7L7rc8+kd*f?YvbpgNMHm{vZDzA;8lR2i*jZ@8Oq01i?_Y`7|K|bwp&|Z}}X"
    "`$$!|D`g1I{*B8`)=x$PsGFNO&QFpOEql!wReS(@CZER{hobc;gFw(zH`dC_@|@pI2+V4A`9ht+GT@#!?q_nFs0E"
    "(uW9Q$f;&uKU}#`ZfT~>_3!1I_U0S!6oF?SQs>b)vr4cmPDEMR~bH5U8*RP{NZ;h1Z?ce|S>SN{q{yVaM+;<|R#k"
    "rej8J=$994c(1%jgvLhIA=S-dZob+ThE}ofjsX1s@EAWIF{r+P^x3yWR!MHlvB>;8EsEgn$F5|KilH(+C%JSGUG#"
    "M;w}L6nrugAhX+s0uJwc{lw9P{?9%l^dR^(l<2PbfBx=S-K1K+bJ=(Z6uaBQSU0%Lom9po02Fw8F(!p+o~%|)?F)"
    "De2gYY%0;m8&B?Axf#7}>5a>jr-r(mbtLt<sQupClv)n`L7@{{DVxIjPBEx!SH!3m0JDmfpL>OREyg6BUAGhBV30"
    "0"
)
_VP8_STILL: Final = bytes.fromhex("b1020001103000180018582ff400088004335fad724f958000")
"""The frame after it: nothing has changed."""
_H264_PICTURE: Final = base64.b85decode(
    "Wr&0XyhbPh3JFI50#U#QPEJlvPEJlvPEJlvPEJlvPEJq%kMLRvfaC#=%k{~m-L~4=+S=OM+S=OM+S=OM+S=OM+RX"
    "&wfB~4`0CqS49ksQ!wY9aiwY9aiwY9aiwY9aiuDa{4y6djG>#n-%uDa{4y6djG>#n-%uDa{4y6djGf}j9E01yHI>"
    "RQybsY_Cp6inCvAV&b}T9y}~+N-XlMzvS~AVxR<9cog-iId*<pjBW900Q9P30Za449AUtAOH&koOl9PSO!4zc~js"
    "3fdF-_Y5`l>J#Tv)qf=l2fB+x_V;JBWN>~lnx3WN~TMz#L!9NrL1O#zF06<6o0093F#Q*^TA2t985C>Y;puOy#x4"
    "n)U)Yt)F09XJi=bm}zoCJ<LO-+CT24D`gscTYzZi(!WDps2SEC36Go_XL(%ZL=d`!zNIcmNg$Jm3Vby1+&7QC0w0"
    "02c>5^MIAt5GfJ1SO6erInHyO=Q+-EoiJBjb^j6n!{De;01y%Xgg@v#6aWMSKZl3>pA0|Y{7?W85&r-W`VU0_0Ra"
    "!g!~TiGhy4?W|It6g{!hR^=#4-D13Auf7{@uxV;J9rKhSz800;+v@c*K4;2-e(Pyi4S_y@!OLqS||tFF51uGZF;*"
    "4CDmmX?;**4Db~uDa{4y6djG>#n-%uDa{4y6djG>#n-%uDa{4y6djG>#n-%uDa{4y6djG>#n-%uDa{4y6djG>#n-"
    "%zy"
)
_H264_SETUP: Final = bytes.fromhex(
    "0142c00bffe100186742c00bd901419f9e1000000300100000030028f142a48001000568cb8112c8"
)
"""The decoder's configuration: what an ``avcC`` box holds."""

MILLISECONDS: Final = 1_000


# --- WebM, which is EBML: an id, a size, and either elements or a value -------------------------------


def _element(id: str, *content: bytes) -> bytes:
    data = b"".join(content)
    return bytes.fromhex(id) + (0x0100_0000_0000_0000 | len(data)).to_bytes(8, "big") + data


def _number(id: str, value: int) -> bytes:
    return _element(id, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


_WEBM_HEAD: Final = _element(
    "1a45dfa3",  # EBML
    _number("4286", 1),  # EBMLVersion
    _number("42f7", 1),  # EBMLReadVersion
    _number("42f2", 4),  # EBMLMaxIDLength
    _number("42f3", 8),  # EBMLMaxSizeLength
    _element("4282", b"webm"),  # DocType
    _number("4287", 4),  # DocTypeVersion
    _number("4285", 2),  # DocTypeReadVersion
)
_ANY_LENGTH: Final = bytes.fromhex("18538067") + b"\x01" + b"\xff" * 7
"""A Segment whose end is not known yet."""
_SETUP: Final = _element(
    "1549a966",  # Info
    _number("2ad7b1", 1_000_000),  # TimestampScale: milliseconds
    _element("4d80", b"skyvern-testkit"),  # MuxingApp
    _element("5741", b"skyvern-testkit"),  # WritingApp
) + _element(
    "1654ae6b",  # Tracks
    _element(
        "ae",  # TrackEntry
        _number("d7", 1),  # TrackNumber
        _number("73c5", 1),  # TrackUID
        _number("83", 1),  # TrackType: video
        _element("86", b"V_VP8"),  # CodecID
        _element("e0", _number("b0", WIDTH), _number("ba", HEIGHT)),  # Video: width, height
    ),
)


@lru_cache(maxsize=64)
def webm(length: int) -> bytes:
    """A recording that is still being written: it may go on after every byte given.

    Args:
        length: seconds recorded so far; it holds a frame for each, and the first at once.
    """
    frames = (_cluster(second) for second in range(length + 1))
    return b"".join((_WEBM_HEAD, _ANY_LENGTH, _SETUP, *frames))


def _cluster(second: int) -> bytes:
    flags, frame = (b"\x80", _VP8_PICTURE) if second == 0 else (b"\0", _VP8_STILL)
    block = b"\x81" + b"\0\0" + flags + frame  # track 1, at the cluster's own time
    return _element("1f43b675", _number("e7", second * MILLISECONDS), _element("a3", block))


# --- MP4, which is boxes in boxes: a size, a name, content ---------------------------------------------


def _box(name: str, *content: bytes) -> bytes:
    data = b"".join(content)
    return struct.pack(">I", 8 + len(data)) + name.encode() + data


def _full(name: str, *content: bytes, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", flags), *content)


_UNTURNED: Final = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_TYPE: Final = _box("ftyp", b"isom", struct.pack(">I", 512), b"isomiso2avc1mp41")
_SAMPLE: Final = struct.pack(">I", len(_H264_PICTURE)) + _H264_PICTURE


@lru_cache(maxsize=64)
def mp4(length: int) -> bytes:
    """A finished recording: the picture, shown for the whole time.

    Args:
        length: seconds; at least one is shown.
    """
    ticks = max(1, length) * MILLISECONDS
    size = struct.pack(">HH", WIDTH, HEIGHT)
    entry = _box(
        "avc1",
        bytes(6) + struct.pack(">H", 1) + bytes(16),  # data reference 1
        size + struct.pack(">III", 0x480000, 0x480000, 0) + struct.pack(">H", 1) + bytes(32),
        struct.pack(">Hh", 24, -1),  # colours, no palette
        _box("avcC", _H264_SETUP),
    )
    data = _box("mdat", _SAMPLE)
    samples = _box(
        "stbl",
        _full("stsd", struct.pack(">I", 1), entry),
        _full("stts", struct.pack(">III", 1, 1, ticks)),  # one sample, so long
        _full("stss", struct.pack(">II", 1, 1)),  # it is a key frame
        _full("stsc", struct.pack(">IIII", 1, 1, 1, 1)),  # one chunk of one sample
        _full("stsz", struct.pack(">III", 0, 1, len(_SAMPLE))),
        _full("stco", struct.pack(">II", 1, len(_TYPE) + 8)),  # it stands where mdat begins
    )
    media = _box(
        "mdia",
        _full("mdhd", struct.pack(">IIII", 0, 0, MILLISECONDS, ticks), b"\x55\xc4\0\0"),
        _full("hdlr", bytes(4), b"vide", bytes(12), b"video\0"),
        _box(
            "minf",
            _full("vmhd", bytes(8), flags=1),
            _box("dinf", _full("dref", struct.pack(">I", 1), _full("url ", flags=1))),
            samples,
        ),
    )
    track = _box(
        "trak",
        _full(
            "tkhd",
            struct.pack(">IIIII", 0, 0, 1, 0, ticks),
            bytes(16),
            _UNTURNED,
            struct.pack(">II", WIDTH << 16, HEIGHT << 16),
            flags=3,
        ),
        media,
    )
    movie = _box(
        "moov",
        _full(
            "mvhd",
            struct.pack(">IIII", 0, 0, MILLISECONDS, ticks),
            struct.pack(">IH", 0x10000, 0x100),
            bytes(10),
            _UNTURNED,
            bytes(24),
            struct.pack(">I", 2),
        ),
        track,
    )
    return _TYPE + data + movie
