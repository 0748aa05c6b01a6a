"""What a raw source is, and what every reader gives back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

import xxhash

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.errors import HobanError
from hoban_assets.formats.naming import nfc
from hoban_assets.formats.unread import Unread
from hoban_assets.samples import Samples


@dataclass(frozen=True)
class RawSource:
    """One declared folder under the raw root.

    `classes` maps the source's own class (AI Hub code, COCO category, YOLO name; matched exactly,
    never by substring) to one of `CLASS_NAMES`; other classes are counted and not used. The
    classes it maps to are the ones that this source labels completely, unless
    `labelled_classes` says otherwise.
    """

    name: str
    folder: str
    format: str
    classes: Mapping[str, str] = field(default_factory=dict)
    labelled_classes: tuple[str, ...] | None = None
    clip_pattern: str | None = None
    """Regular expression whose group ``clip`` names the video of a file stem."""
    taken_pattern: str | None = None
    """Regular expression, looked for in the path below the source, whose groups ``camera`` and
    ``day`` say what took an image and when: what has both in common is a group."""
    optional: bool = False
    """A stage is made without this source where its folder is not there."""
    labels_elsewhere: tuple[str, ...] = ()
    """For backgrounds: folders below the raw root whose label files may name the same images."""
    nested: tuple[str, ...] = ()
    """Folders below it that are sources of their own: what this one leaves in them is read."""
    taxonomy: tuple[str, ...] = CLASS_NAMES
    """Classes that `classes` maps to, in the order of their ids. Datasets have `CLASS_NAMES`; to
    inspect a source it is the source's own classes, each mapped to itself."""

    TELLS: ClassVar = ("optional",)
    """Fields that decide no row: whether an absent folder is an error. All others decide."""

    def __post_init__(self) -> None:
        """Refuse a class that does not exist; own classes are compared in composed form (NFC)."""
        object.__setattr__(self, "classes", {nfc(own): to for own, to in self.classes.items()})
        unknown = {*self.classes.values(), *(self.labelled_classes or ())} - set(self.taxonomy)
        if unknown:
            raise ValueError(f"source {self.name}: unknown classes {sorted(unknown)}")

    @property
    def asset_name(self) -> str:
        """Last part of its asset's key: its name, or where that is not ASCII what stands for it.

        Dagster makes names of inputs and outputs of keys, and takes ASCII letters only.
        """
        if self.name.isascii():
            return self.name
        plain = "".join(c for c in self.name if c.isascii() and (c.isalnum() or c == "_"))
        return f"{plain.strip('_') or 'source'}_{xxhash.xxh3_64_hexdigest(self.name.encode())[:8]}"

    @property
    def labels(self) -> tuple[str, ...]:
        """Classes that this source labels completely, in the order of their ids."""
        wanted = set(
            self.classes.values() if self.labelled_classes is None else self.labelled_classes
        )
        return tuple(name for name in self.taxonomy if name in wanted)

    @property
    def ids(self) -> dict[str, int]:
        """The source's own class to the id of what it is mapped to."""
        ids = {name: index for index, name in enumerate(self.taxonomy)}
        return {own: ids[name] for own, name in self.classes.items()}

    def is_present(self, raw_root: Path) -> bool:
        """Whether the folder of this source is on this machine."""
        return (raw_root / self.folder).is_dir()

    def label_folders(self, raw_root: Path) -> dict[str, Path]:
        """Folders outside of its own whose labels its reader looks at, as far as they are there.

        By their names below the raw root: `labels_elsewhere`, and of a background that is a folder
        'images' the 'labels' beside it.
        """
        names = list(self.labels_elsewhere)
        beside = labels_beside(raw_root / self.folder) if self.format == "background" else None
        if beside is not None:
            names.append(beside.relative_to(raw_root).as_posix())
        return {name: raw_root / name for name in names if (raw_root / name).is_dir()}

    def root(self, raw_root: Path) -> Path:
        """Folder of this source.

        Raises:
            HobanError: the raw root or the folder is missing; the message says where it must lie.
        """
        refuse_no_raw_root(raw_root)
        folder = raw_root / self.folder
        if not folder.is_dir():
            raise HobanError(
                f"source {self.name}: folder {folder} does not exist",
                "put the source there, or take it out of the recipe",
            )
        return folder


def labels_beside(folder: Path) -> Path | None:
    """The folder 'labels' beside one that is called 'images', where it is there."""
    beside = folder.parent / "labels"
    return beside if folder.name.lower() == "images" and beside.is_dir() else None


def refuse_no_raw_root(raw_root: Path) -> None:
    """See to it that there is a raw root.

    Raises:
        HobanError: there is none; the message says what to set.
    """
    if not raw_root.is_dir():
        raise HobanError(
            f"raw root {raw_root} does not exist",
            "set HOBAN_RAW_ROOT to the folder that holds the sources, or make a sample "
            f"with 'hoban sample-data {raw_root}'",
        )


@dataclass(frozen=True)
class Read:
    """What a reader found. `images_in` and `boxes_in` are counted in the files, before any rule."""

    samples: Samples
    images_in: int
    boxes_in: int


class Reader(Protocol):
    """An opened source. Listing is cheap; labels are read for the images asked for only."""

    source: RawSource
    progress: Callable[[int, int], None] | None
    """Called with (images done, images to read) now and then."""

    @property
    def unread(self) -> tuple[Unread, ...]:
        """Images and labels below the source that it passes over."""
        ...

    def image_ids(self) -> list[str]:
        """Ids of every image file of the source, sorted."""
        ...

    def read(self, image_ids: Collection[str] | None = None) -> Read:
        """Read the labels of these images, or of all of them."""
        ...
