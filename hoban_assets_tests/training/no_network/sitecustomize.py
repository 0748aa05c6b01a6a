"""Loaded by every Python process that has this folder on PYTHONPATH: no network but loopback.

A refused call is also noted in the file $HOBAN_TEST_NETWORK, so that swallowing it does not help.
"""

import os
import socket
import traceback
from pathlib import Path

LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


def refuse(what: str, host: object) -> None:
    if not str(host).startswith(LOOPBACK):
        if path := os.environ.get("HOBAN_TEST_NETWORK"):
            with Path(path).open("a") as file:
                file.write(f"{what} {host}\n{''.join(traceback.format_stack())}\n")
        raise OSError(f"network is off in this test: {what} {host}")


def connect(self, address, *, _real):
    if self.family in (socket.AF_INET, socket.AF_INET6):
        refuse("connect", address[0])
    return _real(self, address)


def guard() -> None:
    real_connect, real_connect_ex = socket.socket.connect, socket.socket.connect_ex
    real_lookup = socket.getaddrinfo

    def lookup(host, *args, **kwargs):
        refuse("getaddrinfo", host)
        return real_lookup(host, *args, **kwargs)

    socket.socket.connect = lambda self, a: connect(self, a, _real=real_connect)
    socket.socket.connect_ex = lambda self, a: connect(self, a, _real=real_connect_ex)
    socket.getaddrinfo = lookup
    socket.gethostbyname = lambda host: refuse("gethostbyname", host) or "127.0.0.1"


guard()
