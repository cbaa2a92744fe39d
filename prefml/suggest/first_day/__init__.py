"""Begin without logs: sets are asked about, and a model is trained on the answers."""

from prefml.suggest.first_day.background import Background, Commands
from prefml.suggest.first_day.bring import begin, bring_new, made_workspace, read_beginning, staged
from prefml.suggest.first_day.folder import find_pictures
from prefml.suggest.first_day.order import order_questions
from prefml.suggest.first_day.questions import (
    Questions,
    picture_folders,
    preview,
    refuse_trained,
    write_questions,
)

__all__ = [
    "Background",
    "Commands",
    "Questions",
    "begin",
    "bring_new",
    "find_pictures",
    "made_workspace",
    "order_questions",
    "picture_folders",
    "preview",
    "read_beginning",
    "refuse_trained",
    "staged",
    "write_questions",
]
