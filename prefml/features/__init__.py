"""Join decisions and sidecars into the feature tables of the models."""

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
