"""What is judged: the name of a model or a file that a user types, resolved.

Nothing heavy is imported here: commands ask this before they know whether anything is looked at.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hoban_assets.catalog.asked import Ask
from hoban_assets.errors import HobanError
from hoban_assets.howto import build_all
from hoban_assets.weights import checked

WEIGHTS = (".pt", ".onnx")
PREDICTIONS = (".json", ".jsonl", ".ndjson")


@dataclass(frozen=True)
class Subject:
    """A detector, or what one found."""

    name: str
    file: Path
    """Weights (.pt, .onnx), or predictions (.json, .jsonl)."""
    image_size: int | None = None
    nms: bool | None = None
    """As in `training.plan.NMS`."""
    trained_on: Path | None = None
    """Published dataset that it was trained on, where that is known."""
    dataset: str = ""
    asset: str = ""
    """Of a model of this platform: its name without the partition."""

    @property
    def is_predictions(self) -> bool:
        """Whether it is a file of predictions."""
        return self.file.suffix.lower() in PREDICTIONS


_MODEL = """
SELECT store.placed(m.path) AS path, m.recipe, d.asset AS dataset,
       store.placed(d.path) AS dataset_path
FROM store.materializations AS m
JOIN store.current USING (materialization_id)
LEFT JOIN store.inputs AS i ON i.materialization_id = m.materialization_id
LEFT JOIN store.materializations AS d
    ON d.kind = 'dataset' AND d.asset = i.input AND d.data_version = i.data_version
    AND d.partition = m.partition
WHERE m.asset = $asset AND m.partition = $partition
ORDER BY d.materialization_id DESC LIMIT 1
"""


def trained_model(ask: Ask, asset: str, partition: str) -> Subject:
    """Return the current model of an asset.

    Raises:
        HobanError: it was never trained for this partition, or its weights are gone.
    """
    way_out = build_all(asset, partition)
    rows = ask(_MODEL, {"asset": asset, "partition": partition})
    if not rows:
        raise HobanError(f"{asset} was never trained for partition {partition}", way_out)
    (row,) = rows
    file = Path(row["path"] or "") / "best.pt"
    if not file.is_file():
        raise HobanError(f"the weights of {asset} [{partition}] are gone: {file}", way_out)
    arguments = json.loads(row["recipe"] or "{}")
    tree = Path(row["dataset_path"]) if row["dataset_path"] else None
    return Subject(
        f"{asset} [{partition}]",
        file,
        arguments.get("imgsz"),
        arguments.get("nms"),
        tree if tree is not None and tree.is_dir() else None,
        row["dataset"] or "",
        asset,
    )


def file_subject(text: str) -> Subject | None:
    """Return the file that `text` names; None where it names none.

    Raises:
        HobanError: it is of a kind that is no weights and no predictions, or plainly damaged.
    """
    file = Path(text).expanduser()
    kinds = (*WEIGHTS, *PREDICTIONS)
    if "/" in text and file.is_dir():
        raise HobanError(f"{file} is a folder", f"give one of {', '.join(kinds)}")
    if not file.is_file():
        if file.suffix.lower() in kinds:
            raise HobanError(f"{file.absolute()} is not there", "nothing is downloaded; check it")
        return None
    if file.suffix.lower() not in kinds:
        raise HobanError(
            f"{file} is no weights and no predictions", f"give one of {', '.join(kinds)}"
        )
    if file.suffix.lower() == ".pt":
        checked(file)
    return Subject(str(file), file.absolute())


def mapping(pairs: list[str], option: str) -> dict[str, str]:
    """Read ``theirs=ours`` of an option.

    Raises:
        HobanError: one is written otherwise.
    """
    wrong = [pair for pair in pairs if not all(part.strip() for part in pair.partition("=")[::2])]
    if wrong:
        raise HobanError(f"{option} {wrong[0]!r} says no pair", f"write {option} theirs=ours")
    return {left.strip(): right.strip() for left, _, right in (p.partition("=") for p in pairs)}


def as_data(value: Any) -> Any:
    """Return plain data for JSON: nan (a share of nothing) as null."""
    if isinstance(value, dict):
        return {key: as_data(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_data(each) for each in value]
    return None if isinstance(value, float) and value != value else value
