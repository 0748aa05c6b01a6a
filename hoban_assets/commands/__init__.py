"""The `hoban` commands, one module a task; importing a module adds its commands to `app`."""
