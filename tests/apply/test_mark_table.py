import pytest

from prefml.apply.mark_table import PRESETS, mark_table
from prefml.decisions.xmp import new_packet, read_packet
from prefml.decisions.xmp.marks import FIELDS, read_marks
from prefml.exceptions import ConfigError
from prefml.workspace import Config


def marks_of(values):
    return read_marks(read_packet(new_packet({n: v for n, v in values.items() if v is not None})))


@pytest.mark.parametrize("name", PRESETS)
def test_what_a_preset_writes_is_read_as_what_it_means(name):
    table = PRESETS[name]
    winner, loser = marks_of(table.winner), marks_of(table.loser)
    assert winner.flag == "picked" or winner.rating == 5
    assert loser.flag == "rejected" or loser.rating == -1


def test_digikam_is_told_no_rating_that_it_does_not_know():
    assert FIELDS["rating"] not in PRESETS["digikam"].loser


def test_settings_change_a_preset_field_by_field():
    config = Config(marks="darktable", winner_marks={"rating": 3, "label": "Blue"},
                    loser_marks={"rating": ""})  # fmt: skip
    table = mark_table(config)
    assert table.winner == {FIELDS["rating"]: "3", FIELDS["label"]: "Blue"}
    assert table.loser == {FIELDS["rating"]: None}
    assert mark_table(config, "lightroom").winner[FIELDS["pick"]] == "1"


def test_without_settings_it_is_that_of_lightroom():
    assert mark_table(Config()) == PRESETS["lightroom"]


@pytest.mark.parametrize(
    "config",
    [
        Config(marks="picasa"),
        Config(winner_marks={"stars": 3}),
        Config(winner_marks={"rating": 9}),
        Config(loser_marks={"pick": 2}),
        Config(loser_marks={"label": ["Red"]}),
        Config(loser_marks={"label": "\x01"}),
    ],
)
def test_what_no_program_would_understand_is_refused(config):
    with pytest.raises(ConfigError, match="picks"):
        mark_table(config)
