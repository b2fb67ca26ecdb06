#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two minutes of the soak on the machine that builds; SOAK_SECONDS says otherwise.
exec unshare --net --mount "$(dirname "$0")/../e2e/soak.py" --tool "$TCPCONNECT" \
	--programs "$(dirname "$TCPCONNECT")/e2e" "${SOAK_SECONDS:-120}"
