"""From decisions and sidecars to tables of features; every arrow to the models passes here."""

from prefml.features.tables import (
    ChoiceTable,
    CropTable,
    choice_table,
    crop_columns,
    crop_table,
    image_rows,
)

__all__ = [
    "ChoiceTable",
    "CropTable",
    "choice_table",
    "crop_columns",
    "crop_table",
    "image_rows",
]
