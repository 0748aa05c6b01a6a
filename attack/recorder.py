"""Whom a command and all that it starts would send something: its sockets, written down by strace.

strace sees the calls of the kernel, so it sees every library, language and child alike, answered
or not; that a machine has no network hides nothing.
"""

from __future__ import annotations

import ipaddress
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

STRACE = shutil.which("strace")
NEEDED = "strace is not installed (apt install strace)"
SENDING = "connect,sendto,sendmsg,sendmmsg"
"""Calls that name a receiver."""
HIDDEN = "io_uring_setup"
"""What is asked of a ring is seen by nobody, so there is none: libraries then make plain calls."""
RESOLVERS = ("/run/systemd/resolve/", "/run/avahi-daemon/")
"""Services of this machine that ask others for the address of a name."""
DNS = 53
_CALL = re.compile(r"\b(?:connect|sendto|sendmsg|sendmmsg)(?:\(| resumed>)")
_PORT = re.compile(r"port=htons\((\d+)\)")
_ADDRESS = re.compile(r'inet_(?:addr\(|pton\(AF_INET6, )"([^"]+)"')
_PATH = re.compile(r'sun_path=@?"([^"]*)"')
_INSIDE = frozenset({"AF_NETLINK", "AF_UNSPEC", "AF_ALG"})
"""Families that end in this kernel."""


def recorded(words: Sequence[str], log: Path) -> list[str]:
    """Words of the same command that leaves its sending calls, and its children's, in `log`.

    It stays a child of whoever starts it and gets their signals; strace goes on beside it until
    the last process has ended. No payload is written down (``-s 0``).
    """
    return [
        *(STRACE or "strace", "-D", "-f", "--seccomp-bpf", "-qq", "-s", "0", "-e", "signal=none"),
        *("-e", f"trace={SENDING},{HIDDEN}", "-e", f"inject={HIDDEN}:error=ENOSYS"),
        *("-o", str(log), *words),
    ]


def calls_out(log: Path) -> list[str]:
    """Lines of a log that name another machine, or ask for the address of one."""
    lines = log.read_text("utf-8", "replace").splitlines()
    return [line for line in lines if _CALL.search(line) and _leaves(line)]


def ended(log: Path, seconds: float = 60) -> bool:
    """Whether the last process that `log` is kept of ends within `seconds`."""
    deadline = time.monotonic() + seconds
    while any(str(log) in words for words in _straces()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _straces() -> Iterator[list[str]]:
    """Words of every strace that is at work."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                words = (folder / "cmdline").read_text("utf-8", "replace").split("\0")
                if Path(words[0]).name == "strace":
                    yield words


def _leaves(line: str) -> bool:
    return any(_is_outside(part) for part in line.split("sa_family=")[1:])


def _is_outside(told: str) -> bool:
    """Whether an address, as strace prints what follows ``sa_family=``, is elsewhere."""
    family = told.partition(",")[0].rstrip("}")
    if family in _INSIDE:
        return False
    if family in ("AF_UNIX", "AF_LOCAL"):
        path = _PATH.search(told)
        return path is not None and any(name in path[1] for name in RESOLVERS)
    port, address = _PORT.search(told), _ADDRESS.search(told)
    if port is None or address is None or int(port[1]) == DNS:
        return True
    place = ipaddress.ip_address(address[1])
    if isinstance(place, ipaddress.IPv6Address) and place.ipv4_mapped:
        place = place.ipv4_mapped
    return not (place.is_loopback or place.is_unspecified)
