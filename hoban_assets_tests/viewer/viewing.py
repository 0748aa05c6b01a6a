"""A viewer of a small catalog, served in this process."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import uvicorn
import xxhash
from builders import samples_of
from PIL import Image

from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.corrections.log import read_log
from hoban_assets.corrections.proposed import (
    Looked,
    Proposal,
    Proposed,
    all_proposed,
    write_proposed,
)
from hoban_assets.corrections.rows import Box
from hoban_assets.corrections.standing import standing
from hoban_assets.language import speaker
from hoban_assets.settings import Settings
from hoban_assets.tables import DECISIONS_SCHEMA, frame_of
from hoban_assets.viewer.server import Viewer
from hoban_assets.viewer.store import Store

IDS = [f"coco/{name}.jpg" for name in "abc"]


def settings_of(folder) -> Settings:
    return Settings.from_env(
        {
            "DAGSTER_HOME": str(folder),
            "HOBAN_RAW_ROOT": "raw",
            "HOBAN_DATA_ROOT": "data",
            "HOBAN_LANG": "en",
        }
    )


def small_catalog(folder) -> Settings:
    """coco_person with three pictures (a person each, b with a fallen one too) and one left out."""
    settings, hashes = settings_of(folder), []
    for number, image_id in enumerate([*IDS, "coco/gone.jpg"]):
        file = settings.raw_root / image_id
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((320, 240), 10 + 30 * number).convert("RGB").save(file)
        hashes.append(xxhash.xxh3_128_hexdigest(file.read_bytes()))
    boxes = {i: [("person", 0.04)] for i in IDS}
    boxes["coco/b.jpg"] = [("person", 0.04), ("fallen", 0.09)]
    size = {"width": [320] * 3, "height": [240] * 3}
    rows = samples_of(boxes, content_hash=hashes[:3], **size)
    decisions = frame_of(
        {
            "image_id": ["coco/gone.jpg", "coco/c.jpg"],
            "stage": ["dedupe"] * 2,
            "rule": ["near_duplicate", "labels_disagree"],
            "action": ["drop", "review"],
            "file": ["coco/gone.jpg", "coco/c.jpg"],
            "witness": ["coco/a.jpg", None],
            "images_removed": [1, 0],
        },
        DECISIONS_SCHEMA,
    )
    settings.data_root.mkdir()
    catalog = Catalog(settings.catalog_path, deadline=5)
    catalog.record(
        "coco_person", "sub", Build("k", samples=rows.with_decisions(decisions)), Run("r", "c")
    )
    return settings


def site_catalog(folder, language: str = "en") -> Settings:
    """A stage of three frames without labels: one object on all of them, another on the first."""
    settings = replace(settings_of(folder), language=language)
    looked, hashes = {}, []
    man, dog = Box("person", 0.3, 0.5, 0.2, 0.5), Box("fallen", 0.7, 0.7, 0.2, 0.2)
    for number in range(3):
        image_id = f"site/f{number}.jpg"
        file = settings.raw_root / image_id
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((320, 240), 20 + 20 * number).convert("RGB").save(file)
        hashes.append(xxhash.xxh3_128_hexdigest(file.read_bytes()))
        found = [Proposal(man, 0.9 - 0.1 * number, 0), *([Proposal(dog, 0.4, 1)][number:])]
        looked[image_id] = Looked(image_id, hashes[-1], tuple(found))
    size = {"width": [320] * 3, "height": [240] * 3}
    rows = samples_of({i: [] for i in looked}, content_hash=hashes, labelled=(), **size)
    settings.data_root.mkdir()
    catalog = Catalog(settings.catalog_path, deadline=5)
    catalog.record("site", "sub", Build("k", samples=rows), Run("r", "c"))
    write_proposed(settings.proposals, Proposed("site", "model_v9", looked))
    return settings


def viewer_of(settings: Settings, asset: str = "coco_person", author: str = "kim") -> Viewer:
    active = standing(read_log(settings.corrections)).active
    proposed = all_proposed(settings.proposals)
    store = Store(settings.catalog_path, asset, "sub", active, wait=5, proposed=proposed)
    return Viewer(store, settings, author, speaker(settings.language), {})


@contextmanager
def served(viewer: Viewer):
    """Serve on a free port; yield the address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(viewer.app(), log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join()
