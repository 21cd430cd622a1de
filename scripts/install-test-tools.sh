#!/usr/bin/env bash
# Installs what some tests need beyond `npm ci`: promtool, to check the exposition of metrics, and
# redis-server, the store of shared rate limits.
set -euo pipefail

packages=()
command -v promtool >/dev/null || packages+=(prometheus)
command -v redis-server >/dev/null || packages+=(redis-server)
if [ "${#packages[@]}" -eq 0 ]; then
  exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "promtool or redis-server is missing and cannot be installed here: install ${packages[*]}" >&2
  exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
command -v promtool redis-server
