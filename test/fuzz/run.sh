#!/usr/bin/env bash
# Asks every route of a running service what its OpenAPI document allows and what it forbids, and compares the answers with
# the document. Schemathesis comes from PyPI: python3 -m venv VENV && VENV/bin/pip install schemathesis.
#
#   MOLTWATCH_TOKEN=... SCHEMATHESIS=VENV/bin/schemathesis test/fuzz/run.sh http://127.0.0.1:8080 --max-examples 50
#
# The service should hold data (moltwatch demo) and be one that may be spoilt: orders are given, tokens are made.

set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
url="${1:?the address of the service}"
shift
# Schemathesis keeps what it found beside where it runs.
room="$(mktemp --directory)"
trap 'rm -rf "$room"' EXIT
cd "$room"
document=openapi.json
curl --silent --fail --header "Authorization: Bearer ${MOLTWATCH_TOKEN:?an admin token}" "$url/v1/openapi.json" >"$document"
# A tail never ends; a token may ask a hundred times a second.
SCHEMATHESIS_HOOKS=hooks PYTHONPATH="$here" "${SCHEMATHESIS:-schemathesis}" --config-file "$here/schemathesis.toml" run "$document" \
  --url "$url" --header "Authorization: Bearer $MOLTWATCH_TOKEN" --exclude-path-regex '/tail$' --rate-limit 90/s \
  --phases examples,coverage,fuzzing "$@"
