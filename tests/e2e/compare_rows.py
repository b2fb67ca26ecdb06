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
    ports = {row.split()[-1] for row in expected}  # whatever else the machine does goes elsewhere
    printed = collections.Counter()
    with open(sys.argv[2]) as file:
        for line in file.read().splitlines()[2:]:
            row = line.split()[:8]
            if row[-1] in ports:
                printed[" ".join(row)] += 1
    for row in (expected - printed).elements():
        print("missing:", row)
    for row in (printed - expected).elements():
        print("too many:", row)
    print(sum(expected.values()), "rows expected,", sum(printed.values()), "printed")
    return expected != printed


if __name__ == "__main__":
    sys.exit(main())
