import inspect
import json
import re

import msgspec
import pytest

from prefml.review import answers, create_app, desk_answers, hints, requests
from prefml.review.openapi import OPERATIONS, describe_api, field_descriptions
from prefml.review.thumbnails import SIDES

DESCRIPTION = describe_api()
SCHEMAS = DESCRIPTION["components"]["schemas"]


def structures():
    modules = (answers, desk_answers, hints, requests)
    found = [value for module in modules for value in vars(module).values()]
    kinds = [one for one in found if inspect.isclass(one) and issubclass(one, msgspec.Struct)]
    return sorted({kind for kind in kinds if kind is not msgspec.Struct}, key=lambda k: k.__name__)


DESCRIBED = [kind for kind in structures() if not kind.__name__.endswith("Query")]


def test_every_route_is_described_and_nothing_else(workspace):
    app = create_app(workspace)
    routes = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, item in DESCRIPTION["paths"].items() for method in item}
    assert routes == described
    app.extensions["prefml"].close()


def test_every_reference_leads_somewhere():
    for path in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(DESCRIPTION))):
        place = DESCRIPTION
        for part in path.split("/"):
            place = place[part]


def test_the_description_is_served(client):
    assert client.http.get("/api/openapi.json", buffered=True).get_json() == DESCRIPTION


def test_every_structure_is_described_and_nothing_else():
    assert set(SCHEMAS) == {kind.__name__ for kind in DESCRIBED}


@pytest.mark.parametrize("kind", DESCRIBED, ids=lambda kind: kind.__name__)
def test_a_schema_has_the_fields_of_its_structure_and_asks_for_those_without_default(kind):
    fields = msgspec.structs.fields(kind)
    schema = SCHEMAS[kind.__name__]
    assert list(schema["properties"]) == [field.encode_name for field in fields]
    assert schema["required"] == [field.encode_name for field in fields if field.required]
    closed = kind.__struct_config__.forbid_unknown_fields
    assert schema.get("additionalProperties", True) is not closed


@pytest.mark.parametrize("kind", structures(), ids=lambda kind: kind.__name__)
def test_every_field_of_a_structure_is_described_in_its_docstring(kind):
    names = [field.name for field in msgspec.structs.fields(kind)]
    found = field_descriptions(kind)
    assert sorted(found) == sorted(names)
    assert all(found.values())


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_an_operation_has_the_parameters_body_and_answer_of_its_structures(operation):
    described = DESCRIPTION["paths"][f"/api/automation/{operation.name}"][operation.method]
    inside = [one for one in described["parameters"] if one.get("in") == "query"]
    fields = msgspec.structs.fields(operation.query) if operation.query else ()
    assert [one["name"] for one in inside] == [field.name for field in fields]
    answer = described["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": f"#/components/schemas/{operation.answer.__name__}"}
    if operation.body:
        body = described["requestBody"]
        needed = any(field.required for field in msgspec.structs.fields(operation.body))
        assert body["required"] is needed
        assert operation.body.__name__ in json.dumps(body)


def test_a_change_needs_the_token():
    for operation in OPERATIONS:
        path = DESCRIPTION["paths"][f"/api/automation/{operation.name}"]
        parameters = path[operation.method]["parameters"]
        asks = {"$ref": "#/components/parameters/token"} in parameters
        assert asks is (operation.method == "post")


def test_a_pattern_is_one_of_json_schema():
    assert SCHEMAS["Empty"]["properties"]["event_id"]["pattern"] == "^[A-Za-z0-9_-]{8,64}$"
    assert r"\Z" not in json.dumps(DESCRIPTION)


def test_the_sizes_of_pictures_are_those_that_are_made():
    parameters = DESCRIPTION["paths"]["/api/automation/load_batch"]["get"]["parameters"]
    (picture,) = [one for one in parameters if one["name"] == "picture"]
    assert set(picture["schema"]["enum"]) == set(SIDES)


def test_a_docstring_is_read_by_its_attributes():
    class Documented(msgspec.Struct):
        """Sum.

        Attributes
        ----------
        one, other : int
            A number
            in two lines.
        third : {"a : b"}
            A choice.

        Raises
        ------
        ValueError
            Never.
        """

    assert field_descriptions(Documented) == {
        "one": "A number in two lines.", "other": "A number in two lines.", "third": "A choice.",
    }  # fmt: skip
