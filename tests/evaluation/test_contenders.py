from __future__ import annotations

import pytest

from prefml.evaluation import contenders
from prefml.evaluation.contenders import (
    CROPPERS,
    RANKERS,
    check_names,
    chosen_contenders,
    left_out_contenders,
    missing_torch,
)
from prefml.exceptions import PrefmlError

COLUMNS = ("stage", "cue__sharpness", "emb__0000")


@pytest.fixture
def with_torch(monkeypatch):
    monkeypatch.setattr(contenders, "has_torch", lambda: True)


@pytest.fixture
def without_torch(monkeypatch):
    monkeypatch.setattr(contenders, "has_torch", lambda: False)


def names(chosen) -> set[str]:
    return {contender.name for contender in chosen}


def test_all_promised_rankers_take_part(with_torch):
    assert names(chosen_contenders(RANKERS, COLUMNS)) >= {
        "prefml", "highest_stage", "random", "linear", "neural",
    }  # fmt: skip


def test_all_promised_croppers_take_part(with_torch):
    assert names(chosen_contenders(CROPPERS, COLUMNS)) >= {
        "prefml", "constant_box", "full_frame", "neural",
    }  # fmt: skip


def test_prefml_comes_first():
    assert RANKERS[0].name == CROPPERS[0].name == "prefml"


def test_without_torch_the_nets_are_left_out_and_said_to_be(without_torch):
    assert not any(n.startswith("neural") for n in names(chosen_contenders(RANKERS, COLUMNS)))
    (note,) = missing_torch((*RANKERS, *CROPPERS))
    assert "make evaluate NEURAL=1" in note
    assert "pip install 'prefml[clip]'" in note


@pytest.mark.parametrize("asked", [["random"], ["constant_box", "linear"]])
def test_nets_that_nobody_asked_for_are_not_missed(without_torch, asked):
    assert missing_torch(RANKERS, asked) == []
    assert len(missing_torch(RANKERS, [*asked, "neural"])) == 1


def test_with_torch_no_net_is_missed(with_torch):
    assert missing_torch((*RANKERS, *CROPPERS)) == []


def test_without_embeddings_their_models_are_left_out_and_said_to_be(with_torch):
    assert "neural" not in names(chosen_contenders(CROPPERS, ("width", "height")))
    assert "no pictures" in left_out_contenders(CROPPERS, ("width", "height"))[0]


def test_without_stages_the_highest_is_no_baseline_and_that_is_said(with_torch):
    assert "highest_stage" not in names(chosen_contenders(RANKERS, COLUMNS, staged=False))
    assert left_out_contenders(RANKERS, COLUMNS, staged=False) == [
        "highest stage: no picture has a stage"
    ]


def test_with_everything_nothing_is_left_out(with_torch):
    assert left_out_contenders(RANKERS, COLUMNS) == []


def test_only_named_models_and_prefml_take_part(with_torch):
    assert names(chosen_contenders(RANKERS, COLUMNS, ["random"])) == {"prefml", "random"}


def test_an_unknown_model_is_refused_by_name():
    with pytest.raises(PrefmlError, match="no model 'oracle'"):
        check_names(["random", "oracle"])


def test_spaces_and_empty_names_do_no_harm():
    assert check_names([" random", ""]) == ("random",)


@pytest.mark.parametrize("contender", [*RANKERS, *CROPPERS], ids=lambda contender: contender.name)
def test_every_model_can_be_made(contender):
    assert hasattr(contender.make(3), "fit")
