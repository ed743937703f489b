#!/bin/sh
# Makes a base image for the Dockerfile where no registry of images can be reached: Debian from its
# package archive, with this machine's Node, npm and certificates.
#   docker/make-base.sh [NAME]        needs root, mmdebstrap, docker, node and npm
set -eu
name=${1:-holdfast-base:local}
node=$(node -p process.execPath)
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mmdebstrap --variant=minbase --include=ca-certificates,libstdc++6 \
  --customize-hook='mkdir -p "$1/usr/local/lib/node_modules"' \
  --customize-hook="copy-in $node /usr/local/bin" \
  --customize-hook="copy-in $npm /usr/local/lib/node_modules" \
  --customize-hook='ln -s ../lib/node_modules/npm/bin/npm-cli.js "$1/usr/local/bin/npm"' \
  --customize-hook="copy-in /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs" \
  bookworm "$work/base.tar"
docker import \
  --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
  --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' \
  "$work/base.tar" "$name" >&2
echo "$name"
