"""Which assets a name (v9, dataset_v9, coco_person) means, as they are declared. No command."""

from __future__ import annotations

from hoban_assets.asset_names import DATASET, MODEL, dataset_of, kind_of, model_of, version_of
from hoban_assets.commands.app import nearest
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings


def wanted(name: str, partition: str, settings: Settings, *, model: bool = False) -> list[str]:
    """The asset that `name` means, with everything it is made from, upstream first.

    Args:
        name: a version, a dataset, a model, or a stage.
        partition: 'sub' or 'full'.
        settings: where declarations are kept.
        model: of a version or a dataset, its model too.

    Raises:
        HobanError: no such thing is declared, or its recipe is wrong.
    """
    from hoban_assets.freshness.declared import declared

    known = {asset.name: asset for asset in declared(settings.cache)}
    versions = {version_of(n) for n in known if kind_of(n) == DATASET}
    nearest(name, sorted({*known, *versions}), "version or asset")
    target = dataset_of(name) if name in versions else name
    if model and kind_of(target) == DATASET:
        target = model_of(target)
    elif model and kind_of(target) != MODEL:
        raise HobanError(f"{name} has no model", "--model belongs to a version, such as v9")
    needed: dict[str, None] = {}

    def add(asset: str) -> None:
        if asset not in known:
            raise HobanError(
                f"no stage is named {asset!r}", f"fix the recipe of {target}: hoban status"
            )
        if known[asset].error:
            raise HobanError(f"{known[asset].file}: {known[asset].error}", "fix the recipe")
        for above in known[asset].inputs.get(partition, ()):
            add(above)
        needed[asset] = None

    add(target)
    return list(needed)
