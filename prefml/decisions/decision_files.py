"""Parse `.decision` files, which an earlier review page wrote beside each picture."""

from __future__ import annotations

from collections.abc import Mapping

from prefml.boxes import read_box
from prefml.decisions.documents import as_mapping, as_paths, as_text, resolve_choice
from prefml.decisions.projects import ProjectResolver, explicit_project
from prefml.decisions.quarantine import RowRefusedError
from prefml.decisions.records import Crop, ParsedRow, Rejection
from prefml.decisions.selections import make_choice
from prefml.decisions.times import parse_timestamp

__all__ = ["read_decision"]

SESSION = "decisions"
_CHOSEN = ("approve", "manual_crop", "override")
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")


def read_decision(document: object, name: str, resolver: ProjectResolver) -> ParsedRow:
    """Read one `.decision` file.

    The person's own `user_decision` is a choice or a rejection; `ai_crop_accepted` makes a crop
    of the suggested box. Everything else in the file is a suggestion and no label.

    Parameters
    ----------
    document : object
        The parsed JSON.
    name : str
        The file's name; its stem is that of the picture in the second shape.
    resolver : ProjectResolver
        Finds the project.

    Returns
    -------
    ParsedRow

    Raises
    ------
    RowRefusedError
        If the file holds no decision of the person, or one that cannot be used.
    """
    if not isinstance(document, Mapping):
        raise RowRefusedError("wrong_fields", f"{type(document).__name__} instead of an object")
    decision = as_mapping(document.get("user_decision"))
    if decision:
        return _read_choice(document, decision, resolver)
    if document.get("ai_crop_accepted") is True:
        return _read_accepted_crop(document, name, resolver)
    if not {"user_decision", "needs_crop", "ai_recommendation"} & set(document):
        raise RowRefusedError("wrong_fields", f"entries {sorted(map(str, document))[:10]}")
    raise RowRefusedError("placeholder", "no decision of the person, only a wish or a suggestion")


def _read_choice(
    document: Mapping[str, object], decision: Mapping[str, object], resolver: ProjectResolver
) -> ParsedRow:
    group = as_text(document.get("group_id"), "group_id")
    paths = as_paths(document.get("images"))
    stated = decision.get("timestamp")
    when = parse_timestamp(stated)
    match = resolver.resolve(paths, explicit_project(document), when)
    action = decision.get("action")
    if action == "reject":
        rejection = Rejection(SESSION, group, tuple(paths))
        return ParsedRow(match, when, rejection=rejection, stated_time=stated)
    if action not in _CHOSEN:
        raise RowRefusedError("placeholder", f"action {action!r} is no decision")
    chosen = resolve_choice(decision.get("selected_image"), decision.get("selected_index"), paths)
    proposal = as_mapping(document.get("ai_recommendation"))
    corrected = proposal.get("selected_image") not in (None, chosen)
    choice = make_choice(SESSION, group, paths, chosen, corrected)
    return ParsedRow(match, when, choice, stated_time=stated)


def _read_accepted_crop(
    document: Mapping[str, object], name: str, resolver: ProjectResolver
) -> ParsedRow:
    box = read_box(document.get("ai_crop_coords"))
    picture = name.removesuffix(".decision")
    # The page wrote them beside PNGs under the picture's stem, which itself may hold a dot.
    path = picture if picture.endswith(_PICTURES) else f"{picture}.png"
    match = resolver.resolve([path], explicit_project(document))
    return ParsedRow(match, None, crop=Crop(SESSION, path, box, None))
