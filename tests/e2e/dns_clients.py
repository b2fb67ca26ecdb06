#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Looks names up in every way that programs do, and connects to the addresses.

usage: dns_clients.py --resolver ADDRESS --resolver6 ADDRESS [--remote ADDRESS] [--stub NAME=ADDRESS]... [--hosts FILE]
                      [--container DIR] [--early DIR] [--programs DIR] [WAY ...]
       dns_clients.py --resolver ADDRESS --resolver6 ADDRESS --serve-early DIR

The resolvers are dns_server.py's; --remote is one behind a real (or veth) interface, --stub another resolver in front
of it; --hosts is what the C library takes for /etc/hosts, and may be added to; --container is the root of a process that
looks up what is written to its pipe `names`; --early is the same for a process that --serve-early has made, whose socket
is connected to the resolver before anything traces. Each way has a process and addresses of its own. Prints lines of words separated by tabs, the first one the way's name:

    WAY row DADDR NAME   a connect, in its order, and the end of the row that it must have
    WAY done
    WAY skipped WHY      this machine lacks it
    WAY failed WHY       the look-up itself did not go as it should
"""
import argparse
import asyncio
import ctypes
import ipaddress
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from dnslib import A, EDNS0, DNSRecord, DNSLabel, QTYPE, RR

PORT = 53
BOUND = 120  # seconds, for each way
UNKNOWN = "No DNS Query"
MAPPED = "::ffff:"


class Skip(Exception):
    """This machine cannot look up in this way."""


def query(name, qtype="A", size=None):
    """A query; `size` is what EDNS offers to receive."""
    record = DNSRecord.question(name, qtype)
    if size:
        record.add_ar(EDNS0(udp_len=size))
    return record.pack()


def with_length(message):
    return len(message).to_bytes(2, "big") + message


def connect(address, port=1):
    """Nobody listens there. A refused connect is a connect."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as sock:
        sock.connect_ex((address, port))


def open_socket(resolver, kind=socket.SOCK_DGRAM):
    family = socket.AF_INET6 if ":" in resolver else socket.AF_INET
    sock = socket.socket(family, kind)
    sock.settimeout(30)
    return sock


# --- ways to receive a datagram

def by_recv(sock):
    return sock.recv(4096)


def by_recvfrom(sock):
    return sock.recvfrom(4096)[0]


def buffers():
    return [bytearray(5), bytearray(20), bytearray(4096)]


def by_recvmsg(sock):
    return sock.recvmsg_into(buffers())


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class Msghdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint), ("iov", ctypes.POINTER(Iovec)),
                ("iovlen", ctypes.c_size_t), ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int)]


class Mmsghdr(ctypes.Structure):
    _fields_ = [("header", Msghdr), ("length", ctypes.c_uint)]


def by_recvmmsg(sock):
    sock.settimeout(None)
    memory = ctypes.create_string_buffer(4096)
    iovec = Iovec(ctypes.addressof(memory), len(memory))
    message = Mmsghdr(Msghdr(iov=ctypes.pointer(iovec), iovlen=1))
    assert ctypes.CDLL(None).recvmmsg(sock.fileno(), ctypes.byref(message), 1, 0, None) == 1


def by_read(sock):
    sock.settimeout(None)
    return os.read(sock.fileno(), 4096)


def by_readv(sock):
    sock.settimeout(None)
    return os.readv(sock.fileno(), buffers())


def by_peek(sock):
    for _ in range(2):
        sock.recv(4096, socket.MSG_PEEK)
    return sock.recv(4096)


def by_small_peek(sock):
    """As programs do to learn a datagram's size."""
    sock.recv(1, socket.MSG_PEEK | socket.MSG_TRUNC)
    return sock.recv(4096)


RECEIVE = [by_recv, by_recvfrom, by_recvmsg, by_recvmmsg, by_read, by_readv, by_peek, by_small_peek]


def ask(resolver, name, qtype="A", size=None, receive=by_recv, connected=True):
    """Over UDP."""
    with open_socket(resolver) as sock:
        if connected:
            sock.connect((resolver, PORT))
            sock.send(query(name, qtype, size))
        else:
            sock.sendto(query(name, qtype, size), (resolver, PORT))
        return receive(sock)


def read_exactly(sock, count):
    received = b""
    while len(received) < count:
        received += sock.recv(count - len(received))
    return received


def ask_over_tcp(resolver, names, apart=False):
    """All queries at once, then all answers."""
    with open_socket(resolver, socket.SOCK_STREAM) as sock:
        sock.connect((resolver, PORT))
        sock.sendall(b"".join(with_length(query(name)) for name in names))
        if apart:
            for _ in names:
                read_exactly(sock, int.from_bytes(read_exactly(sock, 2), "big"))
            return
        received = b""
        for _ in names:
            while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2], "big"):
                received += sock.recv(65536)
            received = received[2 + int.from_bytes(received[:2], "big"):]


def fork():
    """A child's waits have a bound too: it has no alarm of its parent's."""
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, over)
        signal.alarm(BOUND)
    return child


def over(number, frame):
    raise TimeoutError("not within its time")


def in_child(function, *args):
    """Call it in a process of its own, and wait for that."""
    child = fork()
    if child == 0:
        status = 1
        try:
            function(*args)
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


class Way:
    """One way's means: resolvers, names and addresses of its own, and what it expects."""

    def __init__(self, name, number, options):
        self.name = name
        self.number = number
        self.resolver = options.resolver
        self.resolver6 = options.resolver6
        self.mapped = MAPPED + options.resolver
        self.remote = options.remote
        self.programs = options.programs
        self.hosts = options.hosts
        self.container = options.container
        self.early = options.early
        self.stubs = dict(stub.split("=", 1) for stub in options.stub)

    def host(self, kind, offset=0):
        return f"{kind}{self.number + offset}.way.test"

    def address(self, offset=0):
        return f"127.1.0.{self.number + offset}"

    def address6(self, offset=0):
        return str(ipaddress.ip_address(f"fd00::{self.number + offset:x}"))

    def one_of(self, network, index):
        """Of a name with several addresses."""
        return f"127.{network}.{self.number}.{index}"

    def one_of6(self, index):
        return str(ipaddress.ip_address(f"fd01::{self.number:x}:{index:x}"))

    def say(self, *words):
        print(self.name, *words, sep="\t", flush=True)

    def expect(self, address, host):
        """Write down the row that a connect must have."""
        self.say("row", address, host)

    def expect_and_connect(self, address, host):
        self.expect(address, host)
        connect(address)


WAYS = {}


def way(function):
    WAYS[function.__name__] = function
    return function


def ask_and_connect(resolver, **how):
    """A way: asks one of its resolvers, by the name that Way has for it."""
    def run(self):
        ask(getattr(self, resolver), self.host("n"), **how)
        self.expect_and_connect(self.address(), self.host("n"))
    return run


for is_connected in (True, False):
    for by in RECEIVE:
        WAYS[f"udp_{'connected' if is_connected else 'unconnected'}_{by.__name__}"] = ask_and_connect(
            "resolver", receive=by, connected=is_connected)
WAYS["udp_ipv6_resolver"] = ask_and_connect("resolver6")
WAYS["udp_ipv6_resolver_unconnected"] = ask_and_connect("resolver6", connected=False, receive=by_recvmsg)
WAYS["udp_mapped_resolver"] = ask_and_connect("mapped")
WAYS["udp_mapped_resolver_unconnected"] = ask_and_connect("mapped", connected=False, receive=by_recvfrom)


@way
def udp_io_uring(self):
    program = os.path.join(self.programs or "", "dns_uring")
    if not os.access(program, os.X_OK):
        raise Skip("dns_uring is not built")
    done = subprocess.run([program, self.resolver, self.host("n"), self.address(), "1"], timeout=60)
    if done.returncode == 77:
        raise Skip("no io_uring here")
    assert done.returncode == 0
    self.expect(self.address(), self.host("n"))


@way
def edns_1000_bytes(self):
    ask(self.resolver, self.host("h"), size=1232)
    self.expect_and_connect(self.one_of(3, 60), self.host("h"))


@way
def edns_4000_bytes(self):
    ask(self.resolver, self.host("g"), size=4096)
    self.expect_and_connect(self.one_of(3, 240), self.host("g"))


@way
def edns_4000_bytes_read_in_part(self):
    """The process takes less than came; what came is used."""
    ask(self.resolver, self.host("g"), size=4096, receive=lambda sock: sock.recv(512))
    self.expect_and_connect(self.one_of(3, 240), self.host("g"))


@way
def from_pages(self):
    """The sender's pages hang on the packet."""
    ask(self.resolver, self.host("z"))
    self.expect_and_connect(self.one_of(2, 4), self.host("z"))


@way
def over_an_interface(self):
    ask(need_remote(self), self.host("n"))
    self.expect_and_connect(self.address(), self.host("n"))


@way
def in_ip_fragments(self):
    ask(need_remote(self), self.host("g"), size=4096)
    self.expect_and_connect(self.one_of(3, 240), self.host("g"))


@way
def tcp_over_an_interface(self):
    ask_over_tcp(need_remote(self), [self.host("g"), self.host("n")])
    self.expect_and_connect(self.one_of(3, 240), self.host("g"))
    self.expect_and_connect(self.address(), self.host("n"))


def need_remote(self):
    if not self.remote:
        raise Skip("no resolver behind an interface")
    return self.remote


@way
def truncated_then_tcp(self):
    ask(self.resolver, self.host("t"))
    ask_over_tcp(self.resolver, [self.host("t")])
    self.expect_and_connect(self.address(), self.host("t"))


@way
def truncated(self):
    """It holds no address."""
    ask(self.resolver, self.host("t"))
    self.expect_and_connect(self.address(), UNKNOWN)


@way
def tcp_one_read(self):
    ask_over_tcp(self.resolver, [self.host("n")])
    self.expect_and_connect(self.address(), self.host("n"))


@way
def tcp_length_apart(self):
    ask_over_tcp(self.resolver, [self.host("l")], apart=True)
    self.expect_and_connect(self.address(), self.host("l"))


@way
def tcp_several_messages(self):
    ask_over_tcp(self.resolver, [self.host("n"), self.host("h"), self.host("a", 1)])
    self.expect_and_connect(self.address(), self.host("n"))
    self.expect_and_connect(self.one_of(3, 60), self.host("h"))
    self.expect_and_connect(self.address(1), self.host("a", 1))


@way
def tcp_several_large_messages(self):
    """15 kB of answers, joined on their way."""
    names = [self.host("g"), self.host("m"), self.host("g"), self.host("g"), self.host("n")]
    ask_over_tcp(self.resolver, names)
    self.expect_and_connect(self.one_of(2, 2), self.host("m"))
    self.expect_and_connect(self.address(), self.host("n"))


@way
def tcp_ipv6_resolver(self):
    ask_over_tcp(self.resolver6, [self.host("n")])
    self.expect_and_connect(self.address(), self.host("n"))


@way
def tcp_mapped_resolver(self):
    ask_over_tcp(self.mapped, [self.host("n")])
    self.expect_and_connect(self.address(), self.host("n"))


@way
def several_addresses(self):
    ask(self.resolver, self.host("m"))
    for index in (3, 1):
        self.expect_and_connect(self.one_of(2, index), self.host("m"))


@way
def aaaa(self):
    ask(self.resolver, self.host("n"), "AAAA")
    self.expect_and_connect(self.address6(), self.host("n"))


@way
def several_aaaa(self):
    ask(self.resolver, self.host("m"), "AAAA")
    self.expect_and_connect(self.one_of6(4), self.host("m"))


@way
def cname(self):
    ask(self.resolver, self.host("c"))
    self.expect_and_connect(self.address(), self.host("c"))


@way
def cname_aaaa(self):
    ask(self.resolver6, self.host("c"), "AAAA")
    self.expect_and_connect(self.address6(), self.host("c"))


@way
def no_addresses(self):
    ask(self.resolver, self.host("e"))
    self.expect_and_connect(self.address(), UNKNOWN)


@way
def no_such_name(self):
    ask(self.resolver, self.host("x"))
    self.expect_and_connect(self.address(), UNKNOWN)


@way
def negative_answers_change_nothing(self):
    ask(self.resolver, self.host("n"))
    ask(self.resolver, self.host("x"))
    ask(self.resolver, self.host("n"), "TXT")
    self.expect_and_connect(self.address(), self.host("n"))


@way
def latest_answer(self):
    ask(self.resolver, self.host("a"))
    self.expect_and_connect(self.address(), self.host("a"))
    ask(self.resolver, self.host("b"))
    self.expect_and_connect(self.address(), self.host("b"))


@way
def answer_after_the_connect(self):
    with open_socket(self.resolver) as sock:
        sock.connect((self.resolver, PORT))
        sock.send(query(self.host("s")))
        self.expect_and_connect(self.address(), UNKNOWN)
        sock.recv(4096)
    self.expect_and_connect(self.address(), self.host("s"))


def own_names(self, ask_for):
    """Two processes, one address, each its own name; a third has the host's latest."""
    def first(proceed, done):
        ask_for(self.host("a"))
        os.write(done, b".")
        os.read(proceed, 1)
        self.expect_and_connect(self.address(), self.host("a"))

    def second():
        ask_for(self.host("b"))
        self.expect_and_connect(self.address(), self.host("b"))

    proceed, done = os.pipe(), os.pipe()
    child = fork()
    if child == 0:
        first(proceed[0], done[1])
        os._exit(0)
    os.read(done[0], 1)
    in_child(second)
    os.write(proceed[1], b".")
    assert os.waitpid(child, 0)[1] == 0
    self.expect_and_connect(self.address(), self.host("b"))


@way
def own_name_udp_connected(self):
    own_names(self, lambda name: ask(self.resolver, name))


@way
def own_name_udp_unconnected(self):
    own_names(self, lambda name: ask(self.resolver6, name, connected=False))


@way
def own_name_tcp(self):
    own_names(self, lambda name: ask_over_tcp(self.resolver, [name]))


@way
def socket_of_the_parent(self):
    """The child's name is the host's."""
    with open_socket(self.resolver) as sock:
        sock.connect((self.resolver, PORT))

        def child():
            sock.send(query(self.host("n")))
            sock.recv(4096)
            self.expect_and_connect(self.address(), self.host("n"))

        in_child(child)


@way
def in_a_thread(self):
    thread = threading.Thread(target=ask, args=(self.resolver, self.host("n")))
    thread.start()
    thread.join()
    self.expect_and_connect(self.address(), self.host("n"))


@way
def while_64_threads_wait(self):
    """Each blocked in a receive, as kretprobes would be."""
    def wait(sock):
        sock.recvfrom(100)

    waiting = []
    for _ in range(64):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        waiting.append(sock)
        threading.Thread(target=wait, args=(sock,), daemon=True).start()
    time.sleep(0.3)
    ask(self.resolver, self.host("n"), receive=by_recvfrom)
    self.expect_and_connect(self.address(), self.host("n"))
    for sock in waiting:
        sock.sendto(b".", sock.getsockname())


@way
def through_a_stub(self):
    """The stub asks for another name than the application; the application's is shown."""
    stub = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stub.bind(("127.0.0.99", PORT))

    def serve():
        question, peer = stub.recvfrom(4096)
        question = DNSRecord.parse(question)
        upstream = DNSRecord.parse(ask(self.resolver, self.host("b")))
        reply = question.reply()
        for record in upstream.rr:
            reply.add_answer(RR(DNSLabel(question.q.qname), record.rtype, ttl=60, rdata=record.rdata))
        stub.sendto(reply.pack(), peer)

    child = fork()
    if child == 0:
        serve()
        os._exit(0)
    ask("127.0.0.99", self.host("a"))
    self.expect_and_connect(self.address(), self.host("a"))
    os.waitpid(child, 0)


# --- answers that nobody asked for, and those of others

ROGUE = "127.0.0.96"
CLONE_NEWNET = 0x40000000


def reply_to(question, address):
    """A message that gives a question's name an address."""
    reply = DNSRecord.parse(question).reply()
    reply.add_answer(RR(reply.q.qname, QTYPE.A, ttl=60, rdata=A(address)))
    return reply.pack()


def listen(address, kind=socket.SOCK_DGRAM, port=PORT):
    sock = open_socket(address, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    return sock


def serve_once(sock, address):
    """Answers the next question, in a process of its own; that is left to end by itself."""
    child = fork()
    if child == 0:
        question, peer = sock.recvfrom(4096)
        sock.sendto(reply_to(question, address), peer)
        os._exit(0)
    return child


@way
def unsolicited_to_an_open_port(self):
    """A datagram from port 53 to a socket that has asked nothing."""
    with listen("127.0.0.1", port=0) as victim, listen(ROGUE) as rogue:
        rogue.sendto(reply_to(query(self.host("n")), self.address()), victim.getsockname())
        victim.recv(4096)
    self.expect_and_connect(self.address(), UNKNOWN)


@way
def unsolicited_beside_a_question(self):
    """To a socket that has asked something else, of somebody else."""
    with listen("127.0.0.1", port=0) as victim, listen(ROGUE) as rogue:
        question = query(self.host("x"))
        victim.sendto(question, (self.resolver, PORT))
        victim.recv(4096)
        forged = bytearray(reply_to(query(self.host("n")), self.address()))
        forged[:2] = (int.from_bytes(question[:2], "big") ^ 1).to_bytes(2, "big")
        rogue.sendto(forged, victim.getsockname())
        victim.recv(4096)
    self.expect_and_connect(self.address(), UNKNOWN)


@way
def stream_from_port_53(self):
    """Another one connects to a server of this host from its port 53, and sends an answer."""
    server = listen("127.0.0.1", socket.SOCK_STREAM, 0)
    server.listen(1)
    with server, listen(ROGUE, socket.SOCK_STREAM) as rogue:
        rogue.connect(server.getsockname())
        with server.accept()[0] as accepted:
            rogue.sendall(with_length(reply_to(query(self.host("n")), self.address())))
            accepted.recv(4096)
            accepted.sendall(b"thanks")
            rogue.recv(4096)
    self.expect_and_connect(self.address(), UNKNOWN)


def in_a_network_of_its_own(function, *args):
    """Call it in a process in a network namespace of its own."""
    def enter():
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.unshare(CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        function(*args)
    in_child(enter)


@way
def answer_in_another_network(self):
    """Who answers itself in a network namespace of its own names something for itself, and nothing for the host."""
    def deceive():
        with listen("127.0.0.11") as server:
            serve_once(server, self.address())
            ask("127.0.0.11", self.host("a"))
        self.expect_and_connect(self.address(), self.host("a"))
    in_a_network_of_its_own(deceive)
    self.expect_and_connect(self.address(), UNKNOWN)


@way
def one_address_in_two_networks(self):
    """Each container's name for it, where another process than the one that connects has asked."""
    def container(host, done, proceed):
        with listen("127.0.0.11") as server:
            serve_once(server, self.address())
            in_child(ask, "127.0.0.11", host)
        os.write(done, b".")
        os.read(proceed, 1)
        in_child(self.expect_and_connect, self.address(), host)

    done, proceed = os.pipe(), os.pipe()
    for host in (self.host("a"), self.host("b")):
        if fork() == 0:
            in_a_network_of_its_own(container, host, done[1], proceed[0])
            os._exit(0)
        os.read(done[0], 1)
    for _ in range(2):  # one after the other, since rows are compared in their order
        os.write(proceed[1], b".")
        assert os.wait()[1] == 0


@way
def parent_before_others(self):
    """A shell script's answer names what its programs connect to, and theirs."""
    ask(self.resolver, self.host("a"))
    in_child(ask, self.resolver, self.host("b"))
    in_child(self.expect_and_connect, self.address(), self.host("a"))
    in_child(in_child, self.expect_and_connect, self.address(), self.host("a"))


def by_early(self, protocol):
    if not self.early:
        raise Skip("no socket was connected before")
    self.expect(self.address(), self.host("n"))
    with open(f"{self.early}/names", "w", encoding="ascii") as names:
        names.write(f"{protocol} {self.host('n')} {self.address()}\n")
    wait_for(lambda: self.host("n") in open(f"{self.early}/done", encoding="ascii").read())


@way
def connected_before_tracing(self):
    by_early(self, "udp")


@way
def tcp_connected_before_tracing(self):
    for _ in range(2):
        by_early(self, "tcp")


def serve_early(directory, resolver):
    """Asks for each name that comes, over the same sockets, and connects to its address."""
    with open_socket(resolver) as udp, open_socket(resolver, socket.SOCK_STREAM) as tcp, \
         open(os.open(f"{directory}/names", os.O_RDWR), encoding="ascii") as names, \
         open(f"{directory}/done", "w", encoding="ascii") as done:
        udp.connect((resolver, PORT))
        tcp.connect((resolver, PORT))
        print("ready", file=done, flush=True)
        while line := names.readline().split():
            protocol, host, address = line
            if protocol == "udp":
                udp.send(query(host))
                udp.recv(4096)
            else:
                tcp.sendall(with_length(query(host)))
                read_exactly(tcp, int.from_bytes(read_exactly(tcp, 2), "big"))
            connect(address)
            print(host, file=done, flush=True)


# --- the real resolvers

def add_glibc_ways():
    def make(options, family):
        def run(self):
            os.environ["RES_OPTIONS"] = options
            found = socket.getaddrinfo(self.host("n"), 1, family, socket.SOCK_STREAM)
            assert found, "getaddrinfo found nothing"
            for _, _, _, _, address in found:
                self.expect_and_connect(address[0], self.host("n"))
        return run

    WAYS["glibc"] = make("", socket.AF_UNSPEC)
    WAYS["glibc_ipv4"] = make("", socket.AF_INET)
    WAYS["glibc_ipv6"] = make("", socket.AF_INET6)
    WAYS["glibc_use_vc"] = make("use-vc", socket.AF_UNSPEC)
    WAYS["glibc_edns0"] = make("edns0", socket.AF_UNSPEC)
    WAYS["glibc_single_request"] = make("single-request", socket.AF_UNSPEC)


add_glibc_ways()


def need_program(name):
    path = shutil.which(name)
    if not path:
        raise Skip(f"{name} is not installed")
    return path


def by_dig(self, *options):
    subprocess.run([need_program("dig"), f"@{self.resolver}", *options, self.host("n")], timeout=60,
                   stdout=subprocess.DEVNULL, check=True)
    self.expect_and_connect(self.address(), self.host("n"))


@way
def dig(self):
    by_dig(self)


@way
def dig_tcp(self):
    by_dig(self, "+tcp")


@way
def c_ares(self):
    """Node's dns.resolve4(), and the connect too."""
    script = """
        const dns = require("dns"), net = require("net");
        dns.setServers([process.argv[1]]);
        dns.resolve4(process.argv[2], (error, addresses) => {
            if (error) throw error;
            net.connect(1, addresses[0]).on("error", () => {});
        });
    """
    subprocess.run([need_program("node"), "-e", script, self.resolver, self.host("n")], timeout=BOUND, check=True)
    self.expect(self.address(), self.host("n"))


@way
def asyncio_getaddrinfo(self):
    """Python's asyncio: getaddrinfo() in a thread of its own, and a connect that does not block."""
    async def main():
        for _, _, _, _, address in await asyncio.get_running_loop().getaddrinfo(self.host("n"), 1, family=socket.AF_INET,
                                                                               type=socket.SOCK_STREAM):
            with socket.socket() as sock:
                sock.setblocking(False)
                try:
                    await asyncio.get_running_loop().sock_connect(sock, address)
                except OSError:
                    pass
    self.expect(self.address(), self.host("n"))
    asyncio.run(main())


@way
def go(self):
    """The resolver of Go's own library, in rclone."""
    rclone = need_program("rclone")
    self.expect(self.address(), self.host("n"))
    subprocess.run([rclone, "lsf", "--config", "/dev/null", "--retries", "1", "--low-level-retries", "1", "--bind", "0.0.0.0",
                    "--http-url", f"http://{self.host('n')}:1", ":http:"],
                   env=os.environ | {"GODEBUG": "netdns=go"}, timeout=BOUND, stderr=subprocess.DEVNULL)


def by_musl(self, host):
    program = f"{self.programs}/look_up_musl"
    if not os.access(program, os.X_OK):
        raise Skip("musl-gcc was not there when the tests were built")
    self.expect(self.address(), host)
    subprocess.run([program, "1", host], timeout=60, check=True)


@way
def musl(self):
    by_musl(self, self.host("n"))


# --- names that are not asked for over the wire

def add_to_hosts(self):
    """A name that the DNS does not know."""
    if not self.hosts:
        raise Skip("no /etc/hosts that may be added to, or names from DNS messages only")
    with open(self.hosts, "a", encoding="ascii") as hosts:
        hosts.write(f"{self.address()} {self.host('x')}\n")
    return self.host("x")


@way
def glibc_etc_hosts(self):
    host = add_to_hosts(self)
    assert socket.getaddrinfo(host, 1, socket.AF_INET, socket.SOCK_STREAM)[0][4][0] == self.address()
    self.expect_and_connect(self.address(), host)


@way
def musl_etc_hosts(self):
    by_musl(self, add_to_hosts(self))


@way
def container_etc_hosts(self):
    """A process in a mount namespace and a root of its own, with a C library of its own, which ran before the tool did."""
    if not self.container or not self.hosts:
        raise Skip("no musl for a container, or names from DNS messages only")
    with open(f"{self.container}/etc/hosts", "a", encoding="ascii") as hosts:
        hosts.write(f"{self.address()} {self.host('x')}\n")
    self.expect(self.address(), self.host("x"))
    with open(f"{self.container}/names", "w", encoding="ascii") as names:
        names.write(self.host("x") + "\n")
    wait_for(lambda: self.host("x") in open(f"{self.container}/done", encoding="ascii").read())


# --- local resolvers

def by_stub(self, stub):
    """The second one to ask is answered from the stub's memory."""
    if stub not in self.stubs:
        raise Skip(f"{stub} is not here")
    for _ in range(2):
        in_child(lambda: (ask(self.stubs[stub], self.host("n")), self.expect_and_connect(self.address(), self.host("n"))))


@way
def dnsmasq(self):
    by_stub(self, "dnsmasq")


@way
def systemd_resolved(self):
    by_stub(self, "systemd_resolved")


@way
def nscd(self):
    """The C library asks it over a Unix socket, and it asks the DNS. Here for this way only: all others would ask it too."""
    if "nscd" not in self.stubs:
        raise Skip("nscd is not here")
    with tempfile.NamedTemporaryFile("w") as config:
        config.write("enable-cache hosts yes\npersistent hosts no\nshared hosts no\n")
        config.flush()
        daemon = subprocess.Popen([self.stubs["nscd"], "--foreground", "--config-file", config.name],
                                  stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: os.path.exists("/run/nscd/socket"))
            for _ in range(2):
                in_child(by_getaddrinfo, self)
        finally:
            daemon.kill()
            daemon.wait(timeout=BOUND)


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "not within its time"
        time.sleep(0.05)


def by_getaddrinfo(self):
    assert socket.getaddrinfo(self.host("n"), 1, socket.AF_INET, socket.SOCK_STREAM)[0][4][0] == self.address()
    self.expect_and_connect(self.address(), self.host("n"))


def run_way(name, number, options):
    """In a process of its own."""
    child = fork()
    if child:
        os.waitpid(child, 0)
        return
    this = Way(name, number, options)
    try:
        WAYS[name](this)
        this.say("done")
    except Skip as reason:
        this.say("skipped", reason)
    except Exception as error:  # whatever it is, this way did not work
        this.say("failed", repr(error))
    os._exit(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resolver", required=True)
    parser.add_argument("--resolver6", required=True)
    parser.add_argument("--remote")
    parser.add_argument("--programs")
    parser.add_argument("--hosts")
    parser.add_argument("--container")
    parser.add_argument("--early")
    parser.add_argument("--serve-early")
    parser.add_argument("--stub", action="append", default=[])
    parser.add_argument("ways", nargs="*", metavar="WAY")
    options = parser.parse_args()
    if options.serve_early:
        serve_early(options.serve_early, options.resolver)
        return
    for index, name in enumerate(WAYS):
        if not options.ways or name in options.ways:
            run_way(name, 2 * index + 1, options)


if __name__ == "__main__":
    main()
