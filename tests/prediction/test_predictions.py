import numpy as np
import pandas as pd
import pytest

from prefml.prediction import CropProposal, PictureRows


def proposal(box):
    return CropProposal(0.5, box, 0.5, (), (), "fairly sure")


@pytest.mark.parametrize(
    ("box", "whole"),
    [
        ((0.0, 0.0, 1.0, 1.0), True),
        ((0.0, 0.0, 1.0, 0.9), False),
        ((0.2, 0.0, 1.0, 1.0), False),
        ((0.1, 0.1, 0.9, 0.9), False),
    ],
)
def test_only_a_box_without_an_edge_inside_keeps_the_picture_whole(box, whole):
    assert proposal(box).keeps_whole is whole


@pytest.mark.parametrize("n", [1, 3])
def test_there_are_as_many_rows_as_pictures(n):
    names = tuple(f"{i}.png" for i in range(n))
    rows = PictureRows(names, np.ones((n, 2)), np.ones(n), np.ones((n, 4)), pd.DataFrame())
    assert len(rows) == n
