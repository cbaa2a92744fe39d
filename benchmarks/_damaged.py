"""Pictures of every format, with what cameras and tools write beside pixels, and damage to them."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

WIDE, HIGH = 48, 36
# EXIF: bytes of a value of each type, by its number.
TYPES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
# Entries that Pillow or prefml look at: sizes, orientation, resolution, strips, directories.
TAGS = (
    0x0100, 0x0101, 0x0103, 0x010F, 0x0110, 0x0111, 0x0112, 0x0117, 0x011A, 0x011B, 0x0128, 0x0131,
    0x0132, 0x013B, 0x0201, 0x0202, 0x0213, 0x02BC, 0x83BB, 0x8298, 0x8769, 0x8825, 0x9000, 0x9003,
    0x9286, 0x927C, 0xA002, 0xA003, 0xA005, 0xA20E, 0xC4A5,
)  # fmt: skip


def noise(rng: random.Random, mode: str = "RGB") -> Image.Image:
    bands = len(Image.new(mode, (1, 1)).getbands())
    values = np.frombuffer(rng.randbytes(WIDE * HIGH * bands), np.uint8).reshape(HIGH, WIDE, bands)
    return Image.merge(mode, [Image.fromarray(values[:, :, band]) for band in range(bands)])


def odd_exif(rng: random.Random, depth: int = 0) -> bytes:
    """Return EXIF whose entries have any type, count and value, also such as none may have."""
    mark, order = rng.choice([(b"II*\0", "<"), (b"MM\0*", ">")])
    tags = sorted(rng.sample(TAGS, rng.randint(1, 12)))
    start = 8 + 2 + 12 * len(tags) + 4
    entries, values = b"", b""
    for tag in tags:
        kind = rng.choice([*TYPES, 0, 14, 99])
        count = rng.choice([0, 1, 1, 1, 2, 3, 8, 2**31, 2**32 - 1])
        size = TYPES.get(kind, 1) * count
        data = rng.randbytes(min(size, 64))
        if size <= 4:
            field = data.ljust(4, b"\0")
        else:
            field = struct.pack(order + "I", start + len(values))
            values += data
        if tag in (0x8769, 0x8825, 0xA005) and rng.random() < 0.5:
            kind, count, field = 4, 1, struct.pack(order + "I", rng.choice([8, start, 2**31]))
        entries += struct.pack(order + "HHI", tag, kind, count) + field
    following = rng.choice([0, 0, 8, start, 2**32 - 1])
    head = mark + struct.pack(order + "I", 8) + struct.pack(order + "H", len(tags))
    return b"Exif\0\0" + head + entries + struct.pack(order + "I", following) + values


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _exif(rng: random.Random) -> bytes:
    if rng.random() < 0.6:
        return odd_exif(rng)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x011A] = rng.randint(1, 8), "Maker", 72.0
    frame = exif.get_ifd(0x8769)
    frame[0xA002], frame[0xA003] = WIDE, HIGH
    return exif.tobytes()


def png(rng: random.Random) -> bytes:
    info = PngInfo()
    info.add_text("parameters", "a portrait, steps: 20")
    info.add_itxt("XML:com.adobe.xmp", '<x tiff:Orientation="6" xmp:Rating="5"/>')
    mode = rng.choice(["RGB", "RGBA", "L", "LA"])
    image = noise(rng, mode)
    if rng.random() < 0.2:
        image = image.convert("RGB").quantize(16)
    data = _saved(image, "PNG", pnginfo=info, icc_profile=rng.randbytes(200), dpi=(72, 72))
    # Pillow itself refuses to write odd EXIF, and reads it.
    return _insert_chunk(data, b"eXIf", _exif(rng).removeprefix(b"Exif\0\0"))


def _insert_chunk(data: bytes, name: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return data[:33] + struct.pack(">I", len(content)) + name + content + checksum + data[33:]


def jpeg(rng: random.Random) -> bytes:
    options = {"quality": rng.randint(30, 95), "progressive": rng.random() < 0.3}
    data = _saved(noise(rng, rng.choice(["RGB", "L", "CMYK"])), "JPEG", **options)
    resource = b"Photoshop 3.0\x008BIM\x04\x0c\0\0" + struct.pack(">I", 40) + rng.randbytes(40)
    for marker, content in ((0xED, resource), (0xE1, _exif(rng)), (0xFE, b"a comment")):
        segment = struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
        data = data[:2] + segment + data[2:]
    return data


def webp(rng: random.Random) -> bytes:
    options = {"lossless": rng.random() < 0.5, "exact": True, "xmp": b"<x/>"}
    profile = rng.randbytes(100) if rng.random() < 0.5 else None
    image = noise(rng, rng.choice(["RGB", "RGBA"]))
    return _saved(image, "WEBP", exif=_exif(rng), icc_profile=profile, **options)


def tiff(rng: random.Random) -> bytes:
    packing = rng.choice([None, "tiff_lzw", "tiff_deflate", "packbits", "jpeg"])
    mode = "RGB" if packing == "jpeg" else rng.choice(["RGB", "RGBA", "L", "CMYK"])
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = rng.randint(1, 8), "Maker"
    return _saved(noise(rng, mode), "TIFF", compression=packing, exif=exif, dpi=(72.5, 72.5))


def bmp(rng: random.Random) -> bytes:
    return _saved(noise(rng, rng.choice(["RGB", "L"])), "BMP")


def gif(rng: random.Random) -> bytes:
    return _saved(noise(rng).quantize(32), "GIF", comment=b"a comment")


MAKERS: dict[str, Callable[[random.Random], bytes]] = {
    "png": png, "jpg": jpeg, "webp": webp, "tif": tiff, "bmp": bmp, "gif": gif,
}  # fmt: skip


def flip(data: bytearray, rng: random.Random, upto: int) -> None:
    for _ in range(rng.randint(1, 6)):
        data[rng.randrange(2, min(len(data), upto))] = rng.randrange(256)


def cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(1, len(data)) :]


def swell(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(2, len(data))
    data[at:at] = rng.randbytes(rng.randint(1, 40))


def drop(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(2, len(data))
    del data[at : at + rng.randint(1, 40)]


def stretch(data: bytearray, rng: random.Random) -> None:
    """Put a number in the place of another, as large as it can be or nothing."""
    size = rng.choice([1, 2, 4])
    at = rng.randrange(2, min(len(data), 400))
    data[at : at + size] = rng.choice([b"\xff", b"\0", b"\x7f", b"\x80"]) * size


# What is done to a sound file; the first leaves its odd EXIF as all that is wrong with it.
DAMAGES: dict[str, Callable[[bytearray, random.Random], None]] = {
    "odd EXIF": lambda data, rng: None,
    "bytes in the head": lambda data, rng: flip(data, rng, 200),
    "bytes anywhere": lambda data, rng: flip(data, rng, 10**9),
    "a number": stretch,
    "cut off": cut,
    "bytes more": swell,
    "bytes less": drop,
}


def damaged(seed: int) -> tuple[str, str, bytes]:
    """Return the ending, the damage and the bytes of a picture; the same for the same seed."""
    rng = random.Random(seed)
    suffix = rng.choice(list(MAKERS))
    damage = rng.choice(list(DAMAGES))
    data = bytearray(MAKERS[suffix](rng))
    DAMAGES[damage](data, rng)
    return suffix, damage, bytes(data)
