"""A source is one defs.yaml: read, explained where it is wrong, and written by commands."""

from pathlib import Path

import pytest
import yaml

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.declared.entries import COMPONENT, SourceEntry, entry_files, entry_text
from hoban_assets.declared.writing import write_entry
from hoban_assets.errors import HobanError

GLOVES = {"name": "gloves", "folder": "gloves.v1", "format": "yolo", "classes": {"man": "person"}}


def written(where: Path, **changed) -> None:
    values = {k: v for k, v in (GLOVES | changed).items() if v is not None}
    file = where / "gloves" / "defs.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump({"type": COMPONENT, "attributes": values}), encoding="utf-8")


def test_an_entry_is_a_source_and_the_stage_that_reads_it(tmp_path):
    written(tmp_path, dedupe=0.9, clip_pattern=r"^(?P<clip>.+)_\d+$")
    (found,) = entry_files(folder=tmp_path)
    source, stage = found.entry.source, found.entry.stage
    assert (source.name, source.folder, source.labels) == ("gloves", "gloves.v1", ("person",))
    assert (stage.name, stage.sources, stage.dedupe) == ("gloves", (source,), 0.9)


def test_a_background_says_that_nothing_is_on_it_and_pictures_say_nothing(tmp_path):
    for form, labels in (("background", CLASS_NAMES), ("pictures", ())):
        written(tmp_path, format=form, classes=None)
        (found,) = entry_files(folder=tmp_path)
        assert found.entry.source.labels == labels
        assert found.entry.stage.backgrounds == (form == "background")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"format": "yollo"},
            "format: there is no format 'yollo'; did you mean yolo? (format: how",
        ),
        ({"classes": {"a": "persn"}}, "classes: there is no class 'persn'; did you mean person?"),
        ({"classes": {"a": "helmet"}}, "did you mean person_with_helmet?"),
        ({"classes": ["a"]}, "(classes: its own class, letter for letter"),
        (
            {"labelled_classes": ["cat"]},
            "labelled_classes: there is no class 'cat'; known: person_",
        ),
        ({"folder": "/abs"}, "folder: '/abs' is no folder below the raw root"),
        ({"folder": "a/../../b"}, "is no folder below the raw root"),
        ({"folder": "C:\\data"}, "is no folder below the raw root"),
        ({"folder": None}, "folder: Field required (folder: its folder below the raw root"),
        ({"name": "Gloves!"}, "name: String should match pattern"),
        ({"clip_pattern": "("}, "clip_pattern: '(' is no regular expression"),
        ({"clip_pattern": ".*"}, "has no group clip"),
        ({"taken_pattern": "(?P<clip>.)"}, "has no group camera or day"),
        ({"dedupe": 90}, "dedupe: Input should be less than or equal to 1 (dedupe: remove near-"),
        ({"duplicates": "both"}, "(duplicates: what makes similar photographs duplicates"),
        ({"optional": "perhaps"}, "optional: Input should be a valid boolean"),
        ({"clases": {}}, "clases: there is no such field; did you mean classes?"),
        ({"name": "coco"}, "name: coco is declared already"),
    ],
)
def test_what_is_wrong_is_explained_and_harms_no_other(tmp_path, changed, told):
    written(tmp_path / "wrong", **changed)
    written(tmp_path / "right", name="right")
    found = {each.name: each for each in entry_files(["coco"], tmp_path)}
    assert found.pop("right").error == ""
    ((_, wrong),) = found.items()
    assert wrong.entry is None
    assert told in wrong.error


def test_a_file_that_is_no_yaml_is_named(tmp_path):
    file = tmp_path / "a" / "defs.yaml"
    file.parent.mkdir()
    file.write_text(f"type: {COMPONENT}\nattributes: [", encoding="utf-8")
    (found,) = entry_files(folder=tmp_path)
    assert (found.name, found.entry, found.file) == ("a", None, file)


def test_what_is_written_is_read_as_it_was_meant(tmp_path):
    values = GLOVES | {"classes": {"안전모: 착용": "person_with_helmet", "#1": "person"}}
    file = write_entry(values, {"classes": "Look at these."}, tmp_path)
    text = file.read_text(encoding="utf-8")
    assert "  # Look at these." in text
    assert "# how its labels are read" in text
    (found,) = entry_files(folder=tmp_path)
    assert found.entry == SourceEntry.model_validate(values)
    with pytest.raises(HobanError, match="is there already"):
        write_entry(values, defs=tmp_path)
    with pytest.raises(HobanError, match="coco_person is declared already"):
        write_entry(values | {"name": "coco_person"}, defs=tmp_path)
    with pytest.raises(HobanError, match="no format"):
        write_entry(values | {"name": "other", "format": "x"}, defs=tmp_path)
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_dir()) == ["gloves", "raw"]


def test_a_text_without_optional_fields_is_short():
    assert len(entry_text(GLOVES).splitlines()) < 16


def test_a_checkout_that_is_read_only_is_refused_before_anything_is_placed(tmp_path, monkeypatch):
    import tempfile

    from hoban_assets.declared.writing import refuse_taken

    def read_only(**_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", read_only)
    with pytest.raises(HobanError, match="Read-only file system"):
        refuse_taken(GLOVES, tmp_path)
    assert list(tmp_path.iterdir()) == []
