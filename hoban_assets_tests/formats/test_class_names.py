"""Where the class names of a YOLO folder are from."""

import pytest
from reader_trees import read, rules, text, yolo, yolo_item

from hoban_assets.errors import HobanError
from hoban_assets.formats import open_source
from hoban_assets.formats.class_names import name_files, read_class_names
from hoban_assets.formats.own_classes import open_own


@pytest.fixture
def folder(tmp_path):
    yolo_item(tmp_path / "fall set" / "train", "a", "1 0.5 0.5 0.2 0.4\n")
    return tmp_path / "fall set"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.yaml", 'path: "D:\\data\\new"\nnames: [standing, fall]\n'),
        ("data.yaml", 'train: "C:\\x"\nnames:\n- standing\n- fall\nval: "C:\\x"\n'),
        ("data.yaml", 'path: "D:\\new"\r\nnames:\r\n  0: standing\r\n  1: fall\r\nnc: 2\r\n'),
        ("DATA.YML", "names: {1: fall, 0: standing}\n"),
        ("dataset.yml", "names: {fall: 1, standing: 0}\n"),
        ("my set.yaml", "nc: 2\nnames: [standing, fall]\n"),
        ("train/labels/classes.txt", "standing\r\nfall\r\n"),
        ("obj.names", "standing\nfall\n"),
        ("data.yaml", "# 낙상\nnames: [standing, fall]\n".encode("cp949")),
        ("data.yaml", "names: [standing, fall]\n".encode("utf-16")),
        ("data.yaml", "\ufeffnames: [standing, fall]\n"),
    ],
)
def test_names_are_found_in_every_form_in_use(tmp_path, folder, name, content):
    text(folder / name, content)
    result = read(yolo(), tmp_path)
    assert result.samples.boxes.class_name.tolist() == ["fallen"]
    assert {rule for rule, _ in rules(result)} <= {"not_utf8"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("names: [fall]\nnames: [standing, fall]\n", "gives names twice"),
        ("nc: 1\nnc: 2\n", "gives nc twice"),
        ("names: {0: a, 0: b}\n", "gives class 0 two names: 'a' and 'b'"),
        ("a: &a [x, x]\nnames: [*a, *a]\n", "has no names"),
        ("names: " + "[" * 3000 + "]" * 3000, "cannot be read|has no names"),
        (b"\xff\xfe\xfd names", "neither UTF-8 nor cp949"),
    ],
)
def test_what_names_nothing_is_refused(tmp_path, folder, content, said):
    text(folder / "data.yaml", content)
    with pytest.raises(HobanError, match=said):
        open_source(yolo(), tmp_path)


def test_two_files_that_differ_are_refused_unless_one_is_data_yaml(tmp_path, folder):
    text(folder / "one.yaml", "names: [standing, fall]\n")
    text(folder / "two.yaml", "names: [fall, standing]\n")
    with pytest.raises(HobanError, match=r"one\.yaml and two\.yaml name different classes"):
        open_source(yolo(), tmp_path)
    text(folder / "data.yaml", "names: [standing, fall]\n")
    assert len(read(yolo(), tmp_path).samples.boxes) == 1


def test_a_number_of_classes_alone_names_them_by_number(tmp_path):
    text(tmp_path / "data.yaml", "nc: 3\n")
    found = read_class_names(str(tmp_path), name_files({"": ["data.yaml"]}))
    assert found.are_numbers
    assert found.names == {0: "0", 1: "1", 2: "2"}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"data.yaml": "nc: 3\nnames: [standing, fall]\n"}, "3 classes are announced (nc), 2"),
        ({"data.yaml": "nc: 80\nnames:\n- standing\n- fall\n"}, "80 classes are announced (nc), 2"),
        ({"data.yaml": "nc: '1'\nnames: {0: standing, 1: fall}\n"}, "1 classes are announced"),
        ({"data.yaml": "nc: 0\nnames: [standing, fall]\n"}, "0 classes are announced"),
        ({"my.yaml": "nc: 3\nnames: [standing, fall]\n"}, "3 classes are announced"),
        ({"data.yaml": "nc: 3\n", "classes.txt": "standing\nfall\n"}, "3 classes are announced"),
        ({"data.yaml": "nc: 2\nnames: [standing, fall]\n"}, None),
        ({"data.yaml": "nc: 3\nnames: {0: standing, 2: x, 1: fall}\n"}, None),
        ({"data.yaml": "nc: 3\nnames: {2: x, 1: fall}\n"}, None),
        ({"data.yaml": "nc: two\nnames: [standing, fall]\n"}, None),
        ({"data.yaml": "names: [standing, fall]\n"}, None),
    ],
)
def test_another_number_of_classes_than_names_is_said(tmp_path, folder, files, said):
    for name, content in files.items():
        text(folder / name, content)
    result = read(yolo(), tmp_path)
    assert result.samples.boxes.class_name.tolist() == ["fallen"]
    told = result.samples.decisions.query("rule == 'names_contradict'")
    assert list(told.action) == ["review"] * (said is not None)
    if said is not None:
        assert told.value.item().startswith(said)
        assert told.file.item() == f"fall set/{'my.yaml' if 'my.yaml' in files else min(files)}"
    notes = open_own(yolo(), tmp_path).notes
    assert any("(nc) and names" in note.text for note in notes) is (said is not None)


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("fall\nstanding\n", "classes.txt calls class 0 'fall', data.yaml 'standing'"),
        ("dog\nperson\ncat\nfall\n", "classes.txt calls class 0 'dog', data.yaml 'standing'"),
        ("standing\nfall\n", None),
        ("standing\nfall\nsitting\n", None),
    ],
)
def test_another_list_that_calls_a_class_something_else_is_said(tmp_path, folder, listed, said):
    text(folder / "data.yaml", "names: [standing, fall]\n")
    text(folder / "classes.txt", listed)
    decisions = read(yolo(), tmp_path).samples.decisions
    assert decisions.value[decisions.rule == "names_contradict"].tolist() == [said] * bool(said)
