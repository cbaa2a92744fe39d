"""Catalogues made by us from the documented tables; Lightroom has never seen them."""

import sqlite3

TABLES = """
CREATE TABLE Adobe_variablesTable (id_local INTEGER PRIMARY KEY, name, value);
CREATE TABLE AgLibraryRootFolder (
    id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL, absolutePath UNIQUE NOT NULL,
    name NOT NULL DEFAULT '', relativePathFromCatalog);
CREATE TABLE AgLibraryFolder (
    id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL, pathFromRoot NOT NULL DEFAULT '',
    rootFolder INTEGER NOT NULL DEFAULT 0);
CREATE TABLE AgLibraryFile (
    id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL, baseName NOT NULL DEFAULT '',
    extension NOT NULL DEFAULT '', folder INTEGER NOT NULL DEFAULT 0);
CREATE TABLE Adobe_images (
    id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL, colorLabels NOT NULL DEFAULT '',
    fileWidth, fileHeight, masterImage INTEGER, orientation, pick NOT NULL DEFAULT 0, rating,
    rootFile INTEGER NOT NULL DEFAULT 0);
CREATE TABLE AgLibraryFolderStack (
    id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL, collapsed INTEGER NOT NULL DEFAULT 0);
CREATE TABLE AgLibraryFolderStackImage (
    id_local INTEGER PRIMARY KEY, collapsed INTEGER NOT NULL DEFAULT 0,
    image INTEGER NOT NULL DEFAULT 0, position NOT NULL DEFAULT '',
    stack INTEGER NOT NULL DEFAULT 0);
CREATE TABLE Adobe_imageDevelopSettings (
    id_local INTEGER PRIMARY KEY, image INTEGER, text);
"""


def make_catalogue(path, root, pictures, version="1300025"):
    """Write a catalogue.

    Each picture is (path below the root, marks): pick, rating, colorLabels, stack, crop (a text
    of settings), orientation, fileWidth, fileHeight, masterImage.
    """
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as database:
        database.executescript(TABLES)
        database.execute(
            "INSERT INTO Adobe_variablesTable (name, value) VALUES ('Adobe_DBVersion', ?)",
            (version,),
        )
        database.execute(
            "INSERT INTO AgLibraryRootFolder VALUES (1, 'r', ?, 'root', NULL)", (f"{root}/",)
        )
        folders, stacks = {}, {}
        for number, (name, marks) in enumerate(pictures, 1):
            _add(database, number, name, dict(marks), folders, stacks)
    database.close()
    return path


def _add(database, number, name, marks, folders, stacks):
    folder, _, file = name.rpartition("/")
    if folder not in folders:
        folders[folder] = len(folders) + 1
        database.execute(
            "INSERT INTO AgLibraryFolder VALUES (?, ?, ?, 1)",
            (folders[folder], f"d{number}", f"{folder}/" if folder else ""),
        )
    base, _, ending = file.rpartition(".")
    database.execute(
        "INSERT INTO AgLibraryFile VALUES (?, ?, ?, ?, ?)",
        (number, f"f{number}", base, ending, folders[folder]),
    )
    stack, crop = marks.pop("stack", None), marks.pop("crop", None)
    columns = ["id_local", "id_global", "rootFile", *marks]
    values = [number, f"i{number}", number, *marks.values()]
    holes = ", ".join("?" * len(columns))
    database.execute(f"INSERT INTO Adobe_images ({', '.join(columns)}) VALUES ({holes})", values)
    if crop is not None:
        database.execute(
            "INSERT INTO Adobe_imageDevelopSettings (image, text) VALUES (?, ?)", (number, crop)
        )
    if stack is not None:
        stacks.setdefault(stack, len(stacks) + 1)
        database.execute(
            "INSERT INTO AgLibraryFolderStackImage (image, stack) VALUES (?, ?)",
            (number, stacks[stack]),
        )
