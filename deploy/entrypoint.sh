#!/bin/sh
# Start riskd with the kernels that the image brings. numba uses a cache only where it may also write, and the root is
# read-only: so the image's cache (a few megabytes) is copied to the temporary folder first.
set -eu
if [ ! -d "$RISKD_CACHE" ]; then
  mkdir -p "$(dirname "$RISKD_CACHE")"
  cp -R /opt/riskd/cache "$RISKD_CACHE"
fi
exec riskd "$@"
