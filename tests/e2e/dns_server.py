#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A DNS server for tests: UDP and TCP port 53 of the given addresses, names under way.test.

usage: dns_server.py ADDRESS...        prints "ready" when it serves

The first letter of a name says how it is answered, the number K behind it with which address:

    n, a, b  A 127.1.0.K, AAAA fd00::K in hexadecimal
    c        likewise, behind two CNAMEs
    m        four addresses: A 127.2.K.1 to 127.2.K.4, AAAA fd01::K:1 to fd01::K:4
    g        240 addresses, about 3,900 bytes: A 127.3.K.1 to 127.3.K.240
    h        as g, but 60 addresses: about 1,000 bytes
    t        as n, but over UDP truncated, with no addresses
    s        as n, after 0.3 seconds
    l        as n, but over TCP the length comes first, then the message in two pieces
    z        as m, sent from the sender's own pages where that can be done (MSG_ZEROCOPY)
    e        no addresses
    x        no such name (NXDOMAIN), as is everything else

What is longer than the asker takes over UDP (512 bytes, or what its EDNS record says) is truncated.
"""
import ipaddress
import re
import socket
import sys
import threading
import time

from dnslib import AAAA, A, CNAME, DNSRecord, QTYPE, RCODE, RR

PORT = 53
SO_ZEROCOPY = 60
MSG_ZEROCOPY = 0x4000000
TTL = 60

ADDRESSES = {  # kind: how many, and their IPv4 and IPv6 form
    "m": (4, "127.2.{}.{}", "fd01::{:x}:{:x}"),
    "g": (240, "127.3.{}.{}", "fd01::{:x}:{:x}"),
    "h": (60, "127.3.{}.{}", "fd01::{:x}:{:x}"),
    "z": (4, "127.2.{}.{}", "fd01::{:x}:{:x}"),
}
ONE_ADDRESS = (1, "127.1.0.{}", "fd00::{:x}")


def addresses(kind, number, qtype):
    """The addresses of a name, as text."""
    count, ipv4, ipv6 = ADDRESSES.get(kind, ONE_ADDRESS)
    form = ipv4 if qtype == QTYPE.A else ipv6
    return [form.format(number, i) for i in range(1, count + 1)]


class Answer:
    """What is sent for a query, and how."""

    def __init__(self, query):
        self.request = DNSRecord.parse(query)
        self.reply = self.request.reply()
        question = str(self.request.q.qname)
        match = re.fullmatch(r"([a-z])(\d+)\.way\.test\.", question.lower())
        self.kind, self.number = (match[1], int(match[2])) if match else ("x", 0)
        self.size_over_udp = 512
        for record in self.request.ar:
            if record.rtype == QTYPE.OPT:
                self.size_over_udp = max(512, record.rclass)
        if self.kind == "x":
            self.reply.header.rcode = RCODE.NXDOMAIN
        elif self.kind != "e" and self.request.q.qtype in (QTYPE.A, QTYPE.AAAA):
            self.add_records(question)

    def add_records(self, owner):
        """CNAMEs, if any, and the addresses of the last of them."""
        qtype = self.request.q.qtype
        if self.kind == "c":
            for alias in (f"alias{self.number}.way.test.", f"HOST{self.number}.cdn.test."):
                self.reply.add_answer(RR(owner, QTYPE.CNAME, ttl=TTL, rdata=CNAME(alias)))
                owner = alias
        data = A if qtype == QTYPE.A else AAAA
        for address in addresses(self.kind, self.number, qtype):
            self.reply.add_answer(RR(owner, qtype, ttl=TTL, rdata=data(str(ipaddress.ip_address(address)))))

    def over_udp(self):
        """The message, truncated where it must be."""
        message = self.reply.pack()
        if self.kind != "t" and len(message) <= self.size_over_udp:
            return message
        truncated = self.request.reply()
        truncated.header.tc = 1
        return truncated.pack()

    def over_tcp(self):
        """The message with its length."""
        message = self.reply.pack()
        return len(message).to_bytes(2, "big") + message


def send_answer(sock, answer, peer):
    """Send one answer over UDP."""
    if answer.kind == "s":
        time.sleep(0.3)
    flags = 0
    if answer.kind == "z":
        try:
            sock.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
            flags = MSG_ZEROCOPY
        except OSError:
            pass
    sock.sendto(answer.over_udp(), flags, peer)


def serve_udp(sock):
    """Answer each datagram in a thread of its own."""
    while True:
        query, peer = sock.recvfrom(4096)
        threading.Thread(target=send_answer, args=(sock, Answer(query), peer), daemon=True).start()


def take_queries(received):
    """The whole queries at the beginning of what was received, which loses them."""
    queries = []
    while len(received) >= 2 and len(received) >= 2 + int.from_bytes(received[:2], "big"):
        end = 2 + int.from_bytes(received[:2], "big")
        queries.append(bytes(received[2:end]))
        del received[:end]
    return queries


def send_in_pieces(sock, message):
    """The length field, then the message in two pieces."""
    for piece in (message[:2], message[2:20], message[20:]):
        sock.sendall(piece)
        time.sleep(0.02)


def serve_connection(sock):
    """Answer what comes on one connection; queries that came together are answered together."""
    received = bytearray()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with sock:
        while chunk := sock.recv(65536):
            received += chunk
            answers = [Answer(query) for query in take_queries(received)]
            if any(answer.kind == "l" for answer in answers):
                for answer in answers:
                    send_in_pieces(sock, answer.over_tcp())
            elif answers:
                sock.sendall(b"".join(answer.over_tcp() for answer in answers))


def serve_tcp(server):
    """Accept for ever."""
    while True:
        sock, _ = server.accept()
        threading.Thread(target=serve_connection, args=(sock,), daemon=True).start()


def main():
    for address in sys.argv[1:]:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        udp = socket.socket(family, socket.SOCK_DGRAM)
        udp.bind((address, PORT))
        tcp = socket.socket(family, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tcp.bind((address, PORT))
        tcp.listen(64)
        threading.Thread(target=serve_udp, args=(udp,), daemon=True).start()
        threading.Thread(target=serve_tcp, args=(tcp,), daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
