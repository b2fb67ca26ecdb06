#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Connects to each HOST@PORT in turn, refused or not, after looking HOST up where it is a name.

late:HOST@PORT connects with TCP Fast Open: the SYN goes out with the data, after connect(2) has returned.
"""
import socket
import sys

TCP_FASTOPEN_CONNECT = 30  # linux/tcp.h


def connect(host, port, late):
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as sock:
        sock.settimeout(10)
        try:
            if late:
                sock.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
            sock.connect(address)
            if late:
                sock.send(b"x")
        except OSError as error:
            print(f"{host}@{port}: {error}")


for place in sys.argv[1:]:
    where = place.removeprefix("late:")
    name, _, number = where.rpartition("@")
    connect(name, int(number), where != place)
