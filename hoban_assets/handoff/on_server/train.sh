#!/usr/bin/env bash
# Trains the model of this bundle with one command, and goes on where it was when started again.
#   ./train.sh [--background] [--device 0] [--batch 24] [--workers 8]
#   ./train.sh --verify | --status | --stop | --help
# PYTHON=/path/to/python ./train.sh takes that interpreter.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

RIGHT='import sys; sys.exit(sys.version_info < (3, 11))'
READY='import importlib.util as u, sys; sys.exit(u.find_spec("ultralytics") is None)'
chosen=""
for python in ${PYTHON:+"$PYTHON"} ${PYTHON:-python python3 python3.12 python3.11}; do
    command -v "$python" >/dev/null 2>&1 && "$python" -c "$RIGHT" 2>/dev/null || continue
    chosen=${chosen:-$python}
    if "$python" -c "$READY" 2>/dev/null; then
        chosen=$python
        break
    fi
done
if [ -z "$chosen" ]; then
    echo "error: no Python 3.11 or later here (looked for ${PYTHON:-python, python3, python3.12, python3.11})" >&2
    echo "  way out: install one, or name it: PYTHON=/path/to/python ./train.sh" >&2
    exit 1
fi
exec "$chosen" server/train.py "$@"
