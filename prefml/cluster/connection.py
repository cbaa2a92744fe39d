"""Connect to a Dask scheduler, with errors that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prefml.exceptions import ClusterError

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["connected", "wait_for_worker"]


@contextmanager
def connected(address: str, timeout: float = 30.0) -> Iterator[Client]:
    """Connect to a scheduler that has at least one worker.

    Parameters
    ----------
    address : str
        Such as `tcp://host:8786`.
    timeout : float, default=30.0
        Seconds to wait for the scheduler, and for a worker.

    Yields
    ------
    distributed.Client

    Raises
    ------
    ClusterError
        If Dask is not installed, nothing answers, or there is no worker.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError(
            f"Dask is not installed ({error})", None, "pip install 'prefml[scale]'"
        ) from error
    try:
        client = Client(address, timeout=timeout, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(
            f"no Dask scheduler at {address} ({error})",
            "an address such as tcp://host:8786",
            "dask scheduler",
        ) from error
    with client:
        wait_for_worker(client, timeout)
        yield client


def wait_for_worker(client: Client, timeout: float) -> None:
    """Wait until the scheduler has at least one worker.

    Parameters
    ----------
    client : distributed.Client
        The connection.
    timeout : float
        Seconds to wait.

    Raises
    ------
    ClusterError
        If there is none by then, or the connection is lost.
    """
    address = client.scheduler.address if client.scheduler else "the scheduler"
    try:
        client.wait_for_workers(1, timeout=timeout)
    except TimeoutError as error:
        raise ClusterError(
            f"{address} has had no worker for {timeout:.0f} s", None, f"dask worker {address}"
        ) from error
    except (OSError, RuntimeError) as error:
        raise ClusterError(
            f"{address} was lost ({error})",
            "a scheduler that runs on",
            "the same command; what was finished is kept",
        ) from error
