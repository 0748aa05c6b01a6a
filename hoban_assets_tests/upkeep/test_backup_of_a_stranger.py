"""A backup from elsewhere is data: what a shell sources of it holds settings and quoted values."""

import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest
from backing_up import make, put_back

from hoban_assets.errors import HobanError


def rewritten(archive: Path, target: Path, change) -> Path:
    """The same archive with another manifest: a dictionary that `change` edits, or its bytes."""
    with tarfile.open(archive) as source, tarfile.open(target, "w") as out:
        for member in source:
            data = source.extractfile(member).read() if member.isreg() else b""
            if member.name == "manifest.json":
                manifest = json.loads(data)
                data = change(manifest) or json.dumps(manifest).encode()
                member.size = len(data)
            out.addfile(member, io.BytesIO(data) if member.isreg() else None)
    return target


def sourced(file: Path) -> dict[str, str]:
    """Environment of a shell after it sourced `file`."""
    script = f". '{file}' && env -0"
    told = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True, env={})
    return dict(line.split("=", 1) for line in told.stdout.decode().split("\0") if line)


def test_only_settings_are_set_and_values_are_only_values(trained, tmp_path):
    mark = tmp_path / "executed"

    def change(manifest):
        manifest["environment"] = {
            "HOBAN_IMAGE_SIZE": f"320; touch {mark}; $(touch {mark})\n`touch {mark}`",
            f"HOBAN_X=1; touch {mark}; export Y": "1",
            "LD_PRELOAD": "/tmp/evil.so",
            "PATH": "/tmp/evil",
            "HOBAN_RAY_PYTHON": "/tmp/evil/python",
            "HOBAN_UI_HOSTS": "evil.example",
            "HOBAN_REPORTS": "/tmp/evil",
            "RAY_ADDRESS": "http://192.0.2.1:8265",
        }

    archive = rewritten(make(trained).archive, tmp_path / "evil.tar", change)
    restored = put_back(archive, tmp_path / "new", trained)
    env = sourced(restored.environment)
    assert not mark.exists()
    assert env["HOBAN_IMAGE_SIZE"].startswith("320; touch")
    assert env["HOBAN_DATA_ROOT"] == str(tmp_path / "new")
    assert "LD_PRELOAD" not in env
    assert not {"HOBAN_UI_HOSTS", "HOBAN_REPORTS", "RAY_ADDRESS"} & env.keys()
    assert "/tmp/evil" not in env.get("PATH", "") + env.get("HOBAN_RAY_PYTHON", "")


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("host", lambda m: m.update(host="srv\ntouch /tmp/x\n#")),
        ("made_at", lambda m: m.update(made_at="\u202e2026")),
        ("made_at", lambda m: m.update(made_at="\ud800")),
        ("data_root", lambda m: m.update(data_root=None)),
        ("data_root", lambda m: m.update(data_root="/srv/\ud800")),
        ("environment", lambda m: m.update(environment={"HOBAN_BATCH": 5})),
        ("environment", lambda m: m.update(environment={"HOBAN_LANG": "\ud800"})),
        ("environment", lambda m: m.update(environment=[])),
        ("history", lambda m: m.update(history="sqlite; x")),
        ("files", lambda m: m.update(files=[])),
        ("nested too deeply", lambda m: b"[" * 100_000 + b"]" * 100_000),
    ],
)
def test_a_manifest_that_hoban_did_not_write_is_refused(trained, tmp_path, what, change):
    archive = rewritten(make(trained).archive, tmp_path / "evil.tar", change)
    with pytest.raises(HobanError, match=what):
        put_back(archive, tmp_path / "new", trained)
    assert not (tmp_path / "new").exists()


def full_of_holes(tar):
    """Write a member of a few bytes that says it is a file of 10 TB with holes."""
    head = bytearray(tarfile.TarInfo("artifacts/holes").tobuf(tarfile.GNU_FORMAT))
    head[124:136], head[156:157] = b"%011o\0" % 512, tarfile.GNUTYPE_SPARSE
    head[386:410] = b"%011o\0%011o\0" % (0, 512)
    head[483:495] = b"\x80" + (10**13).to_bytes(11, "big")
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    tar.fileobj.write(bytes(head) + bytes(512))
    tar.offset += 1024


def dated(when):
    """Return what writes a member whose time is no time."""

    def write(tar):
        member = tarfile.TarInfo("artifacts/x")
        member.pax_headers = {"mtime": when}
        tar.addfile(member, io.BytesIO())

    return write


@pytest.mark.parametrize(
    "write", [full_of_holes, dated("inf"), dated("-1e400"), dated("1e30"), dated("nan")]
)
def test_a_member_that_would_fill_the_disk_or_has_no_time_is_refused(trained, tmp_path, write):
    evil = tmp_path / "evil.tar"
    with tarfile.open(make(trained).archive) as source, tarfile.open(evil, "w") as out:
        write(out)
        for member in source:
            out.addfile(member, source.extractfile(member) if member.isreg() else None)
    with pytest.raises(HobanError, match=r"torn or damaged|no backup"):
        put_back(evil, tmp_path / "new", trained)
    assert not (tmp_path / "new").exists()


def test_no_restored_file_may_run_as_another_user(trained, tmp_path):
    archive = make(trained).archive
    evil = tmp_path / "evil.tar"
    with tarfile.open(archive) as source, tarfile.open(evil, "w") as out:
        for member in source:
            member.mode |= 0o6000
            out.addfile(member, source.extractfile(member) if member.isreg() else None)
    restored = put_back(evil, tmp_path / "new", trained)
    files = [path for path in restored.folder.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if path.stat().st_mode & 0o6000]
