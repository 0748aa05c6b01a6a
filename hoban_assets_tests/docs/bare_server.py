"""A server without a system: folders for /srv, /etc, and programs that cannot exist in a test.

`sudo` runs what it is given, as whoever runs the test; what only a system has (packages, users,
services, the database's own user, a remote machine) is written down instead of done.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from road import REPOSITORY
from world import World

RECORDED = ("apt-get", "useradd", "systemctl", "nginx", "ssh")
RECORD = f"""#!{sys.executable}
import json, os, sys
with open(os.environ["RECORD"], "a") as record:
    record.write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]) + "\\n")
"""
SUDO = """
words = sys.argv[1:]
user = words[1] if words[0] == "-u" else "root"
words = words[2:] if words[0] == "-u" else words
if user == "postgres":
    if not sys.stdin.isatty() and words[0] == "psql":
        with open(os.environ["RECORD"] + ".sql", "a") as typed:
            typed.write(sys.stdin.read())
    sys.exit()
if words[0] == "install":  # there is no user hoban
    for option in ("-o", "-g"):
        at = words.index(option) if option in words else None
        words = words if at is None else words[:at] + words[at + 2:]
os.execvp(words[0], words)
"""
MAKE = f"""
folder = sys.argv[sys.argv.index("-C") + 1]
makefile = open(folder + "/Makefile").read()
for word in sys.argv[3:]:
    name, sets, _ = word.partition("=")
    assert (f"$({{name}}" if sets else f"\\n{{name}}:") in makefile, word
for made in (".venv", ".venv-fastdup"):  # six gigabytes, which are here already
    if not os.path.lexists(f"{{folder}}/{{made}}"):
        os.symlink("{REPOSITORY}/" + made, f"{{folder}}/{{made}}")
"""


class BareServer:
    """Where the commands of docs/deploy.md run."""

    def __init__(self, folder: Path, world: World) -> None:
        self.folder, self.world = folder, world
        self.places = {
            "/srv/hoban": str(folder / "srv" / "hoban"),
            "/etc/hoban": str(folder / "etc" / "hoban"),
            "/etc/systemd/system": str(folder / "etc" / "systemd"),
            "/etc/nginx": str(folder / "etc" / "nginx"),
        }
        for place in self.places.values():
            Path(place).parent.mkdir(parents=True, exist_ok=True)
        Path(self.places["/etc/systemd/system"]).mkdir()
        (Path(self.places["/etc/nginx"]) / "sites-enabled").mkdir(parents=True)
        Path(self.places["/srv/hoban"]).mkdir()  # what useradd makes
        self.record = folder / "record"
        self.record.touch()
        self._make_programs(folder / "bin")
        self._make_repository(folder / "origin")

    def at(self, text: str) -> str:
        """`text` with the places of this server."""
        for place, here in self.places.items():
            text = text.replace(place, here)
        return text

    def path(self, place: str) -> Path:
        return Path(self.at(place))

    def run(self, line: str, typed: str = "") -> str:
        """Run a line of shell that has to succeed; return what it printed."""
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("HOBAN_", "DAGSTER_"))}
        done = subprocess.run(
            ["/bin/bash", "-c", f"set -o pipefail; {self.at(line)}"],
            input=typed,
            cwd=self.folder,
            env={
                **kept,
                "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
                "RECORD": str(self.record),
                "HOBAN_REPOSITORY": str(self.folder / "origin"),
                "HOBAN_SERVER": "me@server",
                "HOBAN_NAME": "site.example",
            },
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,  # no terminal: what asks for a password reads `typed`
        )
        assert done.returncode == 0, f"{line}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def recorded(self, program: str) -> list[list[str]]:
        """Arguments of every call of a program."""
        calls = [json.loads(line) for line in self.record.read_text().splitlines()]
        return [words[1:] for words in calls if words[0] == program]

    def move_in(self) -> None:
        """Put the data of the world there, and SQLite where no database server is."""
        data = self.path("/srv/hoban/data")
        for entry in self.world.data.iterdir():
            if entry.name != "raw":
                subprocess.run(["cp", "-a", str(entry), str(data)], check=True)
        shutil.copytree(self.world.raw, self.path("/srv/hoban/raw"), dirs_exist_ok=True)
        config = self.path("/srv/hoban/dagster/dagster.yaml")
        assert config.resolve().name == "dagster.postgres.yaml"
        config.unlink()
        config.symlink_to(self.path("/srv/hoban/hoban_assets/dagster.yaml"))

    def _make_programs(self, folder: Path) -> None:
        folder.mkdir()
        for name, rest in {**dict.fromkeys(RECORDED, ""), "sudo": SUDO, "make": MAKE}.items():
            (folder / name).write_text(RECORD + rest)
            (folder / name).chmod(0o755)

    def _make_repository(self, folder: Path) -> None:
        """A repository with the files of this checkout, set to this server's places."""
        folder.mkdir()
        shutil.copytree(REPOSITORY / "deploy", folder / "deploy")
        for file in (folder / "deploy").iterdir():
            file.write_text(self.at(file.read_text(encoding="utf-8")), encoding="utf-8")
        for name in ("Makefile", "dagster.yaml", "workspace.yaml", "pyproject.toml", ".gitignore"):
            shutil.copy(REPOSITORY / name, folder)
        (folder / ".gitignore").write_text(".venv*\n")  # here they are links
        git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@localhost"]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
            subprocess.run([*git, *words], check=True, capture_output=True)
