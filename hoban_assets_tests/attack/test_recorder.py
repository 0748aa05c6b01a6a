"""The recorder of sockets sees every call out, of children too, and nothing else."""

import subprocess
import sys

import pytest
from strace import called_by, needs_strace

from attack import calls
from attack.recorder import calls_out, recorded

LINES = {
    'connect(3, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")}, 16)': 1,
    'connect(3, {sa_family=AF_INET, sin_port=htons(9), sin_addr=inet_addr("127.0.0.1")}, 16)': 0,
    'connect(3, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")}, 16)': 1,
    'connect(3, {sa_family=AF_INET6, sin6_port=htons(9), inet_pton(AF_INET6, "::1", &a)}, 28)': 0,
    'connect(3, {sa_family=AF_INET6, sin6_port=htons(9), inet_pton(AF_INET6, "fe80::1", &a)}, 2': 1,
    'connect(3, {sa_family=AF_INET6, sin6_port=htons(9), inet_pton(AF_INET6, "::ffff:127.0.0.1"': 0,
    'connect(3, {sa_family=AF_INET6, sin6_port=htons(9), inet_pton(AF_INET6, "::ffff:192.0.2.1"': 1,
    'connect(3, {sa_family=AF_UNIX, sun_path="/tmp/listener"}, 110) = 0': 0,
    'connect(3, {sa_family=AF_UNIX, sun_path="/run/systemd/resolve/io.systemd.Resolve"}, 42)': 1,
    "connect(3, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, 12) = 0": 0,
    "connect(3, {sa_family=AF_PACKET, sll_protocol=htons(ETH_P_ALL)}, 20) = 0": 1,
    'sendto(3, ""..., 9, 0, {sa_family=AF_INET, sin_port=htons(9), sin_addr=inet_addr("8.8.8.8"': 1,
    'sendto(3, ""..., 17, MSG_NOSIGNAL, NULL, 0) = 17': 0,
    "<... sendmmsg resumed>[{msg_hdr={msg_name={sa_family=AF_INET, sin_port=htons(9), "
    'sin_addr=inet_addr("192.0.2.1")}}}], 1, 0) = 1': 1,
    "sendmsg(8, {msg_name=NULL, msg_namelen=0, msg_iov=[...], msg_control=[...]}, 0) = 1": 0,
    "io_uring_setup(8, {flags=0}) = -1 ENOSYS (Function not implemented) (INJECTED)": 0,
}


@pytest.mark.parametrize(("line", "calls"), LINES.items())
def test_a_line_is_a_call_out_where_it_names_another_machine(tmp_path, line, calls):
    (tmp_path / "log").write_text(f"4711 {line}\n")
    assert len(calls_out(tmp_path / "log")) == calls


CHILD = """
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("192.0.2.7", 9))
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.1", 9))
"""


@needs_strace
def test_a_child_that_calls_is_seen(tmp_path):
    # Connecting a datagram socket sends nothing.
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"
    subprocess.run(recorded([sys.executable, "-c", code], tmp_path / "log"), check=True)
    (line,) = called_by(tmp_path / "log")
    assert '"192.0.2.7"' in line


def test_a_command_without_a_line_of_its_own_is_told(monkeypatch):
    before = calls.unknown()
    monkeypatch.setattr(calls, "COMMANDS", calls.COMMANDS.replace("doctor", "verify"))
    assert calls.unknown() == before | {"doctor"}
