"""Begin without logs: sets are asked about, and a model is trained on the answers."""

from prefml.suggest.first_day.alike import ALIKE, find_sets, state_rule
from prefml.suggest.first_day.background import Background, Commands
from prefml.suggest.first_day.bring import begin, bring_new, made_workspace, read_beginning, staged
from prefml.suggest.first_day.folder import find_pictures
from prefml.suggest.first_day.order import order_questions
from prefml.suggest.first_day.questions import (
    Questions,
    picture_folders,
    refuse_trained,
    write_questions,
)

__all__ = [
    "ALIKE",
    "Background",
    "Commands",
    "Questions",
    "begin",
    "bring_new",
    "find_pictures",
    "find_sets",
    "made_workspace",
    "order_questions",
    "picture_folders",
    "read_beginning",
    "refuse_trained",
    "staged",
    "state_rule",
    "write_questions",
]
