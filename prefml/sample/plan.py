"""Plan sets, images, damages and a simulated person's choices as data, without pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from prefml.boxes import Box
from prefml.sample.crop_rule import CropDecision, decide_crop

__all__ = [
    "DAMAGES",
    "FACE_DAMAGES",
    "PROJECTS",
    "Damage",
    "ImagePlan",
    "ProjectPlan",
    "SetPlan",
    "plan_project",
    "plan_sample",
    "scaled_projects",
]

SEED = 20250301
DAMAGES = ("ringing", "smearing", "wrong_colour", "duplicated_patch")
# Of a portrait, the face alone is damaged.
FACE_DAMAGES = ("face_smeared", "face_pushed")
STAGE_NAMES = {
    1.0: "stage1_generated",
    1.5: "stage1.5_face_swapped",
    2.0: "stage2_upscaled",
    3.0: "stage3_enhanced",
}
# Side of a stage as a share of the last stage's side.
STAGE_SCALE = {1.0: 0.6, 1.5: 0.65, 2.0: 0.85, 3.0: 1.0}
STAGE_COMBINATIONS = (
    (1.0, 2.0),
    (1.0, 1.5),
    (1.5, 2.0),
    (1.0, 1.5, 2.0),
    (1.0, 2.0, 3.0),
    (1.0, 1.5, 2.0, 3.0),
)
STAGE_PROBABILITIES = (0.46, 0.14, 0.18, 0.14, 0.05, 0.03)
LONG_SIDES = (320, 384, 448, 512, 640, 768)
LONG_SIDE_PROBABILITIES = (0.36, 0.34, 0.18, 0.08, 0.03, 0.01)
ASPECTS = ((1, 1), (2, 3), (3, 2), (13, 19), (4, 3))
ASPECT_PROBABILITIES = (0.35, 0.25, 0.2, 0.1, 0.1)
# Height over width.
_HEIGHT_OF_SUBJECT = {"pagoda": 1.18, "flower": 1.0, "portrait": 1.37}
MILD_SHARE = 0.04
CROP_SHARE = 0.82
SESSIONS = 5


@dataclass(frozen=True)
class ProjectPlan:
    """Plan of a project.

    Attributes
    ----------
    name : str
        Project id and folder name.
    sets, lower : int
        Number of decided sets, and of those in which a lower stage is chosen.
    new_sets : int
        Number of sets nobody has decided yet.
    start : datetime
        First day of the person's work; `days` later it ends.
    days : int
        Days of work, both ends counted.
    extension : str
        Usual file type.
    background : str
        Background of its pictures.
    pagoda_share : float
        Share of pictures whose subject is the pagoda; the others show the flower.
    portraits : bool
        The subject of all pictures is a person instead.
    """

    name: str
    sets: int
    lower: int
    new_sets: int
    start: datetime
    days: int
    extension: str
    background: str
    pagoda_share: float
    portraits: bool = False

    @property
    def damages(self) -> tuple[str, ...]:
        """Kinds of damage that occur in its pictures."""
        return FACE_DAMAGES if self.portraits else DAMAGES


PROJECTS = (
    ProjectPlan("harbour", 205, 1, 5, datetime(2025, 3, 3), 7, ".jpg", "shore", 0.65),
    ProjectPlan("garden", 190, 9, 5, datetime(2025, 4, 7), 6, ".png", "leaves", 0.30),
    ProjectPlan("orchard", 185, 16, 5, datetime(2025, 5, 12), 8, ".png", "trees", 0.45),
    ProjectPlan("studio", 42, 5, 3, datetime(2025, 6, 2), 5, ".jpg", "dusk", 0.0, portraits=True),
    ProjectPlan("terrace", 190, 8, 5, datetime(2025, 6, 16), 9, ".png", "dusk", 0.50),
)


@dataclass(frozen=True)
class Damage:
    """Damage of a picture.

    Attributes
    ----------
    kind : str
        One of `DAMAGES` or `FACE_DAMAGES`.
    severity : float
        Between 0 and 1; from 0.5 the picture is never chosen.
    """

    kind: str
    severity: float


@dataclass(frozen=True)
class ImagePlan:
    """Plan of an image of a set.

    Attributes
    ----------
    name : str
        File name.
    stage : float
        Stage of the pipeline that made it.
    width, height : int
        Pixels.
    damage : Damage or None
        Its damage, if there is one.
    encoding : str or None
        An unusual encoding of `prefml.sample.encode.encode`.
    """

    name: str
    stage: float
    width: int
    height: int
    damage: Damage | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class SetPlan:
    """Plan of a set: the content of its images, their stages, and the decision.

    Attributes
    ----------
    project, number
        Project id and running number inside it.
    seed : int
        Seed of everything random in its pixels.
    subject : str
        `flower`, `pagoda` or `portrait`.
    subject_box : Box
        Where the subject lies, x1, y1, x2, y2 in fractions (may reach over the edge).
    images : tuple of ImagePlan
        The pictures, lowest stage first.
    chosen : int
        Index of the picture that is kept; without meaning for sets without a decision.
    decided : datetime
        Time of the decision.
    session : int
        Running number of the session inside the project.
    crop : CropDecision or None
        The crop decision on the kept picture, if there is one.
    """

    project: str
    number: int
    seed: int
    subject: str
    subject_box: Box
    images: tuple[ImagePlan, ...]
    chosen: int
    decided: datetime
    session: int
    crop: CropDecision | None = field(default=None)

    @property
    def chosen_image(self) -> ImagePlan:
        """Image that is kept."""
        return self.images[self.chosen]

    @property
    def lower_stage(self) -> bool:
        """Tell whether a lower stage than the highest is kept."""
        return self.chosen < len(self.images) - 1

    @property
    def key(self) -> str:
        """Time stamp of the first picture, which names the set."""
        return self.images[0].name[:15]


def scaled_projects(share: float) -> list[ProjectPlan]:
    """Return the projects with a share of their sets.

    Parameters
    ----------
    share : float
        Share of the sets; every project keeps at least 12.

    Returns
    -------
    list of ProjectPlan
    """
    return [
        replace(
            project,
            sets=max(12, round(share * project.sets)),
            lower=max(1, round(share * project.lower)),
        )
        for project in PROJECTS
    ]


def plan_sample(projects: Sequence[ProjectPlan]) -> tuple[list[SetPlan], list[SetPlan]]:
    """Plan the sets of all projects.

    Parameters
    ----------
    projects : sequence of ProjectPlan
        The projects.

    Returns
    -------
    decided, new : list of SetPlan
        Sets with a decision, and sets without.
    """
    decided: list[SetPlan] = []
    new: list[SetPlan] = []
    for project in projects:
        plans = plan_project(project)
        decided += plans[: project.sets]
        new += plans[project.sets :]
    return decided, new


def plan_project(project: ProjectPlan) -> list[SetPlan]:
    """Plan all sets of a project, the undecided ones last.

    Parameters
    ----------
    project : ProjectPlan
        The project.

    Returns
    -------
    list of SetPlan
        `project.sets` decided sets in order of time, then `project.new_sets` undecided ones.
    """
    rng = np.random.default_rng([SEED, *project.name.encode()])
    total = project.sets + project.new_sets
    levels = _damage_levels(project, rng)
    times = _capture_times(project.start - timedelta(days=3), total, rng)
    decisions = _decision_times(project, rng)
    return [
        _plan_set(project, number, next(times), levels[number], decisions[number], rng)
        for number in range(total)
    ]


def _damage_levels(project: ProjectPlan, rng: np.random.Generator) -> list[str]:
    levels = ["lower"] * project.lower
    levels += ["mild"] * round(MILD_SHARE * project.sets)
    levels += ["none"] * (project.sets - len(levels))
    new = ["lower"] + ["none"] * (project.new_sets - 1)
    return [*rng.permutation(levels), *rng.permutation(new)]


def _capture_times(
    start: datetime, sets: int, rng: np.random.Generator
) -> Iterator[Iterator[datetime]]:
    now = start + timedelta(hours=7, seconds=int(rng.integers(3600)))

    def rising() -> Iterator[datetime]:
        nonlocal now
        while True:
            yield now
            gap = np.clip(rng.lognormal(np.log(83), 0.7), 14, 300)
            now += timedelta(seconds=round(gap))

    for _ in range(sets):
        yield rising()
        now += timedelta(seconds=int(rng.integers(20, 90)))


def _decision_times(project: ProjectPlan, rng: np.random.Generator) -> list[tuple[int, datetime]]:
    spread = np.sort(rng.uniform(0, 8 * 3600, project.sets + project.new_sets))
    session = np.arange(len(spread)) * SESSIONS // len(spread)
    day = session * (project.days - 1) // (SESSIONS - 1)
    return [
        (int(s), project.start + timedelta(days=int(d), hours=9, seconds=int(t)))
        for s, d, t in zip(session, day, spread, strict=True)
    ]


def _plan_set(
    project: ProjectPlan,
    number: int,
    times: Iterator[datetime],
    level: str,
    decision: tuple[int, datetime],
    rng: np.random.Generator,
) -> SetPlan:
    subject = "pagoda" if rng.random() < project.pagoda_share else "flower"
    subject = "portrait" if project.portraits else subject
    stages = STAGE_COMBINATIONS[int(rng.choice(len(STAGE_COMBINATIONS), p=STAGE_PROBABILITIES))]
    damages = _draw_damages(project.damages, level, len(stages), rng)
    long_side = LONG_SIDES[int(rng.choice(len(LONG_SIDES), p=LONG_SIDE_PROBABILITIES))]
    across, down = ASPECTS[int(rng.choice(len(ASPECTS), p=ASPECT_PROBABILITIES))]
    unit = long_side / max(across, down) / STAGE_SCALE[stages[-1]]
    images = tuple(
        ImagePlan(
            f"{next(times):%Y%m%d_%H%M%S}_{STAGE_NAMES[stage]}{project.extension}",
            stage,
            max(96, round(unit * across * STAGE_SCALE[stage])),
            max(96, round(unit * down * STAGE_SCALE[stage])),
            damage,
        )
        for stage, damage in zip(stages, damages, strict=True)
    )
    # The highest stage that is not badly damaged.
    chosen = max(i for i, damage in enumerate(damages) if not damage or damage.severity < 0.5)
    box = _draw_subject_box(images[chosen], subject, rng)
    session, decided = decision
    crop = decide_crop(box, images[chosen].width, images[chosen].height, rng)
    cropped = number < project.sets and rng.random() < CROP_SHARE
    images = _draw_encoding(images, rng)
    seed = int(rng.integers(2**31))
    return SetPlan(
        project.name, number, seed, subject, box, images, chosen, decided, session,
        crop if cropped else None,
    )  # fmt: skip


def _draw_damages(
    kinds: Sequence[str], level: str, count: int, rng: np.random.Generator
) -> list[Damage | None]:
    damages: list[Damage | None] = [None] * count
    kind = kinds[int(rng.integers(len(kinds)))]
    if level == "mild":
        damages[int(rng.integers(count))] = Damage(kind, float(rng.uniform(0.05, 0.25)))
    if level == "lower":
        damages[-1] = Damage(kind, float(rng.uniform(0.75, 1.0)))
        if count > 2 and rng.random() < 0.3:
            damages[-2] = Damage(kind, float(rng.uniform(0.75, 1.0)))
    return damages


def _draw_subject_box(image: ImagePlan, subject: str, rng: np.random.Generator) -> Box:
    close_up = rng.random() < 0.09
    extent = float(rng.uniform(0.86, 1.05) if close_up else rng.uniform(0.26, 0.64))
    tall = image.width / image.height * _HEIGHT_OF_SUBJECT[subject]
    width, height = (extent / tall, extent) if tall > 1 else (extent, extent * tall)
    x = float(rng.uniform(0.04, max(0.05, 0.96 - width))) if width < 0.9 else 0.5 - width / 2
    y = float(rng.uniform(0.04, max(0.05, 0.96 - height))) if height < 0.9 else 0.5 - height / 2
    return Box(x, y, x + width, y + height)


def _draw_encoding(
    images: tuple[ImagePlan, ...], rng: np.random.Generator
) -> tuple[ImagePlan, ...]:
    if rng.random() >= 0.06:
        return images
    index = int(rng.integers(len(images)))
    odd = {
        ".png": ("palette", "sixteen_bit", "alpha"),
        ".jpg": ("exif_rotated", "cmyk", "exif_rotated"),
    }
    image = images[index]
    choices = odd[image.name[-4:]]
    encoding = choices[int(rng.integers(len(choices)))]
    changed = ImagePlan(image.name, image.stage, image.width, image.height, image.damage, encoding)
    return (*images[:index], changed, *images[index + 1 :])
