#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Takes all ports for a destination, and then has processes look for one, all at once.

usage: no_ports.py PROCESSES TIMES PORT        0 if each of their connects fails; one more failed before them
"""
import os
import resource
import socket
import sys


def take_all_ports(port):
    resource.setrlimit(resource.RLIMIT_NOFILE, (100000, 100000))
    server = socket.socket()
    server.bind(("127.0.0.1", port))
    server.listen(4096)
    held = [server]
    while True:
        sock = socket.socket()
        held.append(sock)
        if sock.connect_ex(("127.0.0.1", port)):
            return held
        held.append(server.accept()[0])


def main():
    processes, times, port = (int(word) for word in sys.argv[1:4])
    held = take_all_ports(port)
    children = []
    for _ in range(processes):
        child = os.fork()
        if child == 0:
            failed = 0
            for _ in range(times):
                with socket.socket() as sock:
                    failed += sock.connect_ex(("127.0.0.1", port)) != 0
            os._exit(failed != times)
        children.append(child)
    statuses = [os.waitpid(child, 0)[1] for child in children]
    held.clear()
    sys.exit(any(statuses))


if __name__ == "__main__":
    main()
