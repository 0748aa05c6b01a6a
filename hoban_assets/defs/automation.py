"""Rebuilds of what is out of date: by night, by week, and on demand (docs/rebuild-by-itself.md).

A schedule begins a rebuild by starting job ``rebuild``, which only looks at the raw files. Sensor
``rebuild_goes_on`` then asks for one run after the other, until nothing is out of date.
"""

from hoban_assets.components.rebuild.jobs import (
    layer_job,
    look_job,
    rebuild_schedule,
    rebuild_sensor,
)
from hoban_assets.declared.stages import STAGES

rebuild = look_job(STAGES)
rebuild_layer = layer_job()
rebuild_sub = rebuild_schedule("sub", "0 2 * * *", rebuild)
rebuild_full = rebuild_schedule("full", "0 3 * * 6", rebuild)
rebuild_goes_on = rebuild_sensor([rebuild, rebuild_layer])
