"""The declarations under the name that reports and scripts know them by."""

from hoban_assets.freshness.declared import DATASET as DATASET
from hoban_assets.freshness.declared import MODEL as MODEL
from hoban_assets.freshness.declared import STAGE as STAGE
from hoban_assets.freshness.declared import Declared as Declared
from hoban_assets.freshness.declared import Source as Source
from hoban_assets.freshness.declared import code_versions as code_versions
from hoban_assets.freshness.declared import declared as declared
from hoban_assets.freshness.declared import read_declared as read_declared
