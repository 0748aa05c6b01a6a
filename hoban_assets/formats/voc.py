"""Pascal VOC: one XML an image, as labelImg writes it. Boxes are corners in pixels.

Images lie in images/ or JPEGImages/ and labels in Annotations/ or labels/ beside it, or both in one
folder (labelImg, if nobody chooses another; exports of Roboflow), in the source itself and in each
folder that names a part of a split (`naming.part_of`). Lists of a split (ImageSets) are not used.

The numbers are taken as they stand. Pascal VOC counts pixels from 1, labelImg from 0, and nothing
in a file tells which; the difference is one pixel. `truncated` and `occluded` change nothing: the
box is of what is seen. A row that is `difficult` becomes an ignore region, like a crowd of COCO: in
Pascal VOC such objects count neither as found nor as missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hoban_assets.collector import paused_collector
from hoban_assets.formats.collect import Collector
from hoban_assets.formats.folders import Tree, images_of, labels_of, stem
from hoban_assets.formats.naming import is_part, nfc
from hoban_assets.formats.numbers import bounds
from hoban_assets.formats.one_label_an_image import OneLabelAnImage, last_name
from hoban_assets.formats.pairs import pair_folder
from hoban_assets.formats.sniffing import sniff
from hoban_assets.formats.source import RawSource
from hoban_assets.formats.voc_xml import VocLabel, VocObject, parse_voc

IMAGE_FOLDERS = frozenset({"images", "jpegimages", "image", "img", "imgs"})
LABEL_FOLDERS = ("annotations", "labels", "annotation", "label", "xml", "xmls")
"""Names of folders (any case) that are looked at for labels, in this order."""
LEAST_LABELLED = 0.25
"""Images with a label of their name, as share of all, below which a folder is no labelled set."""
_OPENED = 5
_SHOWN = 4


class VocReader(OneLabelAnImage):
    """Reads Pascal VOC. Classes of the source are the names in the XML, matched exactly."""

    reads = "one XML (Pascal VOC) an image, in Annotations/ beside images/ or beside the image"
    expected = "<stem>.xml"
    _parse = staticmethod(parse_voc)

    @paused_collector()
    def __init__(self, source: RawSource, raw_root: Path) -> None:
        """List the images.

        Raises:
            HobanError: the source is missing, empty, or not readable.
        """
        super().__init__(source, raw_root)
        wanted = (
            "images/ (or JPEGImages/) beside Annotations/ (or labels/) with one XML an image, or "
            "the XML files beside their images"
        )
        self._take(*voc_pairs(self.tree), wanted)

    @staticmethod
    def _named_in(document: VocLabel) -> str:
        return last_name(document.filename)

    def _read_document(self, found: Collector, path: str, label: str, document: VocLabel) -> None:
        rows = document.objects
        found.boxes_in += len(rows)
        name, named = nfc(path.rpartition("/")[2]), last_name(document.filename)
        if (reason := self._other_image(path, name, named)) is not None:
            found.drop_image(path, "identity_unclear", label, reason, boxes=len(rows))
            return
        if named and stem(name) not in {named, stem(named)}:
            found.decide(path, "filename_differs", "review", label, value=document.filename)
        size = document.size or found.size_from_header(
            path, label, len(rows), seen=document.size_text
        )
        if size is None:
            return
        position = found.keep(path, label, size)
        if not rows:
            found.decide(path, "no_annotations", "review", label)
        self._read_rows(found, path, label, rows, position)

    def _read_rows(
        self, found: Collector, path: str, label: str, rows: list[VocObject], position: int
    ) -> None:
        other = Counter[str]()
        for row, each in enumerate(rows):
            name = nfc(each.name)
            class_id = self._classes.get(name)
            if each.is_deleted:
                found.decide(path, "row_deleted", "drop", label, row, each.seen, boxes_removed=1)
            elif not name:
                found.decide(path, "box_malformed", "drop", label, row, each.seen, boxes_removed=1)
            elif class_id is None:
                other[name] += 1
            else:
                at = found.rows.add(position, row, class_id, each.box)
                if each.is_difficult:
                    found.rows.seen[at] = each.seen
                    found.rows.ignored[at] = "ignore_region"
                around = bounds(each.outline)
                if around is not None and each.box is None:
                    found.rows.seen[at] = each.seen | {"outline": each.outline}
                    found.rows.box[at] = around
                    found.rows.reshaped[at] = "obb_to_box" if each.is_turned else "polygon_to_box"
                elif around is not None:
                    self._outlines[at] = around
        if other:
            found.not_used(path, label, other)


def voc_pairs(tree: Tree) -> tuple[dict[str, str | None], list[str]]:
    """Images of a listing and their XML by stem (or None), and the XML files without an image."""
    pairs: dict[str, str | None] = {}
    alone: set[str] = set()
    for images, labels in _folders(tree):
        found, left = pair_folder(tree, images, labels, "xml")
        pairs |= found
        alone.update(left)
    # Images of a part and those of images/ in it may share one folder of labels.
    return dict(sorted(pairs.items())), sorted(alone.difference(filter(None, pairs.values())))


def found_voc(tree: Tree) -> dict[str, object] | None:
    """What tells Pascal VOC: folders, and labels by the names of images of which one is VOC."""
    pairs, _ = voc_pairs(tree)
    labels = [path for path in pairs.values() if path is not None]
    if not labels or len(labels) < LEAST_LABELLED * len(pairs):
        return None
    usable = [path for path in labels if path not in tree.outside_files][:_OPENED]
    if not any(sniff(tree.absolute(path)) == "voc" for path in usable):
        return None
    folders = sorted({path.rpartition("/")[0] or "." for path in labels})
    shown = ", ".join(folders[:_SHOWN]) + (" ..." if len(folders) > _SHOWN else "")
    return {"labels": len(labels), "folders": shown}


def _folders(tree: Tree) -> Iterator[tuple[str, str]]:
    """Folders of images, each with its folder of labels."""
    for part in [folder for folder in tree.folders if is_part(folder)]:
        inside = {
            folder.rpartition("/")[2].lower(): folder
            for folder in tree.folders
            if folder and folder.rpartition("/")[0] == part
        }
        beside = next(
            (inside[n] for n in LABEL_FOLDERS if n in inside and _holds_xml(tree, inside[n])), None
        )
        if labels_of(tree.folders[part], "xml"):
            yield part, part
        elif beside is not None and any(images_of(part, tree.folders[part])):
            yield part, beside
        for name in sorted(IMAGE_FOLDERS & inside.keys()):
            top, labels_top = inside[name], beside or inside[name]
            below = {folder[len(top) :] for folder in tree.under(top)}
            below |= {folder[len(labels_top) :] for folder in tree.under(labels_top)}
            yield from ((top + rest, labels_top + rest) for rest in sorted(below))


def _holds_xml(tree: Tree, top: str) -> bool:
    return any(labels_of(tree.folders[folder], "xml") for folder in tree.under(top))
