#!/usr/bin/env bash
# Installs the programs that tests use as real clients, receivers and browsers, from Debian's packages: those that are
# missing, and nothing where all are there. It needs root. A package that cannot be had is named, and the tests that need
# it then say that they were left out.
#
#   infra/local/install-test-tools.sh

set -uo pipefail

# A program, or a file that may stand for several, and the package that brings it.
readonly TOOLS=(
  chromium:chromium
  rsyslogd:rsyslog
  '/usr/lib/*/rsyslog/lmnsd_gtls.so:rsyslog-gnutls'
  prometheus-alertmanager:prometheus-alertmanager
  promtool:prometheus
  nginx:nginx-light
  kcat:kcat
)

export PATH="$PATH:/usr/sbin:/sbin"
# Whether a program or a file is there.
is_there() { case "$1" in /*) compgen -G "$1" >/dev/null ;; *) command -v "$1" >/dev/null ;; esac }

missing=()
for tool in "${TOOLS[@]}"; do
  is_there "${tool%%:*}" || missing+=("${tool##*:}")
done
if [ "${#missing[@]}" -eq 0 ]; then
  echo "Nothing to install: every program is there."
  exit 0
fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  echo "Missing: ${missing[*]}. Install these packages; this script does it as root on Debian." >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || exit
failed=()
# One by one, so that one that cannot be had does not keep the others away. No service is started: tests start their own.
for package in "${missing[@]}"; do
  RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$package" >/dev/null || failed+=("$package")
done
if [ "${#failed[@]}" -gt 0 ]; then
  echo "Could not be installed: ${failed[*]}" >&2
  exit 1
fi
echo "Installed: ${missing[*]}"
