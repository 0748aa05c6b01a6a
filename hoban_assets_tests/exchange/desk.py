"""A stage and a dataset of three pictures, exported and collected."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime

import xxhash
from builders import samples_of
from PIL import Image

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.corrections.log import append, read_log
from hoban_assets.corrections.standing import standing
from hoban_assets.corrections.taking import Maker, Refused
from hoban_assets.exchange.collecting import (
    collected,
    export_in,
    exports,
    files_below,
    known_again,
)
from hoban_assets.exchange.exporting import Wanted, export, pictures_of
from hoban_assets.exchange.reading import read_returned
from hoban_assets.naming import image_tag

TOLD = {"asset": "dataset_v9", "partition": "sub"}


class Desk:
    """A stage and a dataset of three pictures, and what people do with them."""

    def __init__(self, folder):
        self.folder, self.raw, self.log = folder, folder / "raw", folder / "corrections/log.jsonl"
        images = {f"coco/{n}.jpg": [("person", 0.04), ("fallen", 0.09)] for n in "abc"}
        hashes = []
        for number, name in enumerate(images):
            file = self.raw / name
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.effect_noise((64, 48), 10 + number).convert("RGB").save(file)
            hashes.append(xxhash.xxh3_128_hexdigest(file.read_bytes()))
        size = {"width": [64] * 3, "height": [48] * 3, "content_hash": hashes}
        stage = samples_of(images, **size)
        dataset = samples_of(images, **size, split=["train"] * 3)
        small = dataset.boxes.class_name == "person"  # the recipe made them ignore regions
        dataset = type(dataset)(
            dataset.images, dataset.boxes.assign(ignore=small), dataset.decisions
        )
        self.catalog = Catalog(folder / "catalog.duckdb", deadline=5)
        self.catalog.record("coco_person", "sub", Build("k", samples=stage), Run("r", "c"))
        self.catalog.record(
            "dataset_v9", "sub", Build("k", samples=dataset, path=str(folder)), Run("r", "c")
        )
        self.numbers = itertools.count(1)

    def out(self, form="coco", **wanted):
        with asking(self.catalog.path) as ask:
            found = pictures_of(ask, Wanted("dataset_v9", "sub", **wanted))
        target = self.folder / f"out{next(self.numbers)}"
        return export(found, form, target, self.raw, self.log.parent / "exports", TOLD)

    def back(self, path, author="kim", **how):
        tool, returned, root = read_returned(path)
        shown, hash_of = exports(self.log.parent / "exports"), files_below(root)
        pictures = []
        for each in returned:
            try:
                pictures.append(
                    (each, known_again(each, shown, hash_of, image_tag, tool, export_in(root)))
                )
            except Refused as error:
                pictures.append((each, error))
        by = Maker(author, tool, datetime.now(UTC))
        with asking(self.catalog.path) as ask:
            found = collected(
                tool, pictures, ask, standing(read_log(self.log)), by,
                lambda: f"{next(self.numbers):032x}", **how,
            )  # fmt: skip
        append(self.log, found.rows)
        return found


def coco_of(done):
    return json.loads((done.folder / "annotations.json").read_text())


def put(done, document):
    (done.folder / "annotations.json").write_text(json.dumps(document))


def widen(done, width):
    """Give the second box of an exported COCO file another width, in pixels."""
    document = coco_of(done)
    document["annotations"][1]["bbox"][2] = width
    put(done, document)
