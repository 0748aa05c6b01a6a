"""How Dagster hands rows from asset to asset: through the catalog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg

from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.errors import HobanError
from hoban_assets.howto import build_all
from hoban_assets.samples import Samples


class SamplesIOManager(dg.IOManager):
    """Records a `Build`; gives downstream assets the current `Samples` of the same partition.

    Assets are known to the catalog by the last part of their key. It has no configuration, as the
    catalog's place is a setting: the launchpad shows what of a run can be chosen, and no more.
    """

    def __init__(
        self,
        catalog: Catalog,
        named: Callable[[dict[str, Any]], Mapping[str, Any]] = dict,
    ) -> None:
        """Hand rows over through `catalog`; `named` puts names of metadata into other words."""
        self.catalog = catalog
        self.named = named

    def handle_output(self, context: dg.OutputContext, obj: Build) -> None:
        """Record what the asset built; where it was reused, only see that it is still there.

        Raises:
            HobanError: the catalog cannot be written, or a reused build is no longer current.
            TypeError: the asset returned something else than a `Build`.
        """
        if not isinstance(obj, Build):
            raise TypeError(f"{context.asset_key.to_user_string()} must return a Build")
        asset = context.asset_key.path[-1]
        partition = context.asset_partition_key if context.has_asset_partitions else ""
        if obj.reused:
            found = self.catalog.find(asset, partition, obj.input_key)
            if found is None:
                raise HobanError(
                    f"the build of {asset} {partition} that was to be used again is not current "
                    "any more",
                    f"run: {build_all(asset, partition)}",
                )
            number = found.materialization_id
        else:
            made = Run(context.run_id, context.asset_spec.code_version)
            number = self.catalog.record(asset, partition, obj, made)
        context.add_output_metadata(
            self.named({"materialization_id": number, "reused": obj.reused})
        )

    def load_input(self, context: dg.InputContext) -> Samples:
        """Load the rows of the upstream asset, for the partition of this run.

        Without rows where this partition is not made from that asset.

        Raises:
            HobanError: it was never materialised for that partition; says what to run.
        """
        if context.has_asset_partitions and not context.asset_partition_keys:
            return Samples.empty()
        partition = context.asset_partition_key if context.has_asset_partitions else ""
        return self.catalog.load(context.asset_key.path[-1], partition)
