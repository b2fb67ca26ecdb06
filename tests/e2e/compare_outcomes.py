#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds what `tcpconnect -r --json` printed against the rows that outcomes.py says must be there.

usage: compare_outcomes.py --hooks kprobe|sockops [--kind KIND] EXPECTED PRINTED
       compare_outcomes.py --hooks kprobe|sockops [--kind KIND] --count EXPECTED

Prints each row that is missing, and each that is too many or wrong; status 1 if there is any. Rows of processes that
outcomes.py does not tell of are others'. With --count it only tells how many rows there must be.
"""
import argparse
import calendar
import json
import sys
import time

SAME = ("pid", "tid", "uid", "comm", "ip", "saddr", "lport", "daddr", "dport", "result", "errno")
CLOCK_SLACK = 0.02  # between two readings of the clocks, in seconds


def seconds_of(text):
    """RFC 3339, UTC, nanoseconds."""
    moment = time.strptime(text[:20], "%Y-%m-%dT%H:%M:%S.")
    if len(text) != 30 or text[-1] != "Z":
        raise ValueError(f"not a time with nanoseconds in UTC: {text}")
    return calendar.timegm(moment) + int(text[20:29]) / 1e9


def differences(expected, printed, hooks):
    """Why a printed row is not the expected one."""
    wrong = [f"{name} is {printed.get(name, 'missing')!r}, not {expected[name]!r}" for name in SAME
             if name not in printed or expected[name] not in (None, printed[name])
             or name == "errno" and printed[name] != expected[name]]
    begun, ended = expected["begun_ns"] / 1e9, expected["ended_ns"] / 1e9
    made = seconds_of(printed["time"])
    if not begun - CLOCK_SLACK <= made <= ended + CLOCK_SLACK:
        wrong.append(f"time is {made - begun:.6f} s after the connect began, {ended - made:.6f} s before its end")
    latency = printed["latency_ms"]
    most = (ended - begun + CLOCK_SLACK) * 1000
    if expected["result"] == "pending":
        most = float("inf")
    if expected.get("at_once") and hooks == "kprobe":
        most = 0
    if not expected.get("least_ms", 0) <= latency <= most:
        wrong.append(f"latency_ms is {latency}, not {expected.get('least_ms', 0)} to {most:.3f}")
    return wrong


def compare_kind(kind, printed, hooks):
    """All that is wrong with the rows of one kind."""
    if "broken" in kind:
        return [kind["broken"]]
    if "skipped" in kind:
        return []
    rows = visible(kind, hooks)
    pids = {kind["pid"]} | {row["pid"] for row in kind["rows"]}
    left = [row for row in printed if row["pid"] in pids]
    wrong = []
    for row in rows:
        found = [other for other in left if not differences(row, other, hooks)]
        if found:
            left.remove(found[0])
        else:
            wrong.append(f"missing: {json.dumps(row)}")
            # which of them it may have been
            wrong += [f"  {difference}" for other in left if (other["daddr"], other["dport"]) ==
                      (row["daddr"], row["dport"]) for difference in differences(row, other, hooks)]
    return wrong + [f"too many: {json.dumps(row)}" for row in left]


def visible(kind, hooks):
    return [row for row in kind.get("rows", []) if hooks == "kprobe" or not row.get("before_syn_sent")]


def objects(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--hooks", choices=("kprobe", "sockops"), required=True)
    parser.add_argument("--kind")
    parser.add_argument("--count", action="store_true")
    parser.add_argument("expected")
    parser.add_argument("printed", nargs="?")
    arguments = parser.parse_args()
    kinds = [kind for kind in objects(arguments.expected) if arguments.kind in (None, kind["kind"])]
    if arguments.count:
        print(sum(1 if "broken" in kind else len(visible(kind, arguments.hooks)) for kind in kinds))
        return 0
    printed = objects(arguments.printed)
    wrong = []
    if not arguments.kind:
        wrong += [f"not a row: {json.dumps(row)}" for row in printed if "pid" not in row]
    printed = [row for row in printed if "pid" in row]
    for kind in kinds:
        wrong += [f"{kind['kind']}: {what}" for what in compare_kind(kind, printed, arguments.hooks)]
    print("\n".join(wrong))
    return bool(wrong) or not kinds


if __name__ == "__main__":
    sys.exit(main())
