"""Pictures for tests of grouping: names alone, or small files with metadata."""

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from prefml.sidecars.find import ImageFile
from prefml.suggest.grouping import Sources
from prefml.suggest.grouping.facts import PictureFacts


def picture(path, project="p"):
    """Name a picture below `new/p`; its identity is the path below the project's folder."""
    return ImageFile(project, path, f"new/{project}/{path}", 1, 1)


def pictures(*paths, project="p"):
    return [picture(path, project) for path in paths]


def sets_of(grouping):
    """Return the sets as names."""
    return [[image.filename for image in one.images] for one in grouping.sets]


def alone_of(grouping):
    return {lone.image.filename: lone.reason for lone in grouping.alone}


def sources(facts=None, sidecars=None, rows=()):
    known = facts or {}
    return Sources(
        lambda images: {i.path: known.get(i.filename, PictureFacts()) for i in images},
        lambda projects: sidecars,
        lambda name: list(rows),
    )


def save(path, text=None, exif=None, taken=None, camera=("Maker", "One")):
    """Write a small picture with text chunks, or with EXIF."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (8, 8))
    if path.suffix == ".png":
        info = PngInfo()
        for key, value in (text or {}).items():
            info.add_text(key, value)
        image.save(path, pnginfo=info)
        return path
    found = Image.Exif()
    if taken:
        found[271], found[272] = camera
        details = found.get_ifd(0x8769)
        details[36867], details[37521] = taken
    for tag, value in (exif or {}).items():
        (found.get_ifd(0x8769) if tag > 36864 else found)[tag] = value
    image.save(path, exif=found)
    return path
