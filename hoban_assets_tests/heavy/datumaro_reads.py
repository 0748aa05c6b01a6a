"""What Datumaro finds in an export, as JSON; run by the interpreter of .venv-bench.

``python datumaro_reads.py FORMAT FOLDER`` -> picture -> list of [label, x, y, width, height] in
pixels (left, top), sorted.
"""

import json
import sys
from pathlib import Path

import datumaro  # only .venv-bench has it

form, folder = sys.argv[1:]
if form == "coco":  # it wants the layout of COCO, in which a JSON lies beside images/
    view = Path(folder).with_name("as_coco")
    (view / "annotations").mkdir(parents=True)
    (view / "images").mkdir()
    (view / "annotations" / "instances_all.json").symlink_to(Path(folder) / "annotations.json")
    (view / "images" / "all").symlink_to(Path(folder) / "images")
    folder = str(view)
names = {"coco": "coco_instances", "yolo": "yolo", "cvat": "cvat"}
dataset = datumaro.Dataset.import_from(folder, names[form])
labels = dataset.categories()[datumaro.AnnotationType.label]
found = {}
for item in dataset:
    boxes = [a for a in item.annotations if a.type == datumaro.AnnotationType.bbox]
    found[item.id.rpartition("/")[2]] = sorted(
        [labels[box.label].name, *(round(float(v), 3) for v in box.get_bbox())] for box in boxes
    )
print(json.dumps(found))
