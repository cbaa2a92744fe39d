from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from prefml.encoders.spec import EncoderSpec
from prefml.encoders.vectors import check_probe, cosines, l2_normalize, postprocess, probe_inputs
from prefml.exceptions import EncoderError

SPEC = EncoderSpec(
    "x", 4, 32, "stretch", "bicubic", "none", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), "l2", "0" * 64
)
UNLIKE = np.eye(3, 4, dtype=np.float32)
size = st.floats(1 / 1024, 1e3, width=32)
finite = size | size.map(lambda value: -value)


@given(hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=2), elements=finite))
def test_normalised_rows_have_length_one_and_keep_their_direction(vectors):
    scaled = l2_normalize(vectors)
    np.testing.assert_allclose(np.linalg.norm(scaled, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(cosines(scaled, vectors), 1, rtol=1e-5)


def test_a_row_of_zeros_stays_zero():
    assert not l2_normalize(np.zeros((2, 3), np.float32)).any()


def test_vectors_are_scaled_only_if_the_spec_says_so():
    rows = 3 * UNLIKE
    np.testing.assert_allclose(postprocess(rows, SPEC, 3), UNLIKE)
    np.testing.assert_array_equal(postprocess(rows, replace(SPEC, normalize="none"), 3), rows)


def test_wrong_length_is_refused_with_both_shapes():
    with pytest.raises(EncoderError, match=r"\(3, 5\).*\(3, 4\)"):
        postprocess(np.zeros((3, 5), np.float32), SPEC, 3)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused_with_their_count(bad):
    vectors = UNLIKE.copy()
    vectors[1, :2] = bad
    with pytest.raises(EncoderError, match="2 numbers"):
        postprocess(vectors, SPEC, 3)


@pytest.mark.parametrize("scale", [1, 2, 1000])
def test_the_same_vector_for_unlike_inputs_is_refused(scale):
    vectors = np.ones((3, 4), np.float32) * np.array([[1], [scale], [1]], np.float32)
    with pytest.raises(EncoderError, match="same vector"):
        check_probe(vectors, SPEC)


def test_two_equal_vectors_of_three_are_tolerated_only_if_they_differ_somewhere():
    with pytest.raises(EncoderError, match="zeros"):
        check_probe(np.concatenate([UNLIKE[:2], np.zeros((1, 4), np.float32)]), SPEC)
    check_probe(UNLIKE, SPEC)


def test_cosine_with_a_zero_row_is_nan():
    assert np.isnan(cosines(np.zeros((1, 3), np.float32), np.ones((1, 3), np.float32))).all()


def test_probes_are_unlike_and_always_the_same():
    probes = probe_inputs(SPEC)
    assert probes.shape == (3, 3, 32, 32)
    flat = probes.reshape(3, -1)
    assert np.abs(np.corrcoef(flat) - np.eye(3)).max() < 0.2
    np.testing.assert_array_equal(probes, probe_inputs(SPEC))
