#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Numbers of processes in PID namespaces, and ids of cgroups, on the kernel of this machine.
hooks=sockops
[ -e /sys/bus/event_source/devices/kprobe ] && hooks=kprobe
exec bash "$(dirname "$0")/../e2e/namespaces_suite.sh" --hooks "$hooks"
