"""A real PostgreSQL server in a folder of its own, on this machine only, with a password."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path | None:
    """Folder of the server's programs, newest release first; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    elsewhere = shutil.which("initdb")
    return found[0].parent if found else Path(elsewhere).parent if elsewhere else None


class Server:
    """Started and stopped at will; data, port and password stay."""

    def __init__(self, folder: Path) -> None:
        bin_folder = binaries()
        assert bin_folder is not None
        self.bin, self.folder = bin_folder, folder
        self.password = secrets.token_hex(16)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])

    @property
    def env(self) -> dict[str, str]:
        """What deploy/dagster.postgres.yaml takes from the environment."""
        return {
            "HOBAN_PG_HOST": "127.0.0.1",
            "HOBAN_PG_PORT": self.port,
            "HOBAN_PG_USER": "hoban",
            "HOBAN_PG_PASSWORD": self.password,
            "HOBAN_PG_DB": "hoban",
        }

    def make(self) -> None:
        """Make the cluster, as the user that may run it: PostgreSQL refuses to run as root."""
        self.folder.chmod(0o700)
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self.run(
            "initdb",
            "-D",
            self.data,
            "-U",
            "postgres",
            "--auth=scram-sha-256",
            "--pwprompt",
            typed=f"{self.password}\n{self.password}\n",
        )

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", self.data, "-o", options, "-l", log, "-w", "start")

    def stop(self, how: str = "fast") -> None:
        """`how` 'immediate' is what a crash is."""
        self.run("pg_ctl", "-D", self.data, "-m", how, "-w", "stop")

    def run(self, program: str, *arguments: str, typed: str = "") -> str:
        """Run a program of the server as its user; return what it printed."""
        drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        done = subprocess.run(
            [*(drop if os.getuid() == 0 else []), str(self.bin / program), *arguments],
            input=typed,
            cwd=self.folder,
            env={**os.environ, "PGPASSWORD": self.password, "HOME": str(self.folder)},
            stdout=(self.folder.parent / f"{self.folder.name}.out").open("a+"),
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        said = (self.folder.parent / f"{self.folder.name}.out").read_text()
        assert done.returncode == 0, f"{program}: {said[-2000:]}"
        return said

    def sql(self, statement: str, database: str = "postgres") -> None:
        self.run(
            "psql",
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            self.port,
            "-U",
            "postgres",
            "-d",
            database,
            "-c",
            statement,
        )


@contextmanager
def server() -> Iterator[Server]:
    """Yield a running server with the role and the database of docs/deploy.md."""
    # Not below pytest's own folder, which only root may enter.
    with tempfile.TemporaryDirectory(prefix="hoban-postgres-") as home:
        Path(home).chmod(0o755)
        folder = Path(home) / "cluster"
        folder.mkdir()
        made = Server(folder)
        made.make()
        made.start()
        try:
            made.sql(f"CREATE ROLE hoban LOGIN PASSWORD '{made.password}'")
            made.sql("CREATE DATABASE hoban OWNER hoban")
            yield made
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                made.stop()
