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

# Debian lets syslog-ng be installed in the place of rsyslog alone: it is unpacked beside it, with what it needs.
readonly SYSLOG_NG=/usr/local/lib/moltwatch-syslog-ng
readonly SYSLOG_NG_PACKAGES=(syslog-ng-core syslog-ng-mod-http libivykis0 libnet1 libpcre3 libwrap0)

export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
# Whether a program or a file is there.
is_there() { case "$1" in /*) compgen -G "$1" >/dev/null ;; *) command -v "$1" >/dev/null ;; esac }

missing=()
for tool in "${TOOLS[@]}"; do
  is_there "${tool%%:*}" || missing+=("${tool##*:}")
done
is_there syslog-ng || missing+=(syslog-ng)
if [ "${#missing[@]}" -eq 0 ]; then
  echo "Nothing to install: every program is there."
  exit 0
fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  echo "Missing: ${missing[*]}. Install these packages; this script does it as root on Debian." >&2
  exit 1
fi

# Unpacks syslog-ng into a folder of its own, with a program in the path that starts it from there. Fails where it does not run.
unpack_syslog_ng() (
  folder="$(mktemp -d)" || exit
  trap 'rm -rf "$folder"' EXIT
  cd "$folder" || exit
  apt-get download -qq "${SYSLOG_NG_PACKAGES[@]}" >/dev/null || exit
  rm -rf "$SYSLOG_NG"
  for file in *.deb; do dpkg -x "$file" "$SYSLOG_NG" || exit; done
  libraries="$(find "$SYSLOG_NG" -name '*.so*' -not -path '*/syslog-ng/3*' -printf '%h\n' | sort -u | paste -sd:)"
  modules="$(dirname "$(find "$SYSLOG_NG" -name libafsocket.so)")"
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s/usr/sbin/syslog-ng --module-path=%s "$@"\n' \
    "$libraries" "$SYSLOG_NG" "$modules" >/usr/local/sbin/syslog-ng
  chmod 755 /usr/local/sbin/syslog-ng
  /usr/local/sbin/syslog-ng --version >/dev/null
)

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || exit
failed=()
# One by one, so that one that cannot be had does not keep the others away. No service is started: tests start their own.
for package in "${missing[@]}"; do
  if [ "$package" = syslog-ng ]; then
    unpack_syslog_ng || failed+=("$package")
    continue
  fi
  RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$package" >/dev/null || failed+=("$package")
done
if [ "${#failed[@]}" -gt 0 ]; then
  echo "Could not be installed: ${failed[*]}" >&2
  exit 1
fi
echo "Installed: ${missing[*]}"
