import itertools
from dataclasses import replace

import cv2
import numpy as np

from prefml.imaging.faces import find_faces
from prefml.imaging.picture import Picture
from prefml.sample.render import render


def test_rendering_twice_gives_the_same_pixels(plans):
    first, second = render(plans[0]), render(plans[0])

    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_rendered_pictures_have_the_planned_size(plans):
    for image, pixels in zip(plans[5].images, render(plans[5]), strict=True):
        assert pixels.shape == (image.height, image.width, 3)


def test_stages_of_a_set_show_the_same_picture(plans):
    plan = next(
        one for one in plans if len(one.images) > 1 and not any(i.damage for i in one.images)
    )
    first, *others = (
        cv2.resize(pixels, (32, 32), interpolation=cv2.INTER_AREA) for pixels in render(plan)
    )
    for other in others:
        assert np.corrcoef(first.ravel(), other.ravel())[0, 1] > 0.98


def test_sets_of_one_project_show_different_pictures(plans):
    small = [
        cv2.resize(render(plan)[0], (32, 32), interpolation=cv2.INTER_AREA) for plan in plans[:4]
    ]
    for one, other in itertools.combinations(small, 2):
        assert np.abs(one.astype(int) - other).mean() > 5


def test_a_damaged_image_differs_from_the_same_without_damage(plans):
    plan = next(one for one in plans if one.lower_stage)
    sound = replace(plan, images=(*plan.images[:-1], replace(plan.images[-1], damage=None)))
    damaged, intact = render(plan)[-1], render(sound)[-1]
    assert damaged.shape == intact.shape
    assert np.abs(damaged.astype(int) - intact).mean() > 1


def test_the_subject_lies_in_its_box(plans):
    """Elsewhere two subjects on the same background differ little."""
    plan = next(one for one in plans if one.subject == "pagoda" and max(one.subject_box) < 0.9)
    moved = replace(plan, subject="flower")
    pagoda, flower = (render(one)[0].astype(int) for one in (plan, moved))
    height, width = pagoda.shape[:2]
    x1, y1, x2, y2 = (
        round(edge * side) for edge, side in zip(plan.subject_box, (width, height) * 2, strict=True)
    )
    changed = np.abs(pagoda - flower).mean(axis=2)
    inside = changed[max(y1, 0) : y2, max(x1, 0) : x2].mean()
    changed[max(y1, 0) : y2, max(x1, 0) : x2] = 0
    assert inside > 5 * changed.mean()


def test_a_damaged_portrait_differs_in_the_face_alone(plans):
    plan = next(one for one in plans if one.subject == "portrait" and one.lower_stage)
    sound = replace(plan, images=(*plan.images[:-1], replace(plan.images[-1], damage=None)))
    changed = np.abs(render(plan)[-1].astype(int) - render(sound)[-1]).max(axis=2)
    height, width = changed.shape
    x1, y1, x2, y2 = np.array(plan.subject_box) * [width, height, width, height]
    down, across = np.nonzero(changed)
    assert x1 <= across.min()
    assert across.max() <= x2
    assert y1 <= down.min()
    assert down.max() <= y2
    assert changed.max() > 20


def test_faces_of_portraits_are_found_and_no_face_elsewhere(plans):
    portraits = [one for one in plans if one.subject == "portrait"][:6]
    others = [one for one in plans if one.subject != "portrait"][:6]
    for some, expected in ((portraits, True), (others, False)):
        for plan in some:
            sound = next(i for i, image in enumerate(plan.images) if not image.damage)
            found = find_faces(Picture(render(plan)[sound]))
            assert bool(len(found.boxes)) == expected
