"""Labels that a teacher adds where a source does not label a class: boxes and ignore regions."""
