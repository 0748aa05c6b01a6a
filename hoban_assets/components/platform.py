"""The one resource of the graph: settings, catalog, and what computes features."""

from __future__ import annotations

import dagster as dg

from hoban_assets.catalog.store import Catalog
from hoban_assets.components.extractor import Extractor
from hoban_assets.settings import Settings


class Platform(dg.ConfigurableResource):
    """Settings, catalog and features, made when a step asks for them."""

    def settings(self) -> Settings:
        """Settings of the step's environment."""
        return Settings.from_env()

    def catalog(self) -> Catalog:
        """The DuckDB catalog; holds no connection."""
        settings = self.settings()
        return Catalog(settings.catalog_path, deadline=settings.catalog_wait)

    def extractor(self, context: dg.AssetExecutionContext) -> Extractor:
        """Features, computed in fastdup's own process where they are not known."""
        return Extractor(self.settings(), context)
