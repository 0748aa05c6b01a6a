"""The judgement under the name that reports and scripts know it by."""

from hoban_assets.freshness.staleness import STALE as STALE
from hoban_assets.freshness.staleness import UP_TO_DATE as UP_TO_DATE
from hoban_assets.freshness.staleness import Built as Built
from hoban_assets.freshness.staleness import Now as Now
from hoban_assets.freshness.staleness import Reason as Reason
from hoban_assets.freshness.staleness import Verdict as Verdict
from hoban_assets.freshness.staleness import judge as judge
