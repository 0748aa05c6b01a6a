"""Loaded by every Python process that has this folder on PYTHONPATH: no network but loopback.

What leaves the machine passes Python's audit events, whatever library asks (requests, urllib,
httpx, asyncio) and in every process (loaders, ranks, subprocesses). A refused call is also noted
in the file $HOBAN_TEST_NETWORK, so that swallowing it does not help. Programs that would ask the
network are refused too. The file $HOBAN_TEST_PATCH, where there is one, is imported at last.
"""

import importlib
import os
import socket
import sys
import traceback
from pathlib import Path

OWN = ("127.", "::1", "localhost", "0.0.0.0", socket.gethostname())
ADDRESSED = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1, "socket.getnameinfo": 0}
NAMED = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
STARTED = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system")
PROGRAMS = {"curl", "wget", "git", "pip", "pip3", "uv", "ssh", "apt", "apt-get", "conda"}


def refuse(what: str, whom: object) -> None:
    if path := os.environ.get("HOBAN_TEST_NETWORK"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{what} {whom}\n{''.join(traceback.format_stack())}\n")
    raise OSError(f"network is off in this test: {what} {whom}")


def program_of(event: str, args: tuple) -> str:
    """Name of the program that is started; of `python -m pip` it is pip."""
    if event == "os.system":
        words = os.fsdecode(args[0]).split()
    else:
        words = [os.fsdecode(word) for word in args[1]] if args[1] else [os.fsdecode(args[0])]
    if isinstance(args[1] if len(args) > 1 else None, str):  # shell=True
        words = args[1].split()
    if "-m" in words[:-1] and "python" in words[0]:
        return words[words.index("-m") + 1]
    return Path(words[0]).name if words else ""


def watch(event: str, args: tuple) -> None:
    if event in ADDRESSED:
        address = args[ADDRESSED[event]]
        if isinstance(address, tuple) and not str(address[0]).startswith(OWN):
            refuse(event.removeprefix("socket."), address[0])
    elif event in NAMED and args[0] and not os.fsdecode(args[0]).startswith(OWN):
        refuse(event.removeprefix("socket."), os.fsdecode(args[0]))
    elif event in STARTED and (program := program_of(event, args)) in PROGRAMS:
        refuse(event, program)


sys.addaudithook(watch)
if patch := os.environ.get("HOBAN_TEST_PATCH"):
    sys.path.append(str(Path(patch).parent))
    importlib.import_module(Path(patch).stem)
