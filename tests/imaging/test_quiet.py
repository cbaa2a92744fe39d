import threading
import warnings

import pytest
from PIL import Image

from prefml.imaging.quiet import quiet_pillow


@pytest.fixture
def limited(monkeypatch):
    """Give Pillow a size limit of its own, and return it."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1234)
    return 1234


def warn_as_pillow():
    warnings.warn_explicit("odd tag", UserWarning, "TiffImagePlugin.py", 1, "PIL.TiffImagePlugin")


def test_inside_there_is_no_limit_and_pillow_does_not_warn(limited):
    with quiet_pillow():
        assert Image.MAX_IMAGE_PIXELS is None
        warn_as_pillow()
    assert limited == Image.MAX_IMAGE_PIXELS
    with pytest.warns(UserWarning, match="odd tag"):
        warn_as_pillow()


def test_warnings_of_others_are_not_silenced():
    with quiet_pillow(), pytest.warns(UserWarning, match="mine"):
        warnings.warn("mine", UserWarning, stacklevel=1)


def test_both_settings_come_back_after_an_error(limited):
    before = list(warnings.filters)
    with pytest.raises(KeyError), quiet_pillow():
        raise KeyError
    assert (Image.MAX_IMAGE_PIXELS, list(warnings.filters)) == (limited, before)


def test_the_last_thread_out_restores_whatever_the_order(limited):
    inside, leave = threading.Event(), threading.Event()

    def stay():
        with quiet_pillow():
            inside.set()
            leave.wait(60)

    other = threading.Thread(target=stay)
    with quiet_pillow():
        other.start()
        inside.wait(60)
    # The first one in has left; the second still decodes.
    assert Image.MAX_IMAGE_PIXELS is None
    leave.set()
    other.join()
    assert limited == Image.MAX_IMAGE_PIXELS
