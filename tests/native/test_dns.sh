#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names, on the machine that builds.
here=$(dirname "$0")
RESOLVERS=$("$here/../e2e/fetch_resolvers.sh") || echo "# systemd-resolved and nscd could not be fetched"
export RESOLVERS
exec bash "$here/../e2e/dns_suite.sh"
