import itertools
from datetime import datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prefml.sample.plan import (
    DAMAGES,
    FACE_DAMAGES,
    PROJECTS,
    plan_project,
    plan_sample,
    scaled_projects,
)


def test_highest_stage_is_chosen_in_about_96_percent(plans):
    share = np.mean([not plan.lower_stage for plan in plans])

    assert 0.95 <= share <= 0.97


def test_at_least_thirty_sets_choose_a_lower_stage(plans):
    assert sum(plan.lower_stage for plan in plans) >= 30


def test_share_of_lower_stage_sets_differs_between_projects():
    shares = [project.lower / project.sets for project in PROJECTS]

    assert min(shares) < 0.01
    assert 0.08 < max(shares) < 0.12


def test_a_lower_stage_is_chosen_only_when_every_higher_one_is_badly_damaged(plans):
    for plan in plans:
        higher = plan.images[plan.chosen + 1 :]
        assert all(image.damage and image.damage.severity > 0.5 for image in higher)


def test_the_chosen_picture_is_never_badly_damaged(plans):
    assert all(not s.chosen_image.damage or s.chosen_image.damage.severity < 0.5 for s in plans)


def test_every_kind_of_damage_occurs_in_lower_stage_sets(plans):
    found = {s.images[-1].damage.kind for s in plans if s.lower_stage}
    assert found == {*DAMAGES, *FACE_DAMAGES}


def test_of_portraits_only_the_face_is_damaged_and_of_others_no_face(plans):
    for plan in plans:
        kinds = {image.damage.kind for image in plan.images if image.damage}
        assert kinds <= set(FACE_DAMAGES if plan.subject == "portrait" else DAMAGES)


def test_stages_of_a_picture_lie_14_to_300_seconds_apart(plans):
    for plan in plans:
        times = [datetime.strptime(image.name[:15], "%Y%m%d_%H%M%S") for image in plan.images]
        gaps = np.diff(np.array(times)) / np.timedelta64(1, "s")
        assert ((gaps >= 14) & (gaps <= 300)).all()


def test_stages_rise_inside_a_set_and_fall_between_sets():
    for project in PROJECTS:
        planned = plan_project(project)
        for plan in planned:
            assert all(np.diff([image.stage for image in plan.images]) > 0)
        for before, after in itertools.pairwise(planned):
            assert after.images[0].stage <= before.images[-1].stage
            assert after.images[0].name > before.images[-1].name


def test_later_stages_are_larger(plans):
    for plan in plans:
        areas = [image.width * image.height for image in plan.images]
        assert areas == sorted(areas)


def test_pictures_of_odd_encodings_are_among_them(plans):
    encodings = {image.encoding for plan in plans for image in plan.images}

    assert encodings == {None, "palette", "sixteen_bit", "alpha", "exif_rotated", "cmyk"}


def test_a_project_has_the_sets_that_it_plans():
    for project in PROJECTS:
        planned = plan_project(project)
        assert len(planned) == project.sets + project.new_sets
        assert sum(plan.lower_stage for plan in planned[: project.sets]) == project.lower
        assert all(plan.crop is None for plan in planned[project.sets :])


def test_planning_twice_gives_the_same_plan():
    assert plan_project(PROJECTS[0]) == plan_project(PROJECTS[0])


def test_decisions_come_in_order_and_within_the_days_of_the_work(plans):
    for project in PROJECTS:
        own = [plan for plan in plans if plan.project == project.name]
        times = [plan.decided for plan in own]
        assert times == sorted(times)
        assert project.start <= times[0]
        assert times[-1] < project.start + timedelta(days=project.days)


def test_decided_and_new_sets_are_told_apart():
    projects = scaled_projects(0.1)
    decided, new = plan_sample(projects)
    assert len(decided) == sum(project.sets for project in projects)
    assert len(new) == sum(project.new_sets for project in projects)


@given(st.floats(0, 1))
def test_a_scaled_project_keeps_a_few_sets_and_one_of_a_lower_stage(share):
    for small, whole in zip(scaled_projects(share), PROJECTS, strict=True):
        assert 12 <= small.sets <= whole.sets
        assert 1 <= small.lower <= whole.lower
        assert small.name == whole.name
