#!/usr/bin/env bash
# Usage: .ci/node-versions.sh 22 24
# Gets these major versions of Node from npm into .node/<major> and prints the path of each binary, one a line.
# The npm package `node` fetches its binary in an install script, which newer npm blocks: this installs the package
# of the platform itself. A version that is already there is kept.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
package=$(node -p '`node-${process.platform}-${process.arch}`')

for major in "$@"; do
  [[ $major =~ ^[0-9]+$ ]] || { echo "Not a major version of Node: $major" >&2; exit 2; }
  folder=$root/.node/$major
  binary=$folder/node_modules/$package/bin/node
  if ! "$binary" --version >/dev/null 2>&1; then
    mkdir -p "$folder"
    echo '{ "private": true }' >"$folder/package.json"
    npm install --prefix "$folder" --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error \
      "$package@$major" >&2
  fi
  version=$("$binary" --version)
  [[ $version == "v$major."* ]] || { echo "Expected Node $major, found $version: $binary" >&2; exit 1; }
  echo "$binary"
done
