from pathlib import Path

import pytest

from prefml.encoders import EncoderSpec
from prefml.exceptions import EncoderMismatchError, ModelFileError, SidecarError
from prefml.imaging.cues import cue_identity
from prefml.models.compatibility import refuse_other_cues, refuse_other_encoder
from prefml.models.manifest import FORMAT, check_manifest

SPEC = EncoderSpec(
    "tower", 8, 32, "stretch", "bicubic", "none", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "l2", "0" * 64
)


def manifest(**entries):
    content = {"format": FORMAT, "kind": "crop", "class": "x", "sha256": "0" * 64, "versions": {}}
    return check_manifest({**content, "encoder": None, **entries}, Path("crop.manifest.json"))


def trained_on(spec):
    return {"id": spec.id, "identity": spec.identity, "name": "folder/tower"}


@pytest.mark.parametrize("cues", [None, cue_identity()])
def test_cues_that_are_measured_today_or_were_not_used_are_no_obstacle(cues):
    refuse_other_cues(manifest(cues=cues))


def test_a_model_of_other_cues_is_told_apart_and_comes_with_both_commands():
    with pytest.raises(ModelFileError, match=r"the crop model was trained on cues 0123") as caught:
        refuse_other_cues(manifest(cues="0123"))
    assert cue_identity() in caught.value.expected
    assert caught.value.run == "prefml embed, then prefml train"


@pytest.mark.parametrize("spec", [None, SPEC])
def test_a_model_that_learned_without_pictures_takes_any_vectors(spec):
    refuse_other_encoder(manifest(encoder=None), spec)


def test_vectors_of_the_same_identity_are_taken_whatever_their_encoder_is_called():
    called_otherwise = trained_on(SPEC) | {"id": "another name"}
    refuse_other_encoder(manifest(encoder=called_otherwise), SPEC)


def test_a_model_that_learned_from_pictures_names_the_encoder_it_lacks():
    with pytest.raises(SidecarError, match="no sidecars; the crop model") as caught:
        refuse_other_encoder(manifest(encoder=trained_on(SPEC)), None)
    assert caught.value.expected == "embeddings of tower"
    assert caught.value.run == "prefml embed --encoder folder/tower"


def test_vectors_of_another_encoder_are_refused_with_both_identities():
    other = trained_on(SPEC) | {"identity": "f" * 16}
    with pytest.raises(EncoderMismatchError) as caught:
        refuse_other_encoder(manifest(encoder=other), SPEC)
    assert SPEC.identity in caught.value.found
    assert "f" * 16 in caught.value.expected
    assert caught.value.run == "prefml embed --encoder folder/tower, or prefml train"
