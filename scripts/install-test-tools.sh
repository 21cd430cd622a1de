#!/usr/bin/env bash
# Installs what some tests need beyond `npm ci`: promtool, to check the exposition of metrics.
set -euo pipefail

if command -v promtool >/dev/null; then
  exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "promtool is missing and cannot be installed here: install the package prometheus" >&2
  exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus >/dev/null
command -v promtool
