import pytest

from prefml.cli.crop import _text


@pytest.fixture
def picture(trained):
    return sorted(path for path in (trained / "new").rglob("*.*") if path.is_file())[0]


def test_the_box_lies_inside_and_keeps_the_aspect(prefml, trained, picture):
    ran = prefml("--workspace", trained, "crop", picture, "--json")
    assert ran.status == 0
    x1, y1, x2, y2 = ran.json["box"]
    assert 0 <= x1 < x2 <= 1
    assert 0 <= y1 < y2 <= 1
    assert x2 - x1 == pytest.approx(y2 - y1)


def test_two_alternatives_come_with_probabilities(prefml, trained, picture):
    found = prefml("--workspace", trained, "crop", picture, "--json").json
    assert len(found["alternatives"]) == 2
    for option in found["alternatives"]:
        assert 0 <= option["probability"] <= 1
        assert option["box"] != found["box"]
    assert 0 <= found["keep_probability"] <= 1


def test_the_text_says_what_to_do_and_how_sure(prefml, trained, picture):
    out = prefml("--workspace", trained, "crop", picture).out
    assert out.startswith(("crop to", "keep it whole"))
    assert "%" in out


@pytest.mark.parametrize("ratio", ["4:5", "0.8"])
def test_another_aspect_is_kept_in_pixels(prefml, trained, picture, ratio):
    from PIL import Image

    with Image.open(picture) as image:
        width, height = image.size
    found = prefml("--workspace", trained, "crop", picture, "--aspect", ratio, "--json").json
    x1, y1, x2, y2 = found["box"]
    assert (x2 - x1) * width / ((y2 - y1) * height) == pytest.approx(0.8, rel=1e-6)


@pytest.mark.parametrize("ratio", ["4:0", "wide", "-1", "nan", "1000"])
def test_a_ratio_that_is_none_is_wrong_usage(prefml, trained, picture, ratio):
    ran = prefml("--workspace", trained, "crop", picture, f"--aspect={ratio}")
    assert ran.status == 2
    assert "4:5" in ran.err


def test_a_missing_picture_is_named(prefml, trained):
    ran = prefml("--workspace", trained, "crop", "none.png")
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert "none.png" in ran.err


def proposal(box, alternatives, keep=0.43, probability=0.63):
    from prefml.prediction import CropProposal

    return CropProposal(keep, box, probability, alternatives, ("a reason",), "fairly sure")


WHOLE, PART = (0.0, 0.0, 1.0, 1.0), (0.1, 0.0, 0.9, 0.8)


def test_of_a_picture_that_is_kept_whole_one_probability_is_said():
    text = _text(proposal(WHOLE, ((PART, 0.3),)))
    assert text == (
        "keep it whole  (63%; fairly sure)\nor crop to 0.100 0.000 0.900 0.800  (30%)\na reason"
    )


def test_keeping_it_whole_as_an_alternative_is_said_in_words():
    assert "or keep it whole  (30%)" in _text(proposal(PART, ((WHOLE, 0.3),)))


def test_where_only_crops_are_offered_the_probability_of_none_is_said():
    assert "kept whole with probability 43%" in _text(proposal(PART, ((PART, 0.3),)))
