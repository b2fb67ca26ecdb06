#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a resolver that programs on cgroups lead to another address and port, and connects to the answer.

rewrite_resolver.py serve ADDRESS@PORT          answers A with the address that the question begins with: a.b.c.d.test
rewrite_resolver.py ask HOW ADDRESS NAME PORT   HOW: connected or each, a datagram's address given with it
"""
import ipaddress
import re
import socket
import struct
import sys

DNS_PORT = 53


def serve(place):
    address, _, port = place.partition("@")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((address, int(port)))
        print("ready", flush=True)
        while True:
            question, peer = sock.recvfrom(512)
            number = ".".join(label.decode() for label in labels(question)[:4])
            answer = struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + ipaddress.IPv4Address(number).packed
            sock.sendto(question[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0) + question[12:] + answer, peer)


def labels(message):
    found, at = [], 12
    while message[at]:
        found.append(message[at + 1 : at + 1 + message[at]])
        at += 1 + message[at]
    return found


def ask(how, address, name, port):
    words = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = struct.pack("!HHHHHH", 4711, 0x100, 1, 0, 0, 0) + words + b"\0" + struct.pack("!HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        if how == "connected":
            sock.connect((address, DNS_PORT))
            sock.send(question)
        else:
            sock.sendto(question, (address, DNS_PORT))
        answer, peer = sock.recvfrom(512)
    print("answered by", peer)
    with socket.socket() as sock:
        sock.connect_ex((str(ipaddress.IPv4Address(answer[-4:])), int(port)))


if sys.argv[1] == "serve":
    serve(sys.argv[2])
else:
    assert re.fullmatch(r"(\d+\.){4}test", sys.argv[4])
    ask(*sys.argv[2:])
