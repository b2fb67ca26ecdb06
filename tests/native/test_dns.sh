#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names, on the machine that builds.
exec bash "$(dirname "$0")/../e2e/dns_suite.sh"
