# Activate the environment of this checkout:  . ./env.sh
# (for bash and zsh; afterwards `dagster`, `dg` and `hoban` work from here)
if [ -n "${BASH_SOURCE:-}" ]; then
  HOBAN_HOME=$(cd "$(dirname "${BASH_SOURCE}")" && pwd)
elif [ -n "${ZSH_VERSION:-}" ]; then
  HOBAN_HOME=$(cd "$(dirname "${(%):-%x}")" && pwd)
else
  HOBAN_HOME=$(pwd)
fi
if [ ! -f "$HOBAN_HOME/.venv/bin/activate" ]; then
  echo "no environment yet in $HOBAN_HOME: run 'make setup' there first" >&2
else
  . "$HOBAN_HOME/.venv/bin/activate"
  export DAGSTER_HOME="$HOBAN_HOME"
  export DAGSTER_MODULE_NAME=hoban_assets.definitions
  # File names and texts are UTF-8 whatever the locale says (ko_KR.EUC-KR); workers inherit it.
  export PYTHONUTF8=1
  # PreviewWarning / BetaWarning of Dagster APIs that this project keeps in one helper each.
  # The other one is of `dagster asset materialize`, which works as before (`dg launch` is newer).
  export PYTHONWARNINGS="${PYTHONWARNINGS:-ignore::UserWarning:dagster,ignore:Function \`asset_materialize_command\`:FutureWarning}"
fi
unset HOBAN_HOME
