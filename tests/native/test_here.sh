#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The end-to-end tests on the machine that builds, with whatever its kernel offers.
hooks=sockops
[ -e /sys/bus/event_source/devices/kprobe ] && hooks=kprobe
exec bash "$(dirname "$0")/../e2e/suite.sh" --hooks $hooks
