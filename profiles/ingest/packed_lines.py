"""Some hundreds of raw lines as one text to seal: joined, then compressed.

Layout: a byte 2, the length of what was compressed in four bytes, then Zstandard: a quarter less than zlib's fastest
level, in which lines were packed before and which is still read.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import pyarrow as pa

SEPARATOR = b"\0"  # no line holds one: a line that did was set aside when the file was read
_MARK, _LEVEL = b"\x02", 3


def packed(lines: Sequence[bytes]) -> bytes:
    joined = SEPARATOR.join(lines)
    return _MARK + struct.pack(">I", len(joined)) + pa.Codec("zstd", _LEVEL).compress(joined, asbytes=True)


def unpacked(raw: bytes) -> list[bytes]:
    if raw[:1] != _MARK:
        return zlib.decompress(raw).split(SEPARATOR)
    (length,) = struct.unpack(">I", raw[1:5])
    return bytes(pa.Codec("zstd").decompress(raw[5:], length, asbytes=True)).split(SEPARATOR)
