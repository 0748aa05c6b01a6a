#!/usr/bin/env bash
# Makes the whole bundle from this one and the previous, unpacked one:
#   ./apply.sh ../PREVIOUS
set -u
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)" || exit 1
for python in ${PYTHON:-python3 python}; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
        exec "$python" "$here/apply.py" "$@"
    fi
done
echo "error: no Python 3.9 or later here" >&2
echo "  way out: name one: PYTHON=/path/to/python ./apply.sh ../PREVIOUS" >&2
exit 1
