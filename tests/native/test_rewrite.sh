#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Other agents' programs on cgroups, on the kernel of this machine.
exec bash "$(dirname "$0")/../e2e/rewrite_suite.sh"
