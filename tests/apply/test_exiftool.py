"""Crops keep what ExifTool wrote into their originals, and say their own size.

A corpus of pictures is made with fields drawn at random; ExifTool, which has nothing in common
with Pillow, reads originals and crops.
"""

import base64
import io
import json
import random
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from prefml.apply.cropped import write_cropped
from prefml.apply.metadata import lost_metadata

from ..imaging.profiles import rgb_profile

pytestmark = pytest.mark.skipif(
    shutil.which("exiftool") is None,
    reason="exiftool is not installed (Debian: libimage-exiftool-perl)",
)
SIZE, BOX = (80, 60), (0.25, 0.25, 0.75, 0.75)
KINDS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "tif": "TIFF"}
WORDS = ("garden", "Mädchen", "日本", "a b  c", "x" * 300)
# Field -> values; fields of IPTC go into JPEGs and TIFFs only.
FIELDS = {
    "IFD0:Make": WORDS, "IFD0:Model": WORDS, "IFD0:Artist": WORDS, "IFD0:Copyright": WORDS,
    "IFD0:ImageDescription": WORDS, "IFD0:Software": WORDS, "IFD0:XPTitle": WORDS,
    "IFD0:ModifyDate": ("2025:01:02 03:04:05",), "IFD0:Rating": (0, 3, 5),
    "ExifIFD:DateTimeOriginal": ("2025:01:01 10:00:00",), "ExifIFD:ISO": (100, 25600),
    "ExifIFD:FNumber": (1.8, 22), "ExifIFD:ExposureTime": ("1/4000", 30),
    "ExifIFD:LensModel": WORDS, "ExifIFD:UserComment": WORDS, "ExifIFD:ExposureCompensation": (-2,),
    "InteropIFD:InteropIndex": ("R98",),
    "GPS:GPSLatitude": (48.2,), "GPS:GPSLatitudeRef": ("N",), "GPS:GPSAltitude": (171.5,),
    "XMP-xmp:Rating": (-1, 0, 5), "XMP-xmp:Label": WORDS, "XMP-dc:Title": WORDS,
    "XMP-dc:Subject": WORDS, "XMP-dc:Creator": WORDS, "XMP-crs:HasCrop": ("True",),
    "XMP-crs:CropTop": (0.1,), "XMP-lr:HierarchicalSubject": ("a|b|c",),
    "XMP-xmpMM:DocumentID": ("xmp.did:1",), "XMP-photoshop:City": WORDS,
    "XMP-iptcCore:CreatorCity": WORDS, "XMP-exif:UserComment": WORDS,
    "IPTC:ObjectName": ("garden",), "IPTC:Keywords": ("one", "two"), "IPTC:By-line": ("me",),
    "IPTC:Caption-Abstract": ("a caption",), "IPTC:City": ("Wien",),
}  # fmt: skip
WIDTHS = ("ExifIFD:ExifImageWidth", "XMP-exif:ExifImageWidth", "XMP-tiff:ImageWidth")
HEIGHTS = ("ExifIFD:ExifImageHeight", "XMP-exif:ExifImageHeight", "XMP-tiff:ImageHeight")
# About the file, or the layout of its pixels, or computed by ExifTool from both.
ABOUT_THE_FILE = ("ExifTool", "System", "File", "Composite", "SourceFile")
LAYOUT = {
    "IFD0:StripOffsets", "IFD0:StripByteCounts", "IFD0:RowsPerStrip", "IFD0:ImageWidth",
    "IFD0:ImageHeight", "PNG:ImageWidth", "PNG:ImageHeight", "RIFF:ImageWidth", "RIFF:ImageHeight",
    "RIFF:VP8Version", "RIFF:HorizontalScale", "RIFF:VerticalScale", "RIFF:WebP_Flags",
    "Photoshop:IPTCDigest", "IFD0:PreviewImageStart", "IFD0:PreviewImageLength", "IFD0:JPEGTables",
    "IFD0:PreviewImage",
}  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Return originals with random fields, and what ExifTool reads in them and in their crops."""
    folder = tmp_path_factory.mktemp("corpus")
    rng, words, files = random.Random(0), [], {}
    thumbnail = folder / "thumbnail"
    picture(rng).resize((16, 12)).save(thumbnail, "JPEG")
    for number in range(40):
        suffix = list(KINDS)[number % len(KINDS)]
        path = folder / f"{number}.{suffix}"
        turned = write_picture(path, KINDS[suffix], rng)
        files[path.name] = turned
        words += [*fields(suffix, rng, thumbnail), "-overwrite_original", str(path), "-execute"]
    run(*words, folder=folder)
    crops = folder / "crops"
    crops.mkdir()
    for name in files:
        write_cropped(folder / name, crops / name, BOX, 10**8)
    return folder, files, read(folder), read(crops)


def picture(rng):
    return Image.fromarray(np.frombuffer(rng.randbytes(80 * 60 * 3), np.uint8).reshape(60, 80, 3))


def write_picture(path, kind, rng):
    """Write a picture; return whether it lies on its side, upside down or in a mirror."""
    exif, orientation = Image.Exif(), rng.choice([1, 1, 3, 6, 8])
    exif[0x0112] = orientation
    options = {"dpi": (300, 300)} if kind != "WEBP" else {"lossless": True}
    options |= {"icc_profile": rgb_profile("display p3")} if rng.random() < 0.6 else {}
    options |= {"comment": b"a comment"} if kind == "JPEG" else {}
    options |= {"compression": rng.choice([None, "tiff_lzw", "tiff_deflate", "jpeg"])}
    picture(rng).save(path, kind, exif=exif, **options)
    return orientation != 1


def fields(suffix, rng, thumbnail):
    """Yield arguments of ExifTool that write some fields, and what is about the whole frame."""
    usable = [name for name in FIELDS if suffix in ("jpg", "tif") or not name.startswith("IPTC")]
    for name in rng.sample(usable, rng.randint(5, 20)):
        yield f"-{name}={rng.choice(FIELDS[name])}"
    for names, length in ((WIDTHS, SIZE[0]), (HEIGHTS, SIZE[1])):
        yield from (f"-{name}={length}" for name in names)
    if suffix == "jpg":
        yield f"-IFD1:ThumbnailImage<={thumbnail}"


def run(*words, folder):
    arguments = folder / "arguments"
    arguments.write_text("\n".join(words), "utf-8")
    done = subprocess.run(["exiftool", "-charset", "utf8", "-@", str(arguments)],
                          capture_output=True, text=True, check=False)  # fmt: skip
    arguments.unlink()
    assert "Error" not in done.stderr, done.stderr
    return done.stdout


def read(folder):
    words = ["exiftool", "-j", "-G1", "-a", "-u", "-b", "-struct", "-n", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    rows = json.loads(done.stdout)
    return {row["SourceFile"].rpartition("/")[2]: row for row in rows}


def kept(row, turned):
    """Return the fields that a crop must have as they were."""
    # Pillow drops the entry of a TIFF that stands upright, which says nothing.
    upright = row.get("IFD0:Orientation") == 1
    gone = {"IFD0:Orientation", "XMP-tiff:Orientation"} if turned or upright else set()
    sizes = {*WIDTHS, *HEIGHTS}
    return {
        name: value
        for name, value in row.items()
        if not name.startswith((*ABOUT_THE_FILE, "IFD1:")) and name not in LAYOUT | gone | sizes
    }


def test_every_field_of_every_original_is_in_its_crop_or_named_beforehand(corpus):
    folder, files, before, after = corpus
    for name, turned in files.items():
        expected, found = kept(before[name], turned), kept(after[name], turned)
        if "its compression" in lost_metadata(folder / name):
            assert expected.pop("IFD0:Compression") != found.pop("IFD0:Compression")
        lost = {field: (value, found.get(field)) for field, value in expected.items()
                if found.get(field) != value}  # fmt: skip
        assert not lost, name


def test_the_corpus_holds_what_it_is_to_test(corpus):
    _, _, before, _ = corpus
    fields = {field for row in before.values() for field in row}
    assert {"IPTC:Keywords", "XMP-dc:Subject", "GPS:GPSAltitude", "IFD1:ThumbnailImage"} <= fields
    assert any(field.startswith("ICC") for field in fields)
    assert len(fields & set(FIELDS)) > 25


def test_sizes_are_those_of_the_crop(corpus):
    folder, files, _, after = corpus
    for name, turned in files.items():
        with Image.open(folder / "crops" / name) as crop:
            width, height = crop.size
        for names, length in ((WIDTHS, width), (HEIGHTS, height)):
            stated = {field: after[name][field] for field in names if field in after[name]}
            assert set(stated.values()) == {length}, (name, turned, stated)


def test_no_crop_has_a_small_copy_of_the_whole_or_lies_on_its_side(corpus):
    _, files, before, after = corpus
    for name, turned in files.items():
        assert not [field for field in after[name] if field.startswith("IFD1:")]
        assert "IFD0:Orientation" not in after[name] or not turned
        small = before[name].get("IFD1:ThumbnailImage", "").removeprefix("base64:")
        if small:
            assert Image.open(io.BytesIO(base64.b64decode(small))).size == (16, 12)


def test_exiftool_finds_no_fault_in_a_crop(corpus):
    _, files, before, after = corpus
    for name in files:
        assert "ExifTool:Warning" not in after[name], name
        assert "ExifTool:Error" not in after[name], name
        assert "ExifTool:Error" not in before[name]
