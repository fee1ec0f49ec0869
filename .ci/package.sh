#!/usr/bin/env bash
# Packs the package, installs it globally in an empty prefix, and runs the three commands from there.
set -euo pipefail
cd "$(dirname "$0")/.."
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
npm pack --silent --pack-destination "$work"
npm install --silent --no-audit --no-fund --global --prefix "$work/prefix" "$work"/conda-diff-*.tgz
cd "$work"
export PATH="$work/prefix/bin:$PATH"
mkdir -p mirror/noarch
echo '{"info":{"subdir":"noarch"},"packages":{},"packages.conda":{}}' > mirror/noarch/repodata.json
conda-diff-export init mirror --empty
conda-diff-export mirror
conda-diff-import update.tar copy
conda-diff-tar --version
cmp mirror/noarch/repodata.json copy/noarch/repodata.json
