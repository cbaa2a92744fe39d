import json
import re
from importlib.resources import files

import pytest

from prefml.review import create_app
from prefml.review.groups import parse_group
from prefml.review.outcome import ACTIONS, TAGS
from prefml.review.requests import _DECIDE, _SHOWN, _TAG
from prefml.review.service import FILTERS
from prefml.review.thumbnails import SIDES

DESCRIPTION = json.loads(files("prefml.review").joinpath("static/openapi.json").read_text("utf-8"))
SCHEMAS = DESCRIPTION["components"]["schemas"]


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


def test_fields_and_words_are_those_of_the_code():
    decide, tag = SCHEMAS["Decide"]["properties"], SCHEMAS["Tag"]["properties"]
    assert set(decide) == set(_DECIDE)
    assert set(decide["shown"]["properties"]) == set(_SHOWN)
    assert set(tag) == set(_TAG)
    assert decide["action"]["enum"] == list(ACTIONS)
    listed = tag["image_tags"]["additionalProperties"]["items"]["enum"]
    assert listed == list(TAGS)
    parameters = DESCRIPTION["components"]["parameters"]
    assert parameters["filter"]["schema"]["enum"] == list(FILTERS)
    assert parameters["picture"]["schema"]["enum"] == list(SIDES)


@pytest.mark.parametrize("path", ["load_batch", "queue", "progress", "budget"])
def test_answers_have_the_fields_that_are_described(client, path):
    described = DESCRIPTION["paths"][f"/api/automation/{path}"]["get"]["responses"]["200"]
    schema = described["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].split("/")[-1]]
    assert set(schema["required"]) == set(client.get(path))


def test_a_group_has_the_fields_that_are_described(client):
    group = client.get("load_batch", size=1)["groups"][0]
    assert set(SCHEMAS["Group"]["required"]) == set(group)
    image = SCHEMAS["Group"]["properties"]["images"]["items"]
    assert set(image["required"]) == set(group["images"][0])


def test_the_description_is_served(client):
    assert client.http.get("/api/openapi.json", buffered=True).get_json() == DESCRIPTION


def test_a_group_without_anything_is_described_without_holes(client):
    assert parse_group({"group_id": "g", "images": ["a.png"]}).project == ""
