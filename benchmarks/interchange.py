"""Take decisions out, let other programs read and change them, and bring them in again.

python benchmarks/interchange.py [--count 1000] [--darktable 20] [--damaged 10000] [--out FILE]

Made-up decisions of sets of two pictures, half of them with a crop, go out by the three presets.
ExifTool reads every sidecar (`read`), they are imported into a workspace that has only the pictures
(`imported`), ExifTool turns each second set around and adds fields of others, and they are imported
again (`turned`); crops by how many pixels an edge is off. Then prefml marks the sidecars that
ExifTool wrote, and packets that darktable's command line wrote into the pictures it exports: every
other field is compared (`other fields changed`). What darktable read of ratings is looked up in its
library. Without either program its rows are None.

Damaged sidecars and catalogues are imported and marked: an error of prefml's own or a counted row
(`refused`, `counted`), and what went wrong: another error, a changed original (`faults`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import sqlite3
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from _machine import machine
from PIL import Image

from prefml.apply import export_picks
from prefml.boxes import Box
from prefml.decisions.imports import read_catalogue
from prefml.decisions.set_rule import SetRule
from prefml.decisions.xmp import edit_packet, new_packet, read_packet
from prefml.decisions.xmp.marks import FIELDS, crop_values, read_marks
from prefml.exceptions import PrefmlError
from prefml.suggest.imports import plan_import
from prefml.workspace import Workspace

RUNS = {
    "interchange": {
        "quick": ["--count", "60", "--darktable", "2", "--damaged", "400"],
        "full": ["--count", "1000", "--darktable", "20", "--damaged", "10000"],
    }
}
PRESETS = ("darktable", "digikam", "lightroom")
SIZES = ((1664, 2432), (832, 1216), (1216, 832), (300, 200), (61, 47))
OURS = ("XMP-xmp:Rating", "XMP-xmp:Label", "XMP-xmpDM:Pick", "XMP-xmpDM:Good",
        "XMP-digiKam:PickLabel", "XMP-crs:HasCrop", "XMP-crs:CropTop", "XMP-crs:CropLeft",
        "XMP-crs:CropBottom", "XMP-crs:CropRight", "XMP-crs:CropAngle")  # fmt: skip
# ExifTool reads xmpDM:pick, and writes it where it is told that it is a number.
CONFIG = """%Image::ExifTool::UserDefined = (
    'Image::ExifTool::XMP::xmpDM' => { pick => { Writable => 'integer' } },
);
1;
"""
# Of the file and not of its fields.
ABOUT_THE_FILE = ("SourceFile", "ExifTool", "System", "File", "XMP-x:")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=1000, help="decisions")
    options.add_argument(
        "--darktable", type=int, default=20, help="pictures that darktable exports"
    )
    options.add_argument("--damaged", type=int, default=10_000, help="damaged files")
    options.add_argument("--out", type=Path, required=True, help="the file to write")
    given = options.parse_args()
    words = f"--count {given.count} --darktable {given.darktable} --damaged {given.damaged}"
    with tempfile.TemporaryDirectory() as folder:
        record = {
            "command": f"python benchmarks/interchange.py {words}",
            "seeds": [0],
            "programs": {"exiftool": version("exiftool", "-ver"),
                         "darktable-cli": version("darktable-cli", "--version")},
            "round_trips": round_trips(Path(folder, "trips"), given.count),
            "darktable": darktable(Path(folder, "darktable"), given.darktable),
            "damaged": damaged(Path(folder, "damaged"), given.damaged),
            "machine": machine(),
        }  # fmt: skip
    given.out.write_text(json.dumps(record, indent=1) + "\n")


def version(program: str, word: str) -> str | None:
    """Return the version of a program; None where it is not installed."""
    if shutil.which(program) is None:
        return None
    found = subprocess.run([program, word], capture_output=True, text=True)
    return next((line.strip() for line in found.stdout.splitlines() if line.strip()), "")


def write_decisions(root: Path, count: int, draw: random.Random) -> list[dict[str, object]]:
    """Write a workspace of reviewed sets, and return its decisions."""
    (root / "sandbox").mkdir(parents=True)
    rows = []
    for number in range(count):
        ending = draw.choice(("png", "jpg"))
        exif = Image.Exif()
        exif[274] = draw.randint(1, 8) if ending == "jpg" else 1
        names = [f"new/p/s{number}/s{number}{letter}.{ending}" for letter in "ab"]
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", draw.choice(SIZES)).save(root / name, exif=exif)
        box = [
            draw.uniform(0, 0.4),
            draw.uniform(0, 0.4),
            draw.uniform(0.6, 1),
            draw.uniform(0.6, 1),
        ]
        rows.append({"group_id": f"s{number}", "project_id": "p", "images": names,
                     "action": "overridden", "final_choice": draw.choice(names),
                     "crop_coords": box if number % 2 else None, "timestamp": "t"})  # fmt: skip
    (root / "sandbox" / "approved_decisions.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows)
    )
    return rows


def export(root: Path, count: int) -> None:
    """Take the decisions out, a third by each preset."""
    for at, preset in enumerate(PRESETS):
        export_picks(
            Workspace.open(root), preset, groups={f"s{n}" for n in range(at, count, len(PRESETS))}
        )


def round_trips(root: Path, count: int) -> dict[str, object]:
    """Take decisions out and bring them in again, changed and unchanged."""
    rows = write_decisions(root, count, random.Random(0))
    export(root, count)
    away = root.with_name("away")
    shutil.copytree(root / "new", away / "new")
    wanted = {str(row["final_choice"]): row["crop_coords"] for row in rows}
    found: dict[str, object] = {"decisions": count, "imported": came_back(away, wanted)}
    if shutil.which("exiftool") is None:
        return found | {"read": None, "turned": None, "marked": None}
    found["read"] = read_by_exiftool(root, wanted)
    turned = turn_around(away, rows)
    found["turned"] = came_back(away, turned)
    found["marked"] = marked_again(root, away, count)
    return found


def came_back(root: Path, wanted: dict[str, object]) -> dict[str, float]:
    """Import, and compare with what was decided."""
    plan = plan_import(Workspace.open(root), root / "new", SetRule("folder"))
    chosen = {one.winner for one in plan.new}
    off = [0.0]
    for crop in plan.crops:
        box = wanted.get(crop.path)
        assert isinstance(box, list)
        assert crop.size is not None
        sides = (*crop.size, *crop.size)
        off += [abs(a - b) * side for a, b, side in zip(box, crop.box, sides, strict=True)]
    return {
        "equal decisions": len(chosen & set(wanted)),
        "crops": len(plan.crops),
        "crops expected": sum(box is not None for box in wanted.values()),
        "largest error of an edge in pixels": round(max(off), 4),
    }


def exiftool(*words: str) -> str:
    """Run ExifTool, and return what it prints; a warning is no fault."""
    first = words[:2] if words[0] == "-config" else ()
    return subprocess.run(
        ["exiftool", *first, "-q", "-q", *words[len(first) :]],
        capture_output=True,
        text=True,
        encoding="utf-8",
    ).stdout


def fields(root: Path) -> dict[str, dict[str, object]]:
    """Return the fields of every sidecar below a folder, as ExifTool reads them."""
    printed = exiftool("-r", "-json", "-struct", "-n", "-G1", "-ext", "xmp", str(root))
    return {str(Path(str(one["SourceFile"])).relative_to(root)): one for one in json.loads(printed)}


def read_by_exiftool(root: Path, wanted: dict[str, object]) -> dict[str, int]:
    """Count the pictures whose marks ExifTool reads as what was decided."""
    equal, seen = 0, fields(root)
    for name, one in seen.items():
        names = {name.removesuffix(".xmp"), *(name[:-3] + kind for kind in ("png", "jpg"))}
        kept = bool(names & set(wanted))
        told = (
            (one.get("XMP-xmp:Rating"), {5: True, -1: False}),
            (one.get("XMP-xmpDM:Pick"), {1: True, -1: False}),
            (one.get("XMP-digiKam:PickLabel"), {3: True, 1: False}),
        )
        said = {meaning[value] for value, meaning in told if value in meaning}
        equal += said == {kept}
    return {"sidecars": len(seen), "equal marks": equal}


def turn_around(root: Path, rows: list[dict[str, object]]) -> dict[str, object]:
    """Let ExifTool prefer the other picture of each second set; return what is decided then."""
    words, decided = [], {}
    for number, row in enumerate(rows):
        winner = str(row["final_choice"])
        images = row["images"]
        assert isinstance(images, list)
        loser = next(name for name in images if name != winner)
        decided[winner if number % 2 else loser] = row["crop_coords"] if number % 2 else None
        for name, stars, pick, label in ((winner, -1, -1, 1), (loser, 5, 1, 3)):
            for sidecar in (f"{name}.xmp", f"{name.rpartition('.')[0]}.xmp"):
                if (root / sidecar).exists() and number % 2 == 0:
                    words += [f"-XMP-xmp:Rating={stars}", f"-XMP-xmpDM:Pick={pick}",
                              f"-XMP-xmpDM:Good={pick > 0}", f"-XMP-digiKam:PickLabel={label}",
                              "-XMP-dc:Title=Ein schöner Garten", "-XMP-dc:Subject=one",
                              "-XMP-dc:Subject=two", "-XMP-photoshop:City=Wien",
                              "-XMP-xmp:MetadataDate=2025:01:01 10:00:00",
                              "-XMP-lr:HierarchicalSubject=a|b", "-n", "-overwrite_original",
                              str(root / sidecar), "-execute"]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        config, arguments = Path(folder, "config"), Path(folder, "arguments")
        config.write_text(CONFIG)
        arguments.write_text("\n".join(words), encoding="utf-8")
        exiftool("-config", str(config), "-@", str(arguments))
    return decided


def marked_again(root: Path, away: Path, count: int) -> dict[str, int]:
    """Mark the sidecars that ExifTool wrote, and compare all fields that are not ours."""
    shutil.rmtree(root / "new")
    shutil.copytree(away / "new", root / "new")
    before = fields(root)
    export(root, count)
    return compared(before, fields(root))


def compared(
    before: dict[str, dict[str, object]], after: dict[str, dict[str, object]]
) -> dict[str, int]:
    """Count the fields of others, and those of them that changed."""
    seen = changed = 0
    for name, one in before.items():
        for field, value in one.items():
            if field not in OURS and not field.startswith(ABOUT_THE_FILE):
                seen += 1
                changed += after.get(name, {}).get(field) != value
    return {"sidecars": len(before), "other fields": seen, "other fields changed": changed}


def darktable(root: Path, count: int) -> dict[str, object] | None:
    """Let darktable read sidecars and write packets; mark these, and compare."""
    if shutil.which("darktable-cli") is None or shutil.which("exiftool") is None:
        return None
    write_decisions(root, count, random.Random(1))
    export_picks(Workspace.open(root), "darktable")
    sidecars = sorted(root.rglob("*.xmp"))[:count]
    library, wanted = root / "library.db", Counter()
    for sidecar in sidecars:
        picture = sidecar.with_suffix("")
        made = picture.with_name(f"out.{picture.name}")
        words = ["--core", "--configdir", str(root / "c"), "--cachedir", str(root / "d"),
                 "--library", str(library), "--disable-opencl"]  # fmt: skip
        subprocess.run(["darktable-cli", str(picture), str(sidecar), str(made), *words],
                       capture_output=True, check=True)  # fmt: skip
        stars = read_marks(read_packet(sidecar.read_bytes())).rating
        wanted[picture.name, stars] += 1
        sidecar.write_bytes(
            subprocess.run(["exiftool", "-xmp", "-b", str(made)], capture_output=True).stdout
        )
    flags = dict(sqlite3.connect(library).execute("SELECT filename, flags FROM images"))
    read = sum((-1 if flags[name] & 8 else flags[name] & 7) == stars for name, stars in wanted)
    before = {path: one for path, one in fields(root).items() if root / path in sidecars}
    (root / "prefml.toml").write_text("[picks.winner]\nrating = 3\n[picks.loser]\nrating = 1\n")
    export_picks(Workspace.open(root), "darktable")
    return {"pictures": len(sidecars), "ratings that darktable read": read} | compared(
        before, fields(root)
    )


def damaged(root: Path, count: int) -> dict[str, object]:
    """Read, mark and import damaged sidecars and catalogues."""
    root.mkdir()
    fates: Counter[str] = Counter()
    faults: list[str] = []
    sound = list(sound_files(root))
    for seed in range(count):
        kind, raw = sound[seed % len(sound)]
        broken = damage(raw, random.Random(seed))
        path = root / f"a.png.{kind}"
        path.write_bytes(broken)
        before = listing(root)
        try:
            read_damaged(kind, path)
            fates[f"{kind} counted"] += 1
        except PrefmlError:
            fates[f"{kind} refused"] += 1
        except Exception as error:
            faults.append(f"{kind} {seed}: {type(error).__name__}: {error}"[:200])
        if listing(root) != before:
            faults.append(f"{kind} {seed}: changed")
        path.unlink()
    return {"files": count, "fates": dict(sorted(fates.items())), "faults": faults[:20]}


def listing(root: Path) -> dict[str, str]:
    """Return the hash of every file of a folder."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in root.iterdir()}


def read_damaged(kind: str, path: Path) -> None:
    """Read one damaged file in every way it is read."""
    if kind == "lrcat":
        read_catalogue(path)
        return
    raw = path.read_bytes()
    read_marks(read_packet(raw))
    changes = {FIELDS["rating"]: "5", FIELDS["label"]: None} | crop_values(Box(0.1, 0.1, 0.9, 0.9))
    edited = read_marks(read_packet(edit_packet(raw, changes)))
    assert (edited.rating, edited.label) == (5, "")


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    b"<x>&b;</x>"
)
EXTERNAL = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'


def sound_files(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield sidecars and a catalogue to be damaged."""
    values = {FIELDS["rating"]: "3", FIELDS["label"]: "Rot & grün"} | crop_values(Box(0, 0, 0.5, 1))
    made = new_packet(values)
    yield "xmp", made
    yield "xmp", made.decode().replace("UTF-8", "UTF-16").encode("utf-16")
    yield "xmp", BOMB
    yield "xmp", EXTERNAL
    if shutil.which("exiftool"):
        path = root / "e.xmp"
        exiftool("-XMP-xmp:Rating=4", "-XMP-dc:Subject=a", "-XMP-crs:HasCrop=True",
                 "-XMP-dc:Title=b", "-o", str(path))  # fmt: skip
        yield "xmp", path.read_bytes()
        path.unlink()
    yield "lrcat", catalogue(root / "sound.db")
    yield "lrcat", catalogue(root / "sound.db")


def catalogue(path: Path) -> bytes:
    """Return a small catalogue, made by us from the documented tables."""
    with sqlite3.connect(path) as database:
        database.executescript(
            "CREATE TABLE Adobe_variablesTable (id_local, name, value);"
            "INSERT INTO Adobe_variablesTable VALUES (1, 'Adobe_DBVersion', '1300025');"
            "CREATE TABLE AgLibraryRootFolder (id_local, absolutePath, name);"
            "INSERT INTO AgLibraryRootFolder VALUES (1, '/p/', 'p');"
            "CREATE TABLE AgLibraryFolder (id_local, pathFromRoot, rootFolder);"
            "INSERT INTO AgLibraryFolder VALUES (1, '', 1);"
            "CREATE TABLE AgLibraryFile (id_local, baseName, extension, folder);"
            "CREATE TABLE Adobe_images (id_local, pick, rating, colorLabels, rootFile);"
            "CREATE TABLE AgLibraryFolderStackImage (id_local, image, stack);"
        )
        for number in range(60):
            database.execute(f"INSERT INTO AgLibraryFile VALUES ({number}, 'a{number}', 'png', 1)")
            database.execute(
                f"INSERT INTO Adobe_images VALUES ({number}, {number % 3 - 1}, 3, '', {number})"
            )
            database.execute(
                f"INSERT INTO AgLibraryFolderStackImage VALUES ({number}, {number}, {number // 2})"
            )
    database.close()
    raw = path.read_bytes()
    path.unlink()
    return raw


def damage(raw: bytes, draw: random.Random) -> bytes:
    """Return a file with bytes changed, cut out, doubled, or its end lost."""
    found = bytearray(raw)
    for _ in range(draw.choice((1, 1, 3, 30))):
        at = draw.randrange(len(found) + 1)
        kind = draw.randrange(6)
        if kind in (0, 5) and at < len(found):
            # Half of them letters and digits, which leave XML well-formed where they stand in text.
            found[at] = draw.randrange(256) if kind else draw.choice(b"abcxyz019.- ")
        elif kind == 1:
            found[at:at] = draw.choice((b"<", b"&", b"\0", b'"', b"<!--", b"]]>", b"&#0;", b"\xff"))
        elif kind == 2:
            del found[at : at + draw.randrange(1, 40)]
        elif kind == 3:
            found[at:at] = found[at : at + draw.randrange(1, 200)]
        elif draw.random() < 0.2:
            del found[at:]
    return bytes(found)


if __name__ == "__main__":
    main()
