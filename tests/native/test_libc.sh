#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# C libraries that come and go, on the machine that builds.
exec bash "$(dirname "$0")/../e2e/libc_suite.sh"
