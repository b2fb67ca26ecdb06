#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Connects with every outcome, each with the row that it must have in `tcpconnect -r --json`.

usage: outcomes.py [--hold] [KIND ...]
       outcomes.py --mixed COUNT

Works as root in a network namespace of its own, which it changes: `unshare -n outcomes.py`. Each kind runs in a
process of its own, all at once. Prints a JSON object for each: its name as "kind", its process as "pid", and its
"rows"; or "skipped" or "broken" and why. A row has the members that the tool must print, null where anything may
stand, and behind them what bounds them: "begun_ns" and "ended_ns" (time of day), "least_ms" (latency), "at_once"
(it failed before anything was sent), "before_syn_sent" (and before its socket was in that state, where only kprobes
see it).

With --hold the kinds are those that are under way at Ctrl-C: they end when stdin does. With --mixed COUNT connects
are accepted, refused and given up by turns; all that is printed is the id of the process.
"""
import argparse
import contextlib
import ctypes
import errno
import functools
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from clients import IPPROTO_MPTCP, MSG_FASTOPEN, NOBODY, Servers, Skip

SO_ATTACH_FILTER = 26
SO_DETACH_FILTER = 27
SO_MEMINFO = 55
SK_MEMINFO_DROPS = 8
TCP_FASTOPEN_CONNECT = 30
TCP_SYN_SENT = 2
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
BOUND = 60  # of each wait, in seconds; in an emulated guest all takes long
LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
MAPPED = "::ffff:"  # an IPv4 address as IPv6 has it (RFC 4291, 2.5.5.2)
# where a router of this test's own says that there is nobody, by ICMP
UNREACHABLE_HOST = "10.78.1.1"
UNREACHABLE_NET = "10.78.2.1"
UNREACHABLE_HOST6 = "fd78:1::1"
NEIGHBOUR = "10.77.0.99"  # not there: nobody answers ARP
NEIGHBOUR6 = "fd77::99"
# routes that this host's own table has or lacks
NO_ROUTE, NO_ROUTE6 = "203.0.113.1", "2001:db8::1"
ROUTES = {"unreachable": "10.79.1.1", "prohibit": "10.79.2.1", "blackhole": "10.79.3.1"}

libc = ctypes.CDLL(None, use_errno=True)
kinds = []
held_kinds = []
kept = []  # sockets that stay open until their process ends


def kind(function):
    kinds.append(function)
    return function


def held(function):
    held_kinds.append(function)
    return function


class Net:
    """What a kind connects to, on 127.0.0.1 and ::1."""

    def __init__(self, servers, refusing):
        self.open = servers.port
        self.closed = refusing  # nobody listens there, and nobody gets the port


# --- Sockets ---

def tcp(family=socket.AF_INET, bound=None, protocol=0, blocking=True):
    """With `bound` (True or an address) its local address is known, even if the connect fails."""
    sock = socket.socket(family, socket.SOCK_STREAM, protocol)
    sock.setblocking(blocking)
    if bound:
        sock.bind((LOOPBACK[family] if bound is True else bound, 0))
    return sock


def deafen(sock):
    """From now on nothing reaches the socket: a classic BPF program that keeps no byte of a packet."""
    code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(code)))


def hear(sock):
    """Undoes deafen(), once the socket has missed something: a busy kernel delivers that later."""
    bound = time.monotonic() + BOUND
    while not struct.unpack_from("9I", sock.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 64))[SK_MEMINFO_DROPS]:
        if time.monotonic() > bound:
            raise TimeoutError("nothing came that it could miss")
        time.sleep(0.001)
    sock.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)


def deaf(family=socket.AF_INET, **options):
    """A socket whose SYN is answered by nobody."""
    sock = tcp(family, **options)
    deafen(sock)
    return sock


def impatient(sock):
    """One SYN and one more."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
    return sock


def outcome_of(sock):
    """Waits for a connect that is under way: its errno."""
    if not select.select([], [sock], [], BOUND)[1]:
        raise TimeoutError("no outcome")
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


# --- Rows ---

def name_of(error):
    return errno.errorcode[error] if error else "ok"


def plain(address):
    return address[len(MAPPED):] if address.startswith(MAPPED) else address


def read_local(row, sock):
    saddr, lport = sock.getsockname()[:2]
    row["saddr"] = None if saddr in ("0.0.0.0", "::", MAPPED + "0.0.0.0") else plain(saddr)
    row["lport"] = lport or None


def begin(sock, address, call=None):
    """Connects, by `call` if it is another than connect(2). The row, which has all but its end, and "error"."""
    row = {"pid": os.getpid(), "tid": threading.get_native_id(), "uid": os.getuid(),
           "comm": open("/proc/thread-self/comm").read().rstrip("\n")[:15],
           "ip": 4 if sock.family == socket.AF_INET or address[0].startswith(MAPPED) else 6,
           "daddr": plain(address[0]), "dport": address[1], "begun_ns": time.time_ns()}
    row["error"] = (call or sock.connect_ex)(address)
    read_local(row, sock)
    return row


def end(row, result, error=None, **bounds):
    row.update(result=result, errno=error, ended_ns=time.time_ns(), **bounds)
    row.pop("error")
    return row


def end_with(row, error, expected, **bounds):
    """By an errno, or 0: what the program got."""
    if name_of(error) != expected:
        raise AssertionError(f"the program got {name_of(error)} in place of {expected}")
    return end(row, expected, error, **bounds)


def connect(sock, address, expected="ok", call=None, **bounds):
    """From begin to end, blocking or not."""
    row = begin(sock, address, call)
    error = row["error"]
    if error == errno.EINPROGRESS:
        error = outcome_of(sock)
    return end_with(row, error, expected, **bounds)


def under_way(sock, address, call=None):
    row = begin(sock, address, call)
    if row["error"] not in (errno.EINPROGRESS, errno.EAGAIN):
        raise AssertionError(f"the connect ended: {name_of(row['error'])}")
    return row


# --- Kinds: accepted ---

@kind
def accepted(net):
    return [connect(tcp(), ("127.0.0.1", net.open))]


@kind
def accepted_ipv6(net):
    return [connect(tcp(socket.AF_INET6), ("::1", net.open))]


@kind
def accepted_mapped(net):
    return [connect(tcp(socket.AF_INET6), (MAPPED + "127.0.0.1", net.open))]


@kind
def accepted_non_blocking(net):
    return [connect(tcp(blocking=False), ("127.0.0.1", net.open))]


@kind
def accepted_by_a_thread(net):
    """While its process's main thread waits."""
    rows = []
    thread = threading.Thread(target=lambda: rows.append(connect(tcp(), ("127.0.0.1", net.open))))
    thread.start()
    thread.join(BOUND)
    if rows and rows[0]["tid"] == os.getpid():
        raise AssertionError("not a thread")
    return rows


@kind
def accepted_late(net):
    """The first SYN-ACK is lost, and the SYN comes again after a second."""
    sock = deaf(blocking=False)
    row = under_way(sock, ("127.0.0.1", net.open))
    hear(sock)
    return [end_with(row, outcome_of(sock), "ok", least_ms=900)]


@kind
def accepted_when_the_backlog_has_room(net):
    listener, rows, sock = full_listener()
    row = under_way(sock, listener.getsockname())
    time.sleep(0.2)
    listener.accept()
    return rows + [end_with(row, outcome_of(sock), "ok", least_ms=200)]


# --- Kinds: refused ---

@kind
def refused(net):
    return [connect(tcp(bound=True), ("127.0.0.1", net.closed), "ECONNREFUSED")]


@kind
def refused_ipv6(net):
    return [connect(tcp(socket.AF_INET6, bound=True), ("::1", net.closed), "ECONNREFUSED")]


@kind
def refused_mapped(net):
    sock = tcp(socket.AF_INET6, bound=MAPPED + "127.0.0.1")
    return [connect(sock, (MAPPED + "127.0.0.1", net.closed), "ECONNREFUSED")]


@kind
def refused_non_blocking(net):
    return [connect(tcp(bound=True, blocking=False), ("127.0.0.1", net.closed), "ECONNREFUSED")]


@kind
def refused_late(net):
    """The first RST is lost."""
    sock = deaf(bound=True, blocking=False)
    row = under_way(sock, ("127.0.0.1", net.closed))
    hear(sock)
    return [end_with(row, outcome_of(sock), "ECONNREFUSED", least_ms=900)]


@kind
def reset_while_both_connect(net):
    """The other side's SYN came, and then a RST: that is no refusal."""
    one, other = crossing()
    rows = [under_way(one, other.getsockname()), under_way(other, one.getsockname())]
    hear(one)
    time.sleep(2)  # until the other's SYN came again; the answer to it is lost
    other.close()
    rows[1] = end(rows[1], "closed", least_ms=1500)
    rows[0] = end_with(rows[0], outcome_of(one), "ECONNRESET", least_ms=1500)
    return rows


# --- Kinds: nobody answers ---

@kind
def timed_out(net):
    sock = impatient(deaf(bound=True))
    return [connect(sock, ("127.0.0.1", net.open), "ETIMEDOUT", least_ms=2500)]


@kind
def timed_out_ipv6(net):
    sock = impatient(deaf(socket.AF_INET6, bound=True))
    return [connect(sock, ("::1", net.open), "ETIMEDOUT", least_ms=2500)]


@kind
def timed_out_for_another_user(net):
    """The timer runs in the name of whoever is there."""
    sock = impatient(deaf(bound=True))
    os.setuid(NOBODY)
    return [connect(sock, ("127.0.0.1", net.open), "ETIMEDOUT", least_ms=2500)]


@kind
def timed_out_sooner(net):
    """By TCP_USER_TIMEOUT, at the second SYN or after it."""
    sock = deaf(bound=True)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1500)
    return [connect(sock, ("127.0.0.1", net.open), "ETIMEDOUT", least_ms=900)]


@kind
def no_neighbour(net):
    return [connect(tcp(bound="10.77.0.1"), (NEIGHBOUR, 9), "EHOSTUNREACH", least_ms=100)]


@kind
def no_neighbour_ipv6(net):
    sock = tcp(socket.AF_INET6, bound="fd77::1")
    return [connect(sock, (NEIGHBOUR6, 9), "EHOSTUNREACH", least_ms=100)]


@kind
def host_unreachable_by_icmp(net):
    return [connect(tcp(bound="10.77.0.1"), (UNREACHABLE_HOST, 9), "EHOSTUNREACH")]


@kind
def host_unreachable_by_icmp_mapped(net):
    sock = tcp(socket.AF_INET6, bound=MAPPED + "10.77.0.1")
    return [connect(sock, (MAPPED + UNREACHABLE_HOST, 9), "EHOSTUNREACH")]


@kind
def network_unreachable_by_icmp(net):
    return [connect(tcp(bound="10.77.0.1"), (UNREACHABLE_NET, 9), "ENETUNREACH")]


@kind
def forbidden_by_icmp_ipv6(net):
    sock = tcp(socket.AF_INET6, bound="fd77::1")
    return [connect(sock, (UNREACHABLE_HOST6, 9), "EACCES")]


# --- Kinds: failed at once ---

def at_once(address, expected, family=socket.AF_INET):
    return connect(tcp(family, bound=True), (address, 9), expected, at_once=True, before_syn_sent=True)


@kind
def no_route(net):
    return [at_once(NO_ROUTE, "ENETUNREACH")]


@kind
def no_route_ipv6(net):
    return [at_once(NO_ROUTE6, "ENETUNREACH", socket.AF_INET6)]


@kind
def no_route_non_blocking(net):
    sock = tcp(blocking=False)
    return [connect(sock, (NO_ROUTE, 9), "ENETUNREACH", at_once=True, before_syn_sent=True)]


@kind
def no_route_mapped(net):
    sock = tcp(socket.AF_INET6, bound=MAPPED + "127.0.0.1")
    return [connect(sock, (MAPPED + NO_ROUTE, 9), "ENETUNREACH", at_once=True, before_syn_sent=True)]


@kind
def unreachable_by_routing(net):
    return [at_once(ROUTES["unreachable"], "EHOSTUNREACH")]


@kind
def prohibited_by_routing(net):
    return [at_once(ROUTES["prohibit"], "EACCES")]


@kind
def blackhole_by_routing(net):
    return [at_once(ROUTES["blackhole"], "EINVAL")]


def twice_from_one_address(family, source, address):
    one, other = tcp(family), tcp(family)
    for sock in one, other:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind((source, 0))
    other.bind(one.getsockname())
    return [connect(one, address), connect(other, address, "EADDRNOTAVAIL", at_once=True)]


@kind
def address_in_use(net):
    """From the same address and port to the same ones."""
    return twice_from_one_address(socket.AF_INET, "127.0.0.1", ("127.0.0.1", net.open))


@kind
def address_in_use_ipv6(net):
    return twice_from_one_address(socket.AF_INET6, "::1", ("::1", net.open))


@kind
def address_in_use_mapped(net):
    return twice_from_one_address(socket.AF_INET6, MAPPED + "127.0.0.1", (MAPPED + "127.0.0.1", net.open))


def exhausted(family):
    if libc.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    run("ip link set lo up")
    sysctl("ipv4/ip_local_port_range", "50000 50001")
    listener = socket.create_server((LOOPBACK[family], 1001), family=family)
    address = listener.getsockname()[:2]
    return [connect(tcp(family), address), connect(tcp(family), address),
            connect(tcp(family), address, "EADDRNOTAVAIL", at_once=True)]


@kind
def ports_exhausted(net):
    return exhausted(socket.AF_INET)


@kind
def ports_exhausted_ipv6(net):
    return exhausted(socket.AF_INET6)


# --- Kinds: given up ---

@kind
def closed(net):
    sock = deaf(blocking=False)
    row = under_way(sock, ("127.0.0.1", net.open))
    time.sleep(0.1)
    sock.close()
    return [end(row, "closed", least_ms=100)]


@kind
def closed_ipv6(net):
    sock = deaf(socket.AF_INET6, blocking=False)
    row = under_way(sock, ("::1", net.open))
    time.sleep(0.1)
    sock.close()
    return [end(row, "closed", least_ms=100)]


@kind
def closed_after_its_timeout(net):
    """A blocking connect with SO_SNDTIMEO."""
    sock = deaf(bound=True)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 0, 200000))
    row = under_way(sock, ("127.0.0.1", net.open))
    sock.close()
    return [end(row, "closed", least_ms=190)]


@kind
def closed_after_an_alarm(net):
    """A blocking connect is interrupted (EINTR); the program gives up."""
    def interrupted(*_):
        raise InterruptedError

    sock = deaf(bound=True)

    def call(address):
        signal.signal(signal.SIGALRM, interrupted)
        with contextlib.suppress(InterruptedError):
            signal.setitimer(signal.ITIMER_REAL, 0.5)
            sock.connect_ex(address)
            return 0
        return errno.EAGAIN

    row = under_way(sock, ("127.0.0.1", net.open), call)
    sock.close()
    return [end(row, "closed", least_ms=100)]


@kind
def accepted_after_an_alarm(net):
    """A blocking connect is interrupted (EINTR), but goes on, and succeeds."""
    sock = deaf(bound=True)

    def call(address):
        signal.signal(signal.SIGALRM, lambda *_: hear(sock))
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        return sock.connect_ex(address)

    return [connect(sock, ("127.0.0.1", net.open), call=call, least_ms=900)]


@kind
def closed_while_the_backlog_is_full(net):
    listener, rows, sock = full_listener()
    row = under_way(sock, listener.getsockname())
    time.sleep(0.2)
    sock.close()
    return rows + [end(row, "closed", least_ms=200)]


def child_that_connects(connects):
    """The row of another process, which `connects` and then waits for its end."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, json.dumps(connects()).encode())
        os._exit(0)
    os.close(writer)
    row = json.loads(os.read(reader, 4096))
    return child, row


@kind
def closed_by_exit(net):
    def connects():
        sock = deaf(blocking=False)
        row = under_way(sock, ("127.0.0.1", net.open))
        time.sleep(0.1)
        kept.append(sock)
        return row

    child, row = child_that_connects(connects)
    os.waitpid(child, 0)
    return [end(row, "closed", least_ms=100)]


@kind
def closed_by_kill(net):
    """In the middle of a blocking connect."""
    sock = deaf(bound=True)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        def tell(address):
            os.write(writer, json.dumps({"pid": os.getpid(), "tid": os.getpid(), "begun_ns": time.time_ns()}).encode())
            return sock.connect_ex(address)

        begin(sock, ("127.0.0.1", net.open), tell)
        os._exit(1)
    row = begin(sock, ("127.0.0.1", net.open), lambda _: errno.EINPROGRESS)
    row.update(json.loads(os.read(reader, 4096)))
    time.sleep(0.3)
    sock.close()  # the child's is the last one
    os.kill(child, signal.SIGKILL)
    if os.WEXITSTATUS(os.waitpid(child, 0)[1]):
        raise AssertionError("the connect ended")
    return [end(row, "closed", least_ms=100)]


@kind
def shut_down(net):
    sock = deaf(bound=True, blocking=False)
    row = under_way(sock, ("127.0.0.1", net.open))
    time.sleep(0.1)
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    return [end(row, "closed", least_ms=100)]


def disconnect(sock):
    """connect(2) with AF_UNSPEC: the socket is as new."""
    if libc.connect(sock.fileno(), bytes(16), 16):
        raise OSError(ctypes.get_errno(), "connect with AF_UNSPEC")


# --- Kinds: a socket that is used again ---

@kind
def again_after_it_was_refused(net):
    sock = tcp(bound=True)
    return [connect(sock, ("127.0.0.1", net.closed), "ECONNREFUSED"), connect(sock, ("127.0.0.1", net.open))]


@kind
def again_after_it_timed_out(net):
    sock = impatient(deaf(bound=True))
    row = connect(sock, ("127.0.0.1", net.open), "ETIMEDOUT", least_ms=2500)
    hear(sock)
    return [row, connect(sock, ("127.0.0.1", net.open))]


@kind
def again_after_it_was_disconnected(net):
    sock = deaf(bound=True, blocking=False)
    row = under_way(sock, ("127.0.0.1", net.open))
    time.sleep(0.1)
    disconnect(sock)
    row = end(row, "closed", least_ms=100)
    hear(sock)
    return [row, connect(sock, ("127.0.0.1", net.open))]


@kind
def again_after_no_route(net):
    sock = tcp(bound=True)
    return [connect(sock, (NO_ROUTE, 9), "ENETUNREACH", at_once=True, before_syn_sent=True),
            connect(sock, ("127.0.0.1", net.open))]


# --- Kinds: both sides connect ---

def crossing():
    """Two sockets that hear nothing yet, so that neither gets a RST before the other connects too."""
    return deaf(bound=True, blocking=False), deaf(bound=True, blocking=False)


@kind
def both_sides_connect(net):
    one, other = crossing()
    rows = [under_way(one, other.getsockname()), under_way(other, one.getsockname())]
    hear(one)
    hear(other)
    return [end_with(row, outcome_of(sock), "ok", least_ms=500) for row, sock in zip(rows, (one, other))]


@kind
def to_itself(net):
    sock = tcp(bound=True)
    return [connect(sock, sock.getsockname())]


@kind
def to_itself_ipv6(net):
    sock = tcp(socket.AF_INET6, bound=True)
    return [connect(sock, sock.getsockname()[:2])]


# --- Kinds: TCP Fast Open (RFC 7413) and Multipath TCP (RFC 8684) ---

def send_first(sock, address):
    """A connect by sendto(2)."""
    try:
        sock.sendto(b"hello", MSG_FASTOPEN, address)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            raise Skip(f"TCP Fast Open: {error}") from error
        return error.errno
    return 0


def with_cookie(net):
    """Fetches the server's cookie, so that later connects may wait for their data. The row of that connect."""
    sock = tcp()
    return connect(sock, ("127.0.0.1", net.open), call=functools.partial(send_first, sock))


def deferred(address, **options):
    """A connect that has succeeded for the program, and sent nothing yet."""
    sock = tcp(bound=True, **options)
    sock.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
    error = sock.connect_ex(address)
    if error or sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != TCP_SYN_SENT:
        raise Skip("TCP_FASTOPEN_CONNECT sent the SYN at once")
    time.sleep(0.2)
    return sock


def write(sock, _):
    """The first write to a deferred connect, which waits for its outcome."""
    try:
        sock.send(b"hello")
    except BlockingIOError:
        pass
    except OSError as error:
        return error.errno
    return outcome_of(sock)


@kind
def fast_open(net):
    sock = tcp()
    return [with_cookie(net), connect(sock, ("127.0.0.1", net.open), call=functools.partial(send_first, sock))]


@kind
def fast_open_refused(net):
    sock = tcp(bound=True)
    return [connect(sock, ("127.0.0.1", net.closed), "ECONNREFUSED", call=functools.partial(send_first, sock))]


@kind
def fast_open_deferred(net):
    """Its time and its latency begin with the SYN."""
    address = ("127.0.0.1", net.open)
    rows = [with_cookie(net)]
    sock = deferred(address)
    return rows + [connect(sock, address, call=functools.partial(write, sock))]


@kind
def fast_open_deferred_and_refused(net):
    address = ("127.0.0.1", net.closed)
    rows = [with_cookie(net)]
    sock = deferred(address)
    return rows + [connect(sock, address, "ECONNREFUSED", call=functools.partial(write, sock))]


def deferred_and_written(net):
    """A deferred connect after its first write, which nobody answers, and its row."""
    sock = deferred(("127.0.0.1", net.open), blocking=False)
    deafen(sock)

    def call(_):
        with contextlib.suppress(BlockingIOError):
            sock.send(b"hello")
        return errno.EINPROGRESS

    return sock, under_way(sock, ("127.0.0.1", net.open), call)


@kind
def fast_open_deferred_and_given_up(net):
    """Written to, and closed before anybody answered."""
    rows = [with_cookie(net)]
    sock, row = deferred_and_written(net)
    time.sleep(0.1)
    sock.close()
    return rows + [end(row, "closed", least_ms=100)]


@kind
def fast_open_never_written(net):
    """No SYN was ever sent: no connect."""
    rows = [with_cookie(net)]
    deferred(("127.0.0.1", net.open)).close()
    return rows


def multipath(**options):
    try:
        return tcp(protocol=IPPROTO_MPTCP, **options)
    except OSError as error:
        raise Skip(f"MPTCP: {error}") from error


@kind
def mptcp(net):
    return [connect(multipath(), ("127.0.0.1", net.open))]


@kind
def mptcp_refused(net):
    return [connect(multipath(bound=True), ("127.0.0.1", net.closed), "ECONNREFUSED")]


@kind
def mptcp_closed(net):
    multipath().close()
    listener, rows, _ = full_listener()
    sock = multipath(bound=True, blocking=False)
    row = under_way(sock, listener.getsockname())
    time.sleep(0.2)
    sock.close()
    return rows + [end(row, "closed", least_ms=200)]


# --- Kinds that are under way at Ctrl-C ---

def full_listener():
    """A listener that drops SYNs, since nobody accepts; the rows of those that filled it; a socket for one more."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    filling = tcp()
    rows = [connect(filling, listener.getsockname())]
    sock = tcp(blocking=False)
    kept.append(filling)
    return listener, rows, sock


def held_under_way(sock, address):
    kept.append(sock)
    return end(under_way(sock, address), "pending")


@held
def pending(net):
    return [held_under_way(deaf(blocking=False), ("127.0.0.1", net.open))]


@held
def pending_ipv6(net):
    return [held_under_way(deaf(socket.AF_INET6, blocking=False), ("::1", net.open))]


@held
def pending_mapped(net):
    sock = deaf(socket.AF_INET6, blocking=False)
    return [held_under_way(sock, (MAPPED + "127.0.0.1", net.open))]


@held
def pending_of_another_user(net):
    sock = deaf(blocking=False)
    os.setuid(NOBODY)
    return [held_under_way(sock, ("127.0.0.1", net.open))]


@held
def pending_while_the_backlog_is_full(net):
    listener, rows, sock = full_listener()
    kept.append(listener)
    return rows + [held_under_way(sock, listener.getsockname())]


@held
def pending_beside_a_deferred_one(net):
    """What waits for its first data at Ctrl-C is no connect either."""
    rows = [with_cookie(net)]
    kept.append(deferred(("127.0.0.1", net.open)))
    return rows + [held_under_way(deaf(blocking=False), ("127.0.0.1", net.open))]


@held
def pending_after_a_deferred_write(net):
    rows = [with_cookie(net)]
    sock, row = deferred_and_written(net)
    kept.append(sock)
    return rows + [end(row, "pending")]


# --- The network ---

def run(command):
    subprocess.run(command.split(), check=True, timeout=BOUND)


def sysctl(name, value):
    with open(f"/proc/sys/net/{name}", "w") as file:
        file.write(value)


def make_network():
    """This namespace, and a router's behind it, which ends with its process. Its process."""
    run("ip link set lo up")
    sysctl("ipv4/tcp_fastopen", "3")
    sysctl("ipv4/tcp_fastopen_blackhole_timeout_sec", "0")
    with contextlib.suppress(FileNotFoundError):
        sysctl("ipv4/tcp_syn_linear_timeouts", "0")  # since 6.5: SYNs a second apart, however few are asked for
    router = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo && exec sleep 600"], stdout=subprocess.PIPE,
                              preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
    router.stdout.readline()
    there = f"nsenter -t {router.pid} -n"
    for command in (
            f"ip link add here type veth peer name there netns {router.pid}",
            "ip addr add 10.77.0.1/24 dev here", "ip addr add fd77::1/64 dev here nodad", "ip link set here up",
            f"{there} ip addr add 10.77.0.2/24 dev there", f"{there} ip addr add fd77::2/64 dev there nodad",
            f"{there} ip link set there up", f"{there} ip link set lo up",
            f"{there} sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0"
            " net.ipv6.icmp.ratelimit=0",
            f"{there} ip route add unreachable 10.78.1.0/24",
            f"{there} ip -6 route add prohibit fd78:1::/64",
            "ip route add 10.78.0.0/16 via 10.77.0.2", "ip -6 route add fd78::/16 via fd77::2"):
        run(command)
    for route, address in ROUTES.items():
        run(f"ip route add {route} {address}")
    return router


def refusing_port():
    """A port that is taken, on both loopback addresses, and where nobody listens. It and its sockets."""
    ipv4 = tcp(bound=True)
    ipv6 = socket.socket(socket.AF_INET6)
    ipv6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    ipv6.bind(("::1", ipv4.getsockname()[1]))
    return ipv4.getsockname()[1], (ipv4, ipv6)


# --- Running them ---

def attempt(function, net):
    """A kind's object, but for its process."""
    try:
        return {"rows": function(net)}
    except Skip as why:
        return {"skipped": str(why)}
    except Exception as why:  # whatever it is, the others go on
        return {"broken": f"{type(why).__name__}: {why}"}


class Kind:
    """A kind at work in a process of its own, which then waits until it is let go."""

    def __init__(self, function, net, let_go):
        self.name = function.__name__
        self.reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            os.write(writer, json.dumps(attempt(function, net)).encode())
            os.close(writer)
            os.read(let_go, 1)
            os._exit(0)
        os.close(writer)

    def told(self):
        if not select.select([self.reader], [], [], BOUND)[0]:
            os.kill(self.pid, signal.SIGKILL)
            return {"broken": "it does not end"}
        return json.loads(os.read(self.reader, 65536) or '{"broken": "it died"}')


def run_kinds(functions, hold):
    router = make_network()
    port, _sockets = refusing_port()
    net = Net(Servers(), port)
    let_go, keep = os.pipe()
    os.set_inheritable(keep, False)
    started = []
    for function in functions:
        started.append(Kind(function, net, let_go))
        time.sleep(0.03)  # a kretprobe can be under way as often as there are CPUs, and no connect is to be lost
    for one in started:
        print(json.dumps({"kind": one.name, "pid": one.pid, **one.told()}), flush=True)
    if hold:
        sys.stdin.read()
    for one in started:
        os.write(keep, b".")
    for one in started:
        os.waitpid(one.pid, 0)
    router.kill()
    router.wait(BOUND)


def mixed(count):
    """Back to back, and a third of them each way."""
    print(os.getpid(), flush=True)
    run("ip link set lo up")
    port, _sockets = refusing_port()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for i in range(count):
            with tcp(blocking=i % 3 != 2) as sock:
                if i % 3 == 0:
                    sock.connect(listener.getsockname())
                    listener.accept()[0].close()
                elif i % 3 == 1:
                    sock.connect_ex(("127.0.0.1", port))
                else:
                    deafen(sock)
                    sock.connect_ex(listener.getsockname())


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--hold", action="store_true")
    parser.add_argument("--mixed", type=int)
    parser.add_argument("kinds", nargs="*")
    arguments = parser.parse_args()
    if arguments.mixed:
        mixed(arguments.mixed)
        return 0
    wanted = held_kinds if arguments.hold else kinds
    run_kinds([one for one in wanted if not arguments.kinds or one.__name__ in arguments.kinds], arguments.hold)
    return 0


if __name__ == "__main__":
    sys.exit(main())
