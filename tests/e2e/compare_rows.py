#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the rows of `tcpconnect -U -L` against the rows that clients.py says must be there.

usage: compare_rows.py [--kind KIND] EXPECTED PRINTED

Prints each row that is missing, and each that nobody made; status 1 if there is any. With --kind only what
clients of that kind must have counts, and rows are not too many.
"""
import argparse
import collections
import sys


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--kind")
    parser.add_argument("expected")
    parser.add_argument("printed")
    arguments = parser.parse_args()
    expected = collections.Counter()
    with open(arguments.expected) as file:
        for line in file:
            kind, row = line.rstrip("\n").split(" ", 1)
            if arguments.kind in (None, kind):
                expected[row] += 1
    ports = {row.split()[-1] for row in expected}  # whatever else the machine does goes elsewhere
    printed = collections.Counter()
    with open(arguments.printed) as file:
        for line in file.read().splitlines()[2:]:
            row = line.split()[:8]
            if row[-1] in ports:
                printed[" ".join(row)] += 1
    wrong = [f"missing: {row}" for row in (expected - printed).elements()]
    if not arguments.kind:
        wrong += [f"too many: {row}" for row in (printed - expected).elements()]
    print("\n".join(wrong))
    print(sum(expected.values()), "rows expected,", sum(printed.values()), "printed")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
