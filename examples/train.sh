#!/usr/bin/env bash
# A style of your own text in a minute: bash examples/train.sh FILE-OR-FOLDER [OPTIONS OF rnncomplete train]
# Export and measurements come on top of the minute. Then: rnncomplete --style mine
set -euo pipefail
text=$1
shift
rnncomplete train "$text" --style mine --minutes 1 "$@"
rnncomplete styles info mine
printf 'It was ' | rnncomplete complete --style mine
