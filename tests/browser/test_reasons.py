"""Reasons show where they are seen, and how much, on request."""

import json

import pytest
from PIL import Image, ImageFilter

from prefml.review import FoundPeople

pytestmark = pytest.mark.browser

FACE = (0.3, 0.3, 0.7, 0.6)
REASONS = ["sharper", "mainly sharper face", "higher stage", "against it: darker"]


@pytest.fixture
def reviewer_of_reasons(serve, reviewer, root):
    path = root / "sandbox" / "automation_decisions.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    rows[0]["reasons"] = REASONS
    rows[0]["step1_selection"]["probabilities"] = [0.04, 0.1, 0.86]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    with Image.open(root / rows[0]["images"][2]) as image:
        soft = image.filter(ImageFilter.GaussianBlur(2))
    soft.save(root / rows[0]["images"][1])
    return reviewer.open(serve(people=lambda project, name: FoundPeople((FACE,), ())))


def shown(person):
    marks = ("reason-place", "reason-heat", "reason-number")
    return [person.find(name).count() for name in marks]


def test_a_reason_shows_its_place_and_number_while_it_is_looked_at(reviewer_of_reasons):
    person = reviewer_of_reasons
    reasons = person.page.locator("#why .reason")
    assert reasons.all_inner_texts() == [REASONS[0], REASONS[1], REASONS[3]]
    assert shown(person) == [0, 0, 0]
    person.find("reason").nth(0).hover()
    assert shown(person) == [0, 1, 1]
    assert "sharper than picture 2" in person.find("reason-number").inner_text()
    person.page.mouse.move(5, 5)
    assert shown(person) == [0, 0, 0]
    person.find("reason").nth(1).focus()
    assert shown(person) == [3, 0, 1]
    person.page.keyboard.press("Enter")
    person.page.locator("#group").focus()
    assert shown(person) == [3, 0, 1]
    person.press("ArrowDown", "ArrowUp")
    assert shown(person) == [0, 0, 0]


def test_the_heat_is_where_the_pictures_differ(reviewer_of_reasons):
    person = reviewer_of_reasons
    person.find("reason").nth(0).click()
    canvas = person.find("reason-heat")
    script = """e => { const d = e.getContext('2d').getImageData(0, 0, e.width, e.height).data;
      return [...d].filter((_, at) => at % 4 === 3).reduce((n, a) => n + (a > 60), 0)
        / (e.width * e.height) }"""
    # The edges of hills and tower, not the sky.
    assert 0.005 < canvas.evaluate(script) < 0.5
    frame = person.page.locator(".tile.suggested .frame").bounding_box()
    assert canvas.bounding_box() == frame


def test_a_reason_is_worked_without_a_mouse_and_without_a_finding(reviewer_of_reasons):
    from .test_accessibility import findings

    person = reviewer_of_reasons
    person.find("reason").nth(1).press("Space")
    assert person.find("reason").nth(1).get_attribute("aria-pressed") == "true"
    assert findings(person.page) == []
