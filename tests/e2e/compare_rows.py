#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the rows of `tcpconnect -U -L` against the rows that clients.py says must be there.

usage: compare_rows.py EXPECTED PRINTED

Prints each row that is missing, and each that nobody made; status 1 if there is any.
"""
import collections
import sys


def main():
    with open(sys.argv[1]) as file:
        expected = collections.Counter(file.read().splitlines())
    printed = collections.Counter()
    with open(sys.argv[2]) as file:
        for line in file.read().splitlines()[2:]:
            printed[" ".join(line.split()[:8])] += 1
    for row in (expected - printed).elements():
        print("missing:", row)
    for row in (printed - expected).elements():
        print("too many:", row)
    print(sum(expected.values()), "rows expected,", sum(printed.values()), "printed")
    return expected != printed


if __name__ == "__main__":
    sys.exit(main())
