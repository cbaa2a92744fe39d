import logging
import warnings

import pytest

from prefml.encoders.silence import silenced_libraries


def state():
    return list(logging.getLogger().handlers), logging.root.manager.disable, list(warnings.filters)


def test_inside_nothing_is_warned_of_or_logged(caplog):
    with silenced_libraries():
        warnings.warn("of no concern", UserWarning, stacklevel=1)
        logging.getLogger("library").warning("of no concern")
    assert caplog.text == ""


def test_errors_are_still_logged(caplog):
    with silenced_libraries():
        logging.getLogger("library").error("out of memory")
    assert "out of memory" in caplog.text


def test_a_library_that_configures_logging_finds_it_configured():
    root = logging.getLogger()
    with silenced_libraries():
        before = list(root.handlers)
        logging.basicConfig(level=logging.DEBUG)
        assert root.handlers == before


@pytest.mark.parametrize("error", [None, KeyError])
def test_everything_is_restored_afterwards(error):
    before = state()
    try:
        with silenced_libraries():
            if error:
                raise error
    except KeyError:
        pass
    assert state() == before
