#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What becomes of connects, on the kernel of this machine.
hooks=sockops
[ -e /sys/bus/event_source/devices/kprobe ] && hooks=kprobe
exec bash "$(dirname "$0")/../e2e/outcome_suite.sh" --hooks "$hooks"
