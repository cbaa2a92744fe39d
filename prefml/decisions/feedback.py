"""Parse reviewed suggestions, `sandbox/approved_decisions.jsonl`, as training data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from prefml.boxes import FULL_FRAME, Box, read_box, same_box
from prefml.decisions.documents import as_mapping, as_paths, as_text, parse_json, resolve_choice
from prefml.decisions.evidence import read_evidence
from prefml.decisions.projects import ProjectResolver, explicit_project
from prefml.decisions.quarantine import REFUSED, Refusal, RowRefusedError, refusal_of
from prefml.decisions.records import Crop, ParsedRow, Rejection, Row
from prefml.decisions.selections import make_choice
from prefml.decisions.tables import read_bytes
from prefml.decisions.times import parse_timestamp
from prefml.exceptions import BoxError
from prefml.proposals.questions import read_asked

__all__ = ["read_feedback"]

SESSION = "review"

# Evidence that is no label -> what is said of such a row.
_NO_LABEL = {
    "passed": "approved in bulk, unseen",
    "reasked": "asked again, to see how steady the answers are",
    "duplicates": "which of near duplicates to keep",
}


def read_feedback(
    path: Path,
    source: str,
    suggestions: Mapping[str, Mapping[str, object]],
    resolver: ProjectResolver,
) -> list[Row]:
    """Read the decisions on suggested sets.

    Parameters
    ----------
    path : Path
        `approved_decisions.jsonl`.
    source : str
        Its name relative to the workspace.
    suggestions : mapping
        Suggestions by group_id.
    resolver : ProjectResolver
        Finds the project of a set.

    Returns
    -------
    list of Row
        One for each line that is not blank. Of several decisions on one group the last counts.

    Raises
    ------
    LogError
        If the file cannot be read.
    """
    rows: list[Row] = []
    last: dict[str, Row] = {}
    for line, raw in enumerate(read_bytes(path).split(b"\n"), start=1):
        if not raw.strip(b" \t\r\xef\xbb\xbf"):
            continue
        row = Row(source, line, raw.decode("utf-8", "surrogateescape"))
        rows.append(row)
        try:
            document = as_mapping(parse_json(raw))
            group = as_text(document.get("group_id"), "group_id")
            # The suggestion as shown on the page goes before a file that may be a later one.
            shown = as_mapping(document.get("suggestion")) or suggestions.get(group, {})
            parsed = _read_line(document, group, shown, resolver)
            row.fill(parsed._replace(stated_time=document.get("timestamp")))
        except REFUSED as error:
            row.refusals.append(refusal_of(error))
            # Approved in bulk after it was judged: the judgement was taken back.
            if row.refusals[0].reason != "passed":
                continue
        if earlier := last.get(group):
            earlier.choice = earlier.crop = earlier.rejection = None
            earlier.refusals.append(Refusal("repeat_set", f"decided again in line {line}"))
        last[group] = row
    return rows


def _read_line(
    document: Mapping[str, object],
    group: str,
    suggestion: Mapping[str, object],
    resolver: ProjectResolver,
) -> ParsedRow:
    action = document.get("action")
    if action not in ("approved", "overridden", "rejected"):
        raise RowRefusedError("placeholder", f"action {action!r} is no decision"[:200])
    standing = read_evidence(document, suggestion)
    if not standing.labels:
        raise RowRefusedError(standing.choice, _NO_LABEL[standing.choice])
    images = document.get("images", suggestion.get("images"))
    if images is None:
        raise RowRefusedError("unknown_group", f"no images of {group}"[:200])
    paths = as_paths(images)
    when = parse_timestamp(document.get("timestamp"))
    explicit = explicit_project(document) or explicit_project(suggestion)
    match = resolver.resolve(paths, explicit, when)
    session = document.get("session_id")
    session = session if isinstance(session, str) and session else SESSION
    if action == "rejected":
        rejection = Rejection(session, group, tuple(paths))
        return ParsedRow(match, when, rejection=rejection, standing=standing)
    proposed = as_mapping(suggestion.get("step1_selection")).get("chosen")
    final = document.get("final_choice")
    if final is None and action == "approved":
        final = proposed
    chosen = resolve_choice(final, document.get("final_index"), paths)
    # Where nothing was suggested there is nothing to overrule.
    asked = read_asked(suggestion) is not None
    corrected = not asked and _overruled(proposed, chosen, paths, action)
    suggested = as_mapping(suggestion.get("step2_crop"))
    crop = (
        _read_crop(document, suggested, session, chosen, corrected)
        if standing.labels_crop
        else None
    )
    if len(paths) == 1 and crop is not None:
        return ParsedRow(match, when, crop=crop, standing=standing)
    choice = make_choice(session, group, paths, chosen, corrected)
    return ParsedRow(match, when, choice, crop, standing=standing)


def _overruled(proposed: object, chosen: str, paths: list[str], action: object) -> bool:
    """Tell whether the person chose against the suggestion; without one, the action decides."""
    try:
        return resolve_choice(proposed, None, paths) != chosen
    except RowRefusedError:
        return action == "overridden"


def _read_crop(
    document: Mapping[str, object],
    suggested: Mapping[str, object],
    session: str,
    chosen: str,
    corrected: bool,
) -> Crop | None:
    """Return the crop that the person set or accepted; approving "no crop" keeps the whole."""
    action, source = document.get("action"), document.get("crop_source")
    coordinates = document.get("crop_coords")
    if coordinates is None:
        agreed = source is None and action == "approved" and suggested.get("needs_crop") is False
        if not agreed and source != "whole":
            return None
        coordinates = FULL_FRAME
    box = read_box(coordinates)
    edited = corrected or _redrawn(box, suggested, action)
    return Crop(session, chosen, box, None, corrected=edited)


def _redrawn(box: Box, suggested: Mapping[str, object], action: object) -> bool:
    """Tell whether a box differs from the suggested one; without one, the action decides."""
    whole = suggested.get("needs_crop") is False
    try:
        return not same_box(box, FULL_FRAME if whole else read_box(suggested.get("crop_coords")))
    except BoxError:
        return action == "overridden"
