#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The host changes while it is traced, as far as that leaves the machine that builds as it is.
exec bash "$(dirname "$0")/../e2e/changes_suite.sh"
