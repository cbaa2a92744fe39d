"""Describe the API in OpenAPI 3.1, from the structures that requests and answers are read by."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from prefml.proposals import as_mapping
from prefml.review import answers, desk_answers, hints, requests
from prefml.review.thumbnails import SIDES

__all__ = ["OPERATIONS", "Operation", "describe_api", "field_descriptions"]

Schema: TypeAlias = dict[str, object]
Kind: TypeAlias = type[msgspec.Struct]

_ABOUT = (
    "The local API of `prefml review`. It answers on 127.0.0.1 only. Requests that change "
    'something carry the header X-CSRF-Token; `load_batch` tells it. Errors are `{"error": text}`, '
    "with the suggestions of today beside it where a decision was on others."
)
_DECLARED = (answers, desk_answers, hints, requests)
_ERRORS: dict[int, tuple[str, str, Kind]] = {
    400: ("Wrong", "The request makes no sense", answers.Error),
    403: ("Refused", "Wrong Host, Origin or token", answers.Error),
    404: ("Unknown", "No such thing", answers.Error),
    409: ("Stale", "The suggestion is another than the one that was on the screen", answers.Stale),
    413: ("Large", "The body is larger than 2 MiB", answers.Error),
}


@dataclass(frozen=True)
class Operation:
    """A route of the API.

    Attributes
    ----------
    method : {"get", "post"}
        How it is called.
    name : str
        Last part of its address, and its `operationId`.
    summary : str
        What it does.
    answer : type
        Structure of the answer.
    described : str
        What the answer holds.
    query : type or None
        Structure of the query.
    body : type or None
        Structure of the body.
    errors : tuple of int
        Status codes of refusals.
    """

    method: Literal["get", "post"]
    name: str
    summary: str
    answer: Kind
    described: str
    query: Kind | None = None
    body: Kind | None = None
    errors: tuple[int, ...] = (403,)


def _changing(name: str, summary: str, body: Kind, *errors: int) -> Operation:
    described = "The groups as they are now, the first 200 of them described"
    refused = (400, 403, *errors, 413)
    return Operation(
        "post", name, summary, answers.Changed, described, requests.ChangeQuery, body, refused
    )


OPERATIONS = (
    Operation(
        "get", "load_batch", "The next undecided groups, or the named ones",
        answers.LoadBatch, "Groups", requests.LoadBatchQuery, errors=(400, 403),
    ),
    Operation(
        "get", "queue", "The ids of all groups that pass a filter, in order",
        answers.Queue, "Ids", requests.QueueQuery, errors=(400, 403),
    ),
    Operation(
        "get", "progress", "Counts, and the time left at today's pace", answers.Progress, "Progress"
    ),
    Operation(
        "get", "budget", "Undecided, unflagged groups inside the error budget",
        answers.Budget, "Ids", requests.OfferQuery, errors=(400, 403),
    ),
    Operation(
        "get", "first_day", "What goes on beside the answers, where `prefml start` serves the page",
        answers.DayReport, "Report", errors=(403, 404),
    ),
    Operation(
        "post", "suggest_rest", "Suggest for the sets that are left, in the background",
        answers.DayReport, "Report", body=requests.Empty, errors=(400, 403, 404, 413),
    ),
    Operation(
        "get", "keys", "The keys that were changed on the page", answers.KeyMap, "Keys",
        errors=(400, 403),
    ),
    Operation(
        "post", "set_keys", "Keep keys in the workspace, in place of those of before",
        answers.KeyMap, "Keys", body=requests.SetKeys, errors=(400, 403, 413),
    ),
    Operation(
        "get", "hints", "The hints of first use that were seen", hints.Hints, "Names",
        errors=(400, 403),
    ),
    Operation(
        "post", "see_hint", "Never show a hint again", hints.Hints, "Names", body=requests.SeeHint,
        errors=(400, 403, 413),
    ),
    Operation(
        "get", "desk", "Where the work stands, and the job at work",
        desk_answers.Desk, "Report", errors=(403, 404),
    ),
    Operation(
        "post", "run_job", "Begin a job: a command of prefml in a process of its own",
        desk_answers.Desk, "Report", body=desk_answers.RunJob, errors=(400, 403, 404, 413),
    ),
    Operation(
        "post", "stop_job", "End the job that is at work",
        desk_answers.Desk, "Report", body=requests.Empty, errors=(400, 403, 404, 413),
    ),
    _changing(
        "decide", "Decide one group; it is on the disk when the answer comes", requests.Decide,
        404, 409,
    ),
    _changing("tag", "Set the anomaly tags of a group", requests.Tag, 404),
    _changing(
        "regroup", "Split a set, move pictures to another set, or join the two", requests.Regroup,
        404, 409,
    ),
    _changing(
        "approve_batch", "Approve groups of `budget` as suggested; one undo takes all back",
        requests.ApproveBatch, 409,
    ),
    _changing(
        "undo", "Take back the latest decision, tag or change of sets, whenever it was made",
        requests.Empty,
    ),
    _changing("redo", "Bring back what was undone last", requests.Empty),
    Operation(
        "post", "submit_batch", "Write every decision to sandbox/approved_decisions.jsonl and .csv",
        answers.Submitted, "Written", body=requests.Empty, errors=(400, 403, 413),
    ),
)  # fmt: skip


def describe_api() -> Schema:
    """Return the description of every route.

    Returns
    -------
    dict
        An OpenAPI 3.1 document of plain types.
    """
    kinds: list[Kind] = [operation.body for operation in OPERATIONS if operation.body]
    kinds += [operation.answer for operation in OPERATIONS]
    kinds += [kind for _, _, kind in _ERRORS.values()]
    paths = {
        f"/api/automation/{operation.name}": {operation.method: _describe(operation)}
        for operation in OPERATIONS
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "prefml review", "version": "1", "description": _ABOUT},
        "paths": {**_pages(), **paths},
        "components": {
            "parameters": {"token": _parameter("X-CSRF-Token", {"type": "string"}, "header")},
            "responses": {
                name: _response(described, kind) for name, described, kind in _ERRORS.values()
            },
            "schemas": _schemas(kinds),
        },
    }


def _describe(operation: Operation) -> Schema:
    parameters: list[Schema] = []
    if operation.method == "post":
        parameters.append({"$ref": "#/components/parameters/token"})
    if operation.query:
        fields = as_mapping(_schemas([operation.query])[operation.query.__name__]["properties"])
        parameters += [_parameter(name, as_mapping(field)) for name, field in fields.items()]
    found: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": {
            "200": _response(operation.described, operation.answer),
            **_refusals(*operation.errors),
        },
    }
    if operation.body:
        required = bool(_schemas([operation.body])[operation.body.__name__]["required"])
        found["requestBody"] = {"required": required, "content": _content(operation.body)}
    return found


def _pages() -> Schema:
    """Describe the page, this description, and the pictures, which are no JSON of ours."""
    hexadecimal = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
    sizes = {"enum": [*SIDES, "full"]}
    version = "The picture's `version`; with it the answer may be cached for ever"
    picture = {
        "operationId": "picture",
        "summary": "A picture by its opaque id",
        "parameters": [
            _parameter("picture_id", hexadecimal, "path"),
            _parameter("size", sizes, "path"),
            _parameter("v", {"type": "string", "description": version}),
        ],
        "responses": {
            "200": {
                "description": "Longest side 480, 1024 or 1600 pixels, or the original",
                "content": {"image/jpeg": {}, "image/png": {}, "image/webp": {}},
            },
            **_refusals(403, 404),
        },
    }
    return {
        "/": {"get": _page("page", "The review page", "HTML", "text/html")},
        "/desk": {"get": _page("desk_page", "The desk", "HTML", "text/html")},
        "/report": {"get": _page("report_page", "The report", "HTML", "text/html")},
        "/api/openapi.json": {
            "get": _page("description", "This description", "OpenAPI", "application/json")
        },
        "/picture/{picture_id}/{size}": {"get": picture},
    }


def _page(name: str, summary: str, described: str, mimetype: str) -> Schema:
    answer = {"description": described, "content": {mimetype: {}}}
    return {
        "operationId": name, "summary": summary, "responses": {"200": answer, **_refusals(403)},
    }  # fmt: skip


def _parameter(name: str, schema: Mapping[str, object], place: str = "query") -> Schema:
    found: Schema = {"name": name, "in": place, "required": place != "query"}
    if "description" in schema:
        found["description"] = schema["description"]
    return found | {"schema": {k: v for k, v in schema.items() if k != "description"}}


def _response(described: str, answer: Kind) -> Schema:
    return {"description": described, "content": _content(answer)}


def _content(kind: Kind) -> Schema:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{kind.__name__}"}}}


def _refusals(*errors: int) -> Schema:
    return {str(code): {"$ref": f"#/components/responses/{_ERRORS[code][0]}"} for code in errors}


def _schemas(kinds: Iterable[Kind]) -> dict[str, Schema]:
    """Return the schema of each structure and of those inside it, described by its docstring."""
    _, found = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    for name, schema in found.items():
        (kind,) = {vars(module)[name] for module in _DECLARED if name in vars(module)}
        schema["description"] = (inspect.getdoc(kind) or "").partition("\n\n")[0]
        for field, described in field_descriptions(kind).items():
            schema["properties"][field]["description"] = described
        for field in schema["properties"].values():
            for one in (field, *field.get("anyOf", ())):
                # Python's end of a text, in the words of JSON Schema.
                if "pattern" in one:
                    one["pattern"] = one["pattern"].replace(r"\Z", "$")
    return found


def field_descriptions(kind: Kind) -> dict[str, str]:
    """Return what the docstring of a structure says of each of its fields.

    Parameters
    ----------
    kind : type
        A structure with a section "Attributes" in numpydoc form.

    Returns
    -------
    dict of str to str
        Field -> its description in one line.
    """
    _, _, section = (inspect.getdoc(kind) or "").partition("Attributes\n----------\n")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section.partition("\n\n")[0].splitlines():
        if line.startswith(" "):
            found.update({name: f"{found[name]} {line.strip()}".strip() for name in names})
        else:
            names = [name.strip() for name in line.partition(" : ")[0].split(",")]
            found.update(dict.fromkeys(names, ""))
    return found
