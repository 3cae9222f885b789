#!/usr/bin/env bash
# with_dependencies.sh lowest-direct|highest [ARGUMENT...]: the tests of the runtime in a fresh environment, where each
# dependency has the oldest version that pyproject.toml allows, or the newest. Arguments go to pytest. It needs uv.
set -euo pipefail
cd "$(dirname "$0")/.."
resolution=$1
shift
environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT
uv venv --quiet --clear --python "${PYTHON:-python3}" "$environment"
export VIRTUAL_ENV=$environment
uv pip install --resolution "$resolution" -e '.[hosts,lsp,serve]'
uv pip install --quiet grimp httpx hypothesis import-linter pathspec pexpect pyte pytest # whatever their versions
"$environment/bin/python" -m pytest -p no:cacheprovider "$@"
