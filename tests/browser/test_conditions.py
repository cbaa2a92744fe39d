"""The page under what people have: wide-gamut pictures, little motion, zoom, other scripts."""

import json
from io import BytesIO

import pytest
from PIL import Image, ImageCms

from ..imaging.profiles import rgb_profile
from ..review.drawn_workspace import suggestion, write_suggestions
from .test_widths import FRAMES, STATES

pytestmark = pytest.mark.browser

# Red, green and blue of a display P3 picture that sRGB can show, but by other numbers.
WIDE = ((190, 90, 80), (90, 170, 90), (90, 100, 180))


@pytest.fixture
def gamut(serve, reviewer, root):
    """Open a set of pictures of one colour each, with a profile of a wide gamut."""
    names = [f"images/p/{number}.png" for number in range(len(WIDE))]
    (root / "images/p").mkdir(parents=True)
    for name, colour in zip(names, WIDE, strict=True):
        profile = rgb_profile("display p3")
        Image.new("RGB", (400, 400), colour).save(root / name, icc_profile=profile)
    row = suggestion("p/g", names, 0, project_id="p")
    row["step2_crop"] = {"needs_crop": False, "crop_coords": None, "confidence": 0.9}
    write_suggestions(root, [row])
    return reviewer.open(serve())


def seen(person, selector):
    """Return the colour on the screen in the middle of each element."""
    person.page.locator(f"{selector} img").evaluate_all(
        "all => Promise.all(all.map(image => image.decode()))"
    )
    person.page.evaluate(FRAMES)
    boxes = [one.bounding_box() for one in person.page.locator(selector).all()]
    with Image.open(BytesIO(person.page.screenshot())) as shot:
        return [
            shot.convert("RGB").getpixel(
                (int(box["x"] + box["width"] / 2), int(box["y"] + box["height"] / 2))
            )
            for box in boxes
        ]


def in_srgb():
    source = ImageCms.ImageCmsProfile(BytesIO(rgb_profile("display p3")))
    target = ImageCms.createProfile("sRGB")
    one = (Image.new("RGB", (1, 1), colour) for colour in WIDE)
    return [ImageCms.profileToProfile(i, source, target).getpixel((0, 0)) for i in one]


def apart(found, wanted):
    return max(
        abs(a - b) for x, y in zip(found, wanted, strict=True) for a, b in zip(x, y, strict=True)
    )


def test_a_wide_gamut_picture_is_shown_as_srgb(gamut):
    # Without its profile each would be seen by its own numbers, which are other ones.
    assert apart(in_srgb(), WIDE) > 12
    assert apart(seen(gamut, ".tile .image"), in_srgb()) <= 3
    gamut.press("f")
    gamut.page.wait_for_timeout(300)
    assert apart(seen(gamut, ".pane"), in_srgb()) <= 3
    gamut.press("Escape", "b")


MOVING = """() => [...document.querySelectorAll('*')].filter(e => {
  const s = getComputedStyle(e);
  return s.animationName !== 'none' || !/^0s(, 0s)*$/.test(s.transitionDuration)
    || s.scrollBehavior === 'smooth' }).map(e => e.id || e.className || e.tagName)"""


def test_with_reduced_motion_nothing_moves_by_itself(person):
    person.page.emulate_media(reduced_motion="reduce")
    for state, keys in STATES.items():
        person.press(*keys)
        assert person.page.evaluate(MOVING) == [], state
        person.press("Escape")


HEBREW = "\u05d2\u05df \u05d4\u05e6\u05e4\u05d5\u05df"


@pytest.fixture
def hebrew(serve, reviewer, root):
    path = root / "sandbox" / "automation_decisions.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for row in rows:
        for at, name in enumerate(row["images"]):
            folder, _, _ = name.rpartition("/")
            row["images"][at] = f"{folder}/{HEBREW} {row['group_id'][-1]}{at}.png"
            (root / name).rename(root / row["images"][at])
        row["project_id"] = HEBREW
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return reviewer.open(serve())


# Left edge of a text inside an element.
LEFT = """(e, text) => { const walk = document.createTreeWalker(e, NodeFilter.SHOW_TEXT);
  for (let n = walk.nextNode(); n; n = walk.nextNode()) { const at = n.data.indexOf(text);
    if (at < 0) continue; const r = document.createRange(); r.setStart(n, at);
    r.setEnd(n, at + text.length); return r.getBoundingClientRect().left } return null }"""


def test_a_name_from_right_to_left_turns_nothing_but_itself(hebrew):
    heading = hebrew.page.locator("#heading")
    parts = [heading.evaluate(LEFT, text) for text in ("Set", "of", "\u05d2\u05df")]
    assert parts == sorted(parts)
    for caption in hebrew.page.locator(".caption").all():
        number, likely, name = (
            caption.locator(part).bounding_box()["x"] for part in (".number", ".likely", ".name")
        )
        assert number < likely < name
        # The size stands behind the name, which it would not where the name's direction held.
        assert caption.locator(".name").evaluate(LEFT, "208") > caption.locator(".name").evaluate(
            LEFT, "\u05d2"
        )
    assert hebrew.page.evaluate("document.documentElement.dir") == ""


@pytest.mark.parametrize(
    "context_options",
    [{"viewport": {"width": 720, "height": 450}, "device_scale_factor": 2}],
)
def test_at_200_percent_everything_can_be_reached_and_pictures_are_judged(person, context_options):
    heights = person.page.locator(".tile .frame").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().height)"
    )
    assert min(heights) > 200
    for name in ("approve", "undo", "submit", "bulk-open", "hide"):
        button = person.page.locator(f"#{name}")
        button.scroll_into_view_if_needed()
        assert button.bounding_box()["height"] >= 24
    person.page.locator("#approve").click()
    person.idle()
    assert person.api("progress")["approved"] == 1


SMALL = """all => all.filter(e => e.checkVisibility()).map(e => {
    const box = (e.closest('label') ?? e).getBoundingClientRect();
    return [e.id || e.textContent || e.ariaLabel, Math.min(box.width, box.height)] })
  .filter(([, least]) => least < 44).map(([name]) => name)"""


@pytest.mark.parametrize("context_options", [{"has_touch": True, "is_mobile": True}])
def test_in_every_state_what_is_touched_is_large_enough(person, context_options):
    small = {}
    for state, keys in STATES.items():
        person.press(*keys)
        place = "dialog[open]" if person.page.locator("dialog[open]").count() else "body"
        found = person.page.locator(f"{place} :is(button, select, input)").evaluate_all(SMALL)
        if found:
            small[state] = found
        person.press("Escape")
    assert small == {}
