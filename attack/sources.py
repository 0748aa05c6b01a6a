"""Folders of raw data that are hostile: each ends `hoban inspect` and its reader in one message."""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from struct import pack
from typing import Any

from PIL import Image

from attack.harness import Row

SECONDS, MEMORY = 120, 12 << 30
SECRET = "root:x:0:0"  # noqa: S105  how /etc/passwd begins: no report may hold it
LABEL = "0 .5 .5 .2 .2\n"
Make = Callable[[Path], object]


def rows(folder: Path, size: int, dice: random.Random) -> list[Row]:
    """All kinds where `size` is that of a whole attack, else `size` of them, drawn by lot."""
    names = sorted(KINDS) if size >= len(KINDS) else dice.sample(sorted(KINDS), size)
    row = Row("raw folders: hostile", len(names))
    for name in names:
        source = folder / f"{name}.yolo26"
        KINDS[name](source)
        row.note(f"{name}: {wrong}" if (wrong := inspected(source)) else None)
    return [row]


def inspected(source: Path) -> str | None:
    """What is wrong with how `hoban inspect` ended."""

    def limits() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    command = [str(Path(sys.executable).with_name("hoban")), "inspect", str(source)]
    env = {**os.environ, "HOBAN_DATA_ROOT": str(source.parent / "data"), "HOBAN_LANG": "en"}
    try:
        ended = subprocess.run(
            command, env=env, capture_output=True, timeout=SECONDS, preexec_fn=limits
        )
    except subprocess.TimeoutExpired:
        return f"not ended after {SECONDS} s"
    told = (ended.stdout + ended.stderr).decode("utf-8", "replace")
    if "Traceback" in told or ended.returncode not in (0, 1):
        return f"exit status {ended.returncode}: {told[-200:]}"
    if "\x1b[2J" in told or any(line.startswith("Done in") for line in told.splitlines()):
        return "obeys a name"
    return "shows a file of another folder" if SECRET in told else None


def yolo(
    folder: Path, yaml: str | bytes | None = "names: [fall]\n", label: str | None = LABEL
) -> Path:
    """A small YOLO source, returned as its folder of labels."""
    for kind in ("images", "labels"):
        (folder / "train" / kind).mkdir(parents=True)
    Image.new("RGB", (64, 64), (9, 99, 9)).save(folder / "train" / "images" / "a.jpg")
    if yaml is not None:
        (folder / "data.yaml").write_bytes(yaml.encode() if isinstance(yaml, str) else yaml)
    if label is not None:
        (folder / "train" / "labels" / "a.txt").write_text(label)
    return folder / "train" / "labels"


def coco(folder: Path, text: str) -> None:
    """A COCO source with this annotation file."""
    (folder / "annotations").mkdir(parents=True)
    (folder / "train2017").mkdir()
    Image.new("RGB", (64, 64)).save(folder / "train2017" / "a.jpg")
    (folder / "annotations" / "instances_train2017.json").write_text(text)


def voc(folder: Path, text: str) -> None:
    """A photograph with a label in XML."""
    folder.mkdir(parents=True)
    Image.new("RGB", (64, 64)).save(folder / "a.jpg")
    (folder / "a.xml").write_text(text)


def aliases() -> str:
    """A YAML of 300 bytes that means a billion words."""
    lines, last = ["a: &a [x,x,x,x,x,x,x,x,x,x]"], "a"
    for name in "bcdefghi":
        lines.append(f"{name}: &{name} [{','.join([f'*{last}'] * 10)}]")
        last = name
    return "\n".join([*lines, "names: *i"])


def picture(folder: Path, side: int, text: int = 0) -> None:
    """A PNG of few bytes and `side` squared pixels, or with `text` bytes of packed text."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    yolo(folder)
    head = chunk(b"IHDR", pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    packed, row = zlib.compressobj(9), b"\0" * (1 + (side + 7) // 8)
    body = b"".join(packed.compress(row * 100) for _ in range(side // 100)) + packed.flush()
    said = chunk(b"zTXt", b"k\0\0" + zlib.compress(b"\0" * text, 9)) if text else b""
    data = b"\x89PNG\r\n\x1a\n" + head + said + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    (folder / "train" / "images" / "b.png").write_bytes(data)
    (folder / "train" / "labels" / "b.txt").write_text(LABEL)


def instead(path: Path, place: Callable[[Path], Any]) -> None:
    """Something else where a file was."""
    path.unlink(missing_ok=True)
    place(path)


def _image(source: Path) -> Path:
    yolo(source)
    return source / "train" / "images" / "a.jpg"


NUMBERS = (
    "nan nan nan nan nan\n0 inf 0 1 1\n0 1e308 1e308 1e308 1e308\n9{} .5 .5 .1 .1\n-1 0 0 1 1\n"
)
DEEP = "[" * 3000 + "]" * 3000
PERSON = '"categories":[{"id":1,"name":"person"}]'
ONE = '"images":[{"id":1,"file_name":"a.jpg","width":64,"height":64}]'
BOX = '"annotations":[{{"id":1,"image_id":1,"category_id":1,"bbox":{}}}]'
OUTSIDE = ["../../../../etc/passwd", "/etc/passwd", "..\\..\\x.jpg", "a.jpg\0.png", "C:\\x.jpg"]
KINDS: dict[str, Make] = {
    "yaml of aliases": lambda d: yolo(d, aliases()),
    "yaml that calls": lambda d: yolo(d, "names: !!python/object/apply:os.system ['false']\n"),
    "deep yaml": lambda d: yolo(d, f"names: {'[' * 5000}{']' * 5000}\n"),
    "yaml of bytes": lambda d: yolo(d, bytes(range(256)) * 100),
    "yaml elsewhere": lambda d: yolo(d, None) and (d / "data.yaml").symlink_to("/etc/passwd"),
    "endless yaml": lambda d: yolo(d, None) and (d / "data.yaml").symlink_to("/dev/zero"),
    "pipe for a yaml": lambda d: yolo(d, None) and os.mkfifo(d / "data.yaml"),
    "a great label": lambda d: yolo(d, label=LABEL * 3_000_000),
    "one long line": lambda d: yolo(d, label="0 " + "0.5 " * 3_000_001),
    "numbers": lambda d: yolo(d, label=NUMBERS.format("9" * 5000)),
    "keys": lambda d: yolo(d, f"names: {{'{'9' * 40}': fall, '٣': nofall, '²': x}}\n"),
    "pipe for a label": lambda d: instead(yolo(d) / "a.txt", os.mkfifo),
    "link to a pipe": lambda d: (
        (yolo(d) / "b.txt").symlink_to("../../pipe"),
        os.mkfifo(d / "pipe"),
    ),
    "endless label": lambda d: instead(yolo(d) / "a.txt", lambda f: f.symlink_to("/dev/zero")),
    "label elsewhere": lambda d: instead(yolo(d) / "a.txt", lambda f: f.symlink_to("/etc/passwd")),
    "pipe for a photograph": lambda d: instead(_image(d), os.mkfifo),
    "photograph in a loop": lambda d: instead(_image(d), lambda f: f.symlink_to(f.name)),
    "folder in a loop": lambda d: (yolo(d).parent / "images" / "up").symlink_to(".."),
    "picture of 3.6 billion pixels": lambda d: picture(d, 60_000),
    "picture of 900 million pixels": lambda d: picture(d, 30_000),
    "packed text in a picture": lambda d: picture(d, 100, 100_000_000),
    "deep COCO": lambda d: coco(d, "{" + f'{ONE},"annotations":{"[" * 50_000}'),
    "deep box": lambda d: coco(d, f"{{{ONE},{BOX.format('[' * 900 + ']' * 900)},{PERSON}}}"),
    "COCO numbers": lambda d: coco(
        d, f"{{{ONE},{BOX.format('[NaN,Infinity,1e999,' + '9' * 5000 + ']')},{PERSON}}}"
    ),
    "COCO elsewhere": lambda d: coco(
        d,
        json.dumps(
            {
                "images": [{"id": n, "file_name": name} for n, name in enumerate(OUTSIDE)],
                "annotations": [
                    {"id": n, "image_id": n, "category_id": 1, "bbox": [1, 1, 9, 9]}
                    for n in range(len(OUTSIDE))
                ],
                "categories": [{"id": 1, "name": "person"}],
            }
        ),
    ),
    "half a character": lambda d: coco(
        d, "{" + ONE.replace("a.jpg", "\\ud800.jpg") + "," + PERSON + "}"
    ),
    "yaml in itself": lambda d: yolo(d, "names: &n {0: *n}\n"),
    "yaml of dates": lambda d: yolo(d, "names: {2020-01-01: fall, .nan: x}\nnc: .inf\n"),
    "yaml of documents": lambda d: yolo(d, "names: [a]\n---\n" * 10_000),
    "a great yaml": lambda d: yolo(d, f'names: [fall]\nx: "{"a" * 40_000_000}"\n'),
    "yaml that names other folders": lambda d: yolo(
        d, "path: /etc\ntrain: ../../../../etc\nval: /etc/passwd\nnames: [fall]\n"
    ),
    "a class that begins a line": lambda d: yolo(d, 'names: ["\\e[2J\\nDone in 3 s."]\n'),
    "COCO of other types": lambda d: coco(
        d,
        '{"images":[{"id":{"a":1},"file_name":"a.jpg"},{"id":[1],"file_name":5},null],'
        '"annotations":[{"image_id":[1],"category_id":{},"bbox":"x"},null],'
        '"categories":[{"id":[],"name":[]},null]}',
    ),
    "COCO of objects": lambda d: coco(d, '{"images":{"a":1},"annotations":{},"categories":{}}'),
    "a mask of 10^18 pixels": lambda d: coco(
        d,
        f'{{{ONE},"annotations":[{{"id":1,"image_id":1,"category_id":1,"bbox":[1,1,9,9],'
        f'"iscrowd":1,"segmentation":{{"size":[1000000000,1000000000],"counts":[0,9]}}}}],'
        f"{PERSON}}}",
    ),
    "deep outline": lambda d: coco(
        d,
        f'{{{ONE},"annotations":[{{"id":1,"image_id":1,"category_id":1,"bbox":[1,1,9,9],'
        f'"segmentation":{DEEP}}}],{PERSON}}}',
    ),
    "COCO names that are folders": lambda d: coco(
        d,
        '{"images":[{"id":1,"file_name":".."},{"id":2,"file_name":""},'
        f'{{"id":3,"file_name":"{"x/" * 5000}a.jpg"}}],"annotations":[],{PERSON}}}',
    ),
    "VOC with an entity": lambda d: voc(
        d, '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation>&x;</annotation>'
    ),
    "VOC that includes": lambda d: voc(
        d,
        '<annotation xmlns:xi="http://www.w3.org/2001/XInclude">'
        '<xi:include href="/etc/passwd" parse="text"/></annotation>',
    ),
    "deep VOC": lambda d: voc(
        d, f"<annotation>{'<object>' * 100_000}{'</object>' * 100_000}</annotation>"
    ),
    "VOC numbers": lambda d: voc(
        d,
        f"<annotation><filename>../../etc/passwd</filename><size><width>{'9' * 5000}</width>"
        "<height>nan</height></size><object><name>&#27;[2J</name><bndbox><xmin>inf</xmin>"
        "<ymin/><xmax>1e999</xmax></bndbox></object></annotation>",
    ),
    "memory for a photograph": lambda d: instead(
        _image(d), lambda f: f.symlink_to("/proc/self/mem")
    ),
    "folder for a label": lambda d: instead(yolo(d) / "a.txt", Path.mkdir),
    "400 folders deep": lambda d: yolo(d).joinpath(*["d"] * 400).mkdir(parents=True),
    "a name that is no text": lambda d: os.link(
        os.fsencode(yolo(d) / "a.txt"), os.fsencode(d / "train" / "labels") + b"/\xff\xfe.txt"
    ),
    "a name that is obeyed": lambda d: (yolo(d) / "\x1b[2J\u202e.txt").write_text(LABEL),
}
