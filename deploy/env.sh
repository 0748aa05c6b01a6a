# The shell of the installation, for its user:  . /srv/hoban/hoban_assets/deploy/env.sh
# As ../env.sh, with the settings that the services have: the same data, the same history.
set -a
. "${HOBAN_ENV_FILE:-/etc/hoban/hoban.env}"
set +a
HOBAN_CHECKOUT=$(cd "$(dirname "${BASH_SOURCE:-$0}")/.." && pwd)
. "$HOBAN_CHECKOUT/.venv/bin/activate"
export DAGSTER_MODULE_NAME=hoban_assets.definitions
cd "$HOBAN_CHECKOUT" && unset HOBAN_CHECKOUT
