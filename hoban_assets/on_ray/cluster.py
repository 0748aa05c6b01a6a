"""The Ray cluster that the settings name: whether it is meant, answers, and is large enough."""

from __future__ import annotations

import functools
import importlib.util
import logging
import urllib.error
import urllib.request
from typing import Any

from hoban_assets.errors import HobanError
from hoban_assets.on_ray.jobs import first_line
from hoban_assets.settings import Settings

PLACES = ("local", "ray", "auto")
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
"""Ray sets no limit itself: a step would hang for ever behind a VPN that went away."""
_PAGE = "docs/train-on-ray.md"


def runs_on_ray(choice: str, settings: Settings) -> bool:
    """Whether `choice` ('local', 'ray', 'auto') means the cluster.

    Raises:
        HobanError: it does, and there is no address, or Ray is not installed here.
    """
    if choice == "local" or (choice == "auto" and not settings.ray_address):
        return False
    if not settings.ray_address:
        raise HobanError(
            "'ray' was chosen, but RAY_ADDRESS is not set",
            f"set RAY_ADDRESS to http://<head node>:8265, or choose 'local' ({_PAGE})",
        )
    if not settings.ray_address.startswith(("http://", "https://")):
        raise HobanError(
            f"RAY_ADDRESS={settings.ray_address!r} is not the address of a Ray dashboard",
            "it begins with http:// and ends in the dashboard's port, as http://gpu-server:8265",
        )
    missing = [name for name in ("ray", "dagster_ray") if importlib.util.find_spec(name) is None]
    if missing:
        raise HobanError(
            f"'ray' was chosen, but {missing[0]} is not installed here",
            "pip install 'hoban_assets[ray]', or choose 'local'",
        )
    return True


def connect(address: str) -> Any:
    """Return a client for the jobs of the cluster at `address`.

    Raises:
        HobanError: nothing answers there, or nothing of Ray.
    """
    from ray.job_submission import JobSubmissionClient

    logging.getLogger("ray.dashboard").setLevel(logging.WARNING)  # a line for each connection
    try:
        with urllib.request.urlopen(f"{address}/api/version", timeout=CONNECT_SECONDS):  # noqa: S310
            pass
    except urllib.error.HTTPError:
        pass  # somebody is there; Ray's own words say what is wrong
    except (OSError, ValueError) as error:
        raise HobanError(
            f"no Ray cluster answers at RAY_ADDRESS={address} ({first_line(error)})",
            f"start it there (ray start --head), fix the address, or choose 'local' ({_PAGE})",
        ) from None
    try:
        client = JobSubmissionClient(address)
    except Exception as error:  # whatever answers there, it says no sensible thing
        raise HobanError(
            f"what answers at RAY_ADDRESS={address} is no Ray dashboard ({first_line(error)})",
            f"give the dashboard's address, http://<head node>:8265 ({_PAGE})",
        ) from None
    ask = client._do_request  # noqa: SLF001
    vars(client)["_do_request"] = functools.partial(ask, timeout=ANSWER_SECONDS)
    return client


def check_size(address: str, gpus: float, cpus: float) -> None:
    """Refuse what no node of the cluster could ever give: Ray would only wait.

    Raises:
        HobanError: saying how much the largest node has.
    """
    from ray.util.state import list_nodes

    nodes = list_nodes(address, filters=[("state", "=", "ALIVE")], raise_on_missing_output=False)
    for kind, wanted in (("GPU", gpus), ("CPU", cpus)):
        most = max((node.resources_total.get(kind, 0) for node in nodes), default=0)
        if wanted > most:
            raise HobanError(
                f"{wanted:g} {kind} are asked for, but no node of the Ray cluster at {address} "
                f"has more than {most:g}",
                "set HOBAN_RAY_GPUS (or gpus in the launchpad) to what a node has, or start the "
                f"node with --num-{kind.lower()}s",
            )
