#!/usr/bin/env bash
# Installs the package as the README says, from a copy of this checkout, carries the installed folder over, and runs the
# three commands from there.
set -euo pipefail
cd "$(dirname "$0")/.."
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

mkdir "$work/checkout" "$work/other-side"
git ls-files -z | xargs -0 cp --parents -t "$work/checkout"
cd "$work/checkout"
export npm_config_loglevel=error npm_config_audit=false npm_config_fund=false
export npm_config_prefix="$work/prefix"
npm ci
npm pack
! grep -n '"resolved"' package-lock.json
npm install --global ./conda-diff-0.1.0.tgz
"$work/prefix/bin/conda-diff-export" --version
npm uninstall --global conda-diff

# From here on there is no cache and no network
export npm_config_cache="$work/empty-cache" npm_config_registry=http://127.0.0.1:9
npm install --offline --global ./conda-diff-0.1.0.tgz
"$work/prefix/bin/conda-diff-import" --version
npm install --offline --global --prefix ./conda-diff-0.1.0 ./conda-diff-0.1.0.tgz
tar cf conda-diff-0.1.0.tar conda-diff-0.1.0

mv conda-diff-0.1.0.tar "$work/other-side"
cd "$work/other-side"
rm -rf "$work/checkout" "$work/prefix"
unset npm_config_prefix
tar xf conda-diff-0.1.0.tar
export PATH="$PWD/conda-diff-0.1.0/bin:$PATH"
conda-diff-import --version

mkdir -p mirror/noarch
echo '{"info":{"subdir":"noarch"},"packages":{},"packages.conda":{}}' > mirror/noarch/repodata.json
conda-diff-export init mirror --empty
conda-diff-export mirror
conda-diff-import update.tar copy
conda-diff-tar --version
cmp mirror/noarch/repodata.json copy/noarch/repodata.json
