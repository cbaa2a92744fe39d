"""What a notebook shows of the estimators, and the tutorial that needs none."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from prefml import CropRegressor, SetRanker

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(params=["unfitted", "fitted"])
def estimators(request):
    ranker, cropper = SetRanker(n_estimators=3, min_child_samples=1), CropRegressor(min_side=0.25)
    if request.param == "fitted":
        X = np.arange(20.0)[:, None]
        ranker.fit(X, np.tile([0, 1], 10), set_id=np.repeat(np.arange(10), 2))
        cropper.fit(X, np.tile([0.1, 0.1, 0.9, 0.9], (20, 1)))
    return ranker, cropper


def test_a_notebook_shows_the_parameters_that_were_set(estimators):
    for estimator, name, value in zip(
        estimators, ("min_child_samples", "min_side"), ("1", "0.25"), strict=True
    ):
        page = estimator._repr_html_()
        assert type(estimator).__name__ in page
        (row,) = re.findall(rf'<tr class="user-set">(?:(?!</tr>).)*{name}.*?</tr>', page, re.S)
        assert value in row


def test_a_notebook_links_to_no_page_of_another_library(estimators):
    for estimator in estimators:
        links = re.findall(r'href="([^"]*)"', estimator._repr_html_())
        assert not [link for link in links if "prefml" not in link]


def test_a_notebook_says_whether_an_estimator_is_fitted(estimators):
    fitted = hasattr(estimators[0], "score_")
    for estimator in estimators:
        assert ("<span>Fitted</span>" in estimator._repr_html_()) is fitted


def test_the_tutorial_runs(trained, tmp_path):
    shutil.copytree(trained, tmp_path / "tutorial")
    words = [sys.executable, "-W", "error", ROOT / "examples" / "tutorial.py", "tutorial"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "0 pictures embedded" in done.stdout
    assert re.search(r"the person's choice is first: [01]\.\d\d", done.stdout)
    assert re.search(r"box \[.*\], (sure|fairly sure|unsure): about", done.stdout)
