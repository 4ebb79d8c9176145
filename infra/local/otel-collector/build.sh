#!/usr/bin/env bash
# Builds the OpenTelemetry Collector that tests run as a real client and receiver, from its Go modules at the versions of go.mod,
# into the user's cache, where every checkout finds it. It needs Go 1.26 or newer and its module proxy, and takes some minutes
# the first time.
#
#   infra/local/otel-collector/build.sh

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
if ! command -v go >/dev/null; then
  echo "Go is missing: install it from https://go.dev/dl, or leave the Collector out." >&2
  exit 1
fi
version="$(sed -n 's|.*collector/otelcol v||p' go.mod)"
readonly TARGET="${XDG_CACHE_HOME:-$HOME/.cache}/moltwatch/otel-collector/$version"
mkdir -p "$TARGET"
go build -o "$TARGET/otelcol.new" .
mv "$TARGET/otelcol.new" "$TARGET/otelcol"
"$TARGET/otelcol" --version
