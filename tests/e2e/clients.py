#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Connects in all the ways that programs connect, to servers of its own on the loopback.

usage: clients.py [--rows FILE] [--programs DIR] [KIND ...]

Prints a line for each kind: its name, "done" or "skipped" and why. FILE gets the kind's name and the row
that each connect must have in `tcpconnect -U -L`: UID PID COMM IP SADDR LPORT DADDR DPORT. A connect that
must have no row writes none. --programs DIR has the helpers that are written in C.
"""
import argparse
import ctypes
import os
import select
import shutil
import socket
import subprocess
import sys
import threading

IPPROTO_MPTCP = 262
MSG_FASTOPEN = 0x20000000
TCP_FASTOPEN = 23
NOBODY = 65534


class Skip(Exception):
    """This machine cannot connect in this way."""


class Servers:
    """Accepts everything on a port of 127.0.0.1 and ::1, and remembers the clients' ports."""

    def __init__(self):
        self.v4 = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.v4.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
        self.port = self.v4.getsockname()[1]
        self.v6 = socket.create_server(("::1", self.port), family=socket.AF_INET6, backlog=128)
        self.v6.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
        self.accepted = []
        self.connections = []
        self.changed = threading.Condition()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            for server in select.select([self.v4, self.v6], [], [])[0]:
                connection, peer = server.accept()
                with self.changed:
                    self.accepted.append(peer[1])
                    self.changed.notify_all()
                connection.shutdown(socket.SHUT_WR)  # closed, it would reset what has sent data
                self.connections.append(connection)

    def first_client_port(self):
        """Waits for the first connect, and tells its local port."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.accepted, timeout=30):
                raise TimeoutError("no client came")
            return self.accepted[0]


def own_row(sock, uid=None, pid=None, mapped=False):
    """The row of a connect that this process made."""
    saddr, lport = sock.getsockname()[:2]
    daddr, dport = sock.getpeername()[:2]
    return row(sock.family, saddr, lport, daddr, dport, uid, pid, mapped)


def row(family, saddr, lport, daddr, dport, uid=None, pid=None, mapped=False):
    ip = 4 if family == socket.AF_INET or mapped else 6
    if mapped:
        saddr, daddr = saddr.replace("::ffff:", ""), daddr.replace("::ffff:", "")
    pid = os.getpid() if pid is None else pid
    uid = os.getuid() if uid is None else uid
    comm = open(f"/proc/{os.getpid()}/comm").read().rstrip("\n")[:12]
    return f"{uid} {pid} {comm} {ip} {saddr} {lport} {daddr} {dport}"


def ipv4(servers):
    with socket.create_connection(("127.0.0.1", servers.port)) as sock:
        return [own_row(sock)]


def ipv6(servers):
    with socket.create_connection(("::1", servers.port)) as sock:
        return [own_row(sock)]


def ipv4_mapped(servers):
    """An IPv6 socket and an IPv4 address: what goes out is IPv4."""
    with socket.socket(socket.AF_INET6) as sock:
        sock.connect(("::ffff:127.0.0.1", servers.port))
        return [own_row(sock, mapped=True)]


def bound_source(servers):
    with socket.socket() as sock:
        sock.bind(("127.0.0.2", 0))
        sock.connect(("127.0.0.1", servers.port))
        return [own_row(sock)]


def non_blocking(servers):
    with socket.socket() as sock:
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.1", servers.port))
        select.select([], [sock], [], 10)
        return [own_row(sock)]


def refused(servers):
    """Nobody listens there; the SYN has gone out all the same."""
    with socket.socket() as closed, socket.socket() as sock:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        sock.bind(("127.0.0.1", 0))
        lport = sock.getsockname()[1]
        assert sock.connect_ex(("127.0.0.1", port)) != 0
        return [row(socket.AF_INET, "127.0.0.1", lport, "127.0.0.1", port)]


def unreachable(servers):
    """There is no route: no SYN, no row."""
    with socket.socket() as sock:
        if sock.connect_ex(("203.0.113.1", 9)) == 0:
            raise Skip("this machine has a route to everywhere")
    return []


def fast_open(servers):
    with socket.socket() as sock:
        try:
            sock.sendto(b"hello", MSG_FASTOPEN, ("127.0.0.1", servers.port))
        except OSError as error:
            raise Skip(f"TCP Fast Open: {error}")
        return [own_row(sock)]


def mptcp(servers):
    try:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
    except OSError as error:
        raise Skip(f"MPTCP: {error}")
    with sock:
        sock.connect(("127.0.0.1", servers.port))
        return [own_row(sock)]


def threads(servers):
    """Each thread's row has the process's id."""
    rows = []

    def connect():
        rows.extend(ipv4(servers))

    # from Python 3.14 on a thread of that name shows itself so
    workers = [threading.Thread(target=connect, name="python3") for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    return rows


def other_user(servers):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setuid(NOBODY)
            os.write(writer, ipv4(servers)[0].encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    return [os.read(reader, 4096).decode()]


def odd_name(servers):
    """A command's name may hold anything; on the screen it does no harm."""
    prctl = ctypes.CDLL(None).prctl
    child = os.fork()
    if child == 0:
        prctl(15, b"a\x1b[31mb c", 0, 0, 0)
        socket.create_connection(("127.0.0.1", servers.port)).close()
        os._exit(0)
    os.waitpid(child, 0)
    return []


def program(comm, argv, family=socket.AF_INET, address="127.0.0.1"):
    """A connect by another program, to a server of its own, which tells the program's local port."""
    path = shutil.which(argv[0])
    if not path:
        raise Skip(f"{argv[0]} is not installed")
    servers = Servers()
    argv = [word.replace("PORT", str(servers.port)) for word in argv]
    child = subprocess.Popen([path] + argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    lport = servers.first_client_port()
    child.wait(timeout=60)
    return [f"{os.getuid()} {child.pid} {comm} {4 if family == socket.AF_INET else 6} "
            f"{address} {lport} {address} {servers.port}"]


def curl(servers):
    return program("curl", ["curl", "-s", "-m", "5", "http://127.0.0.1:PORT/"])


def curl6(servers):
    return program("curl", ["curl", "-s", "-m", "5", "-g", "http://[::1]:PORT/"],
                   socket.AF_INET6, "::1")


def netcat(servers):
    return program("nc", ["nc", "-w", "2", "127.0.0.1", "PORT"])


def ssh(servers):
    return program("ssh", ["ssh", "-o", "BatchMode=yes", "-p", "PORT", "127.0.0.1"])


def bash(servers):
    return program("bash", ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/PORT"])


def io_uring(servers):
    helper = os.path.join(programs, "uring_connect")
    if not os.path.exists(helper):
        raise Skip("uring_connect was not built")
    child = subprocess.run([helper, "127.0.0.1", str(servers.port)], stdout=subprocess.PIPE, text=True, timeout=60)
    if child.returncode == 77:
        raise Skip("this kernel has no io_uring")
    pid, lport = child.stdout.split()
    return [f"{os.getuid()} {pid} uring_connec 4 127.0.0.1 {lport} 127.0.0.1 {servers.port}"]


KINDS = [ipv4, ipv6, ipv4_mapped, bound_source, non_blocking, refused, unreachable, fast_open, mptcp,
         threads, other_user, odd_name, curl, curl6, netcat, ssh, bash, io_uring]

programs = "."


def main():
    global programs
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--rows")
    parser.add_argument("--programs", default=".")
    parser.add_argument("kinds", nargs="*")
    arguments = parser.parse_args()
    programs = arguments.programs
    servers = Servers()
    rows = []
    for kind in KINDS:
        if arguments.kinds and kind.__name__ not in arguments.kinds:
            continue
        try:
            rows += [f"{kind.__name__} {line}" for line in kind(servers)]
            print(kind.__name__, "done", flush=True)
        except Skip as why:
            print(kind.__name__, "skipped", why, flush=True)
    if arguments.rows:
        with open(arguments.rows, "w") as file:
            file.writelines(line + "\n" for line in rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
