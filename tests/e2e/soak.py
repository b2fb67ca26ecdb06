#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Traces for as long as it is told while the host changes all the time, and proves in the end that nothing was lost
without a word, that memory and descriptors did not grow, and that nothing stays behind.

usage: soak.py --tool PROGRAM --programs DIR [--cpus] SECONDS        prints TAP, and a line of figures each minute

In network and mount namespaces of its own (unshare --net --mount). All at once: storms of connects; containers, each a
mount namespace with a file system and a C library of its own, that come, connect and go; look-ups; and with --cpus,
which is for guests, CPU 1 goes and comes.
"""
import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from dnslib import A, DNSRecord, QTYPE, RR

BOUND = 120  # seconds, for what must end
STORM_PORT, CONTAINER_PORT, NAME_PORT = 7001, 7002, 7003
STORM_CONNECTS, STORM_EVERY = 20000, 4
RESOLVER = "127.0.0.10"
MEMORY_MAX_KB = 32 * 1024
MEMORY_SLACK = 1.10  # how far the last quarter's largest may be above the third's
HOTPLUG_FILE = "/sys/devices/system/cpu/cpu1/online"


class Tool:
    """The tool under test: what it prints is counted as it comes."""

    def __init__(self, program):
        self.rows = {}
        self.named = {}
        self.messages = []
        self.traces = threading.Event()
        ports = f"{STORM_PORT},{CONTAINER_PORT},{NAME_PORT}"
        self.process = subprocess.Popen([program, "--no-cache", "-d", "-P", ports], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.readers = [threading.Thread(target=read, daemon=True) for read in (self.read_rows, self.read_messages)]
        for reader in self.readers:
            reader.start()
        if not self.traces.wait(4 * BOUND):
            self.process.kill()
            raise SystemExit("Bail out! it does not trace: " + " ".join(self.messages))

    def read_rows(self):
        for line in self.process.stdout:
            words = line.split()
            if words[:1] == [b"Tracing"]:
                self.traces.set()
            elif words and words[0].isdigit():
                port = int(words[5])
                self.rows[port] = self.rows.get(port, 0) + 1
                self.named[port] = self.named.get(port, 0) + (b"soak.test" in line)

    def read_messages(self):
        for line in self.process.stderr:
            self.messages.append(line.decode(errors="replace").rstrip())

    def lost_in_all(self):
        """What the end says, all reasons but those that are no connects."""
        found = [re.search(r"lost in all: (\d+) (connects|events|probes)", line) for line in self.messages]
        return sum(int(match[1]) for match in found if match)

    def status(self, name):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(rf"^{name}:\s+(\d+)", status.read(), re.M)[1])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def kernel_objects(self):
        """The programs, maps and links that it holds: kind and number."""
        found = set()
        for name in os.listdir(f"/proc/{self.process.pid}/fdinfo"):
            try:
                with open(f"/proc/{self.process.pid}/fdinfo/{name}", encoding="ascii") as info:
                    found.update(re.findall(r"^(prog|map|link)_id:\s+(\d+)", info.read(), re.M))
            except FileNotFoundError:
                pass
        return found

    def end(self):
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(BOUND)
        for reader in self.readers:
            reader.join(BOUND)
        return status


class Load:
    """What happens on the host until it is told to stop; each kind in a thread of its own."""

    def __init__(self, options):
        self.programs = options.programs
        self.directory = tempfile.mkdtemp()
        self.over = threading.Event()
        self.storms = self.containers = self.look_ups = self.hotplugs = 0
        self.busy = []   # file systems of containers that could not be taken away
        self.errors = []
        kinds = [self.storm, self.container, self.look_up] + ([self.hotplug] if options.cpus else [])
        self.threads = [threading.Thread(target=self.repeat, args=(kind,)) for kind in kinds]

    def repeat(self, kind):
        while not self.over.is_set():
            try:
                kind()
            except Exception as error:  # whatever it is, the load is not what it is to be
                self.errors.append(repr(error))
                return

    def start(self):
        threading.Thread(target=serve_names, daemon=True).start()
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(BOUND)
        shutil.rmtree(self.directory, ignore_errors=True)

    def storm(self):
        subprocess.run([f"{self.programs}/storm", str(STORM_CONNECTS), "127.0.0.1", str(STORM_PORT)],
                       stdout=subprocess.DEVNULL, timeout=BOUND, check=True)
        self.storms += 1
        self.over.wait(STORM_EVERY)

    def container(self):
        """Its file system must be free as soon as it has ended."""
        root = f"{self.directory}/{self.containers}"
        library = f"/lib/ld-musl-{os.uname().machine}.so.1"
        os.makedirs(root)
        subprocess.run(["mount", "-t", "tmpfs", "none", root], timeout=BOUND, check=True)
        os.makedirs(f"{root}/lib")
        os.makedirs(f"{root}/etc")
        shutil.copy(library, f"{root}/lib/")
        shutil.copy(f"{self.programs}/look_up_musl", f"{root}/look_up")
        with open(f"{root}/etc/hosts", "w", encoding="ascii") as hosts:
            hosts.write(f"127.0.5.1 c{self.containers}.soak.test\n")
        subprocess.run(["unshare", "--mount", "--pid", "--fork", "chroot", root, "/look_up", str(CONTAINER_PORT),
                        f"c{self.containers}.soak.test"], timeout=BOUND, check=True)
        self.containers += 1
        if not self.take_away(root):
            self.busy.append(root)
        self.over.wait(1)

    def take_away(self, root):
        end = time.monotonic() + 30
        while subprocess.run(["umount", root], stderr=subprocess.DEVNULL, timeout=BOUND).returncode != 0:
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        os.rmdir(root)
        return True

    def look_up(self):
        """A burst of names over UDP, then one connect."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(BOUND)
            sock.connect((RESOLVER, 53))
            for _ in range(200):
                number = self.look_ups = self.look_ups + 1
                sock.send(DNSRecord.question(f"n{number}.soak.test").pack())
                sock.recv(512)
        with socket.socket() as sock:
            sock.connect_ex((address_of(self.look_ups), NAME_PORT))
        self.over.wait(0.1)

    def hotplug(self):
        for online in ("0", "1"):
            with open(HOTPLUG_FILE, "w", encoding="ascii") as switch:
                switch.write(online)
            self.over.wait(3)
        self.hotplugs += 1


def address_of(number):
    return f"127.{100 + (number >> 16 & 63)}.{number >> 8 & 255}.{number & 255}"


def serve_names():
    """Every name nN.soak.test has an address of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((RESOLVER, 53))
        while True:
            query, peer = sock.recvfrom(512)
            request = DNSRecord.parse(query)
            number = int(re.match(r"n(\d+)\.", str(request.q.qname))[1])
            reply = request.reply()
            reply.add_answer(RR(request.q.qname, QTYPE.A, ttl=60, rdata=A(address_of(number))))
            sock.sendto(reply.pack(), peer)


class Results:
    """TAP."""

    def __init__(self):
        self.count = self.failed = 0

    def check(self, is_right, what, why):
        self.count += 1
        self.failed += not is_right
        print(f"{'ok' if is_right else 'not ok'} {self.count} - {what}", flush=True)
        print(f"# {why}", flush=True)

    def finish(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def sample(tool, load, seconds):
    """Memory and descriptors each second, and a line of figures each minute."""
    samples = []
    begin = time.monotonic()
    while time.monotonic() < begin + seconds and tool.process.poll() is None:
        samples.append((tool.status("VmRSS"), tool.descriptors()))
        if len(samples) % 60 == 1:
            print(f"# {time.monotonic() - begin:.0f} s: {load.storms} storms, {load.containers} containers, "
                  f"{load.look_ups} look-ups, {load.hotplugs} hotplugs, {samples[-1][0]} kB, {samples[-1][1]} "
                  f"descriptors", flush=True)
        time.sleep(1)
    return samples


def of_quarters(choose, samples, index):
    """The largest or the smallest of each quarter of the samples."""
    bounds = [len(samples) * quarter // 4 for quarter in range(5)]
    return [choose((values[index] for values in samples[begin:end]), default=0)
            for begin, end in zip(bounds, bounds[1:])]


def is_there(kind, number):
    done = subprocess.run(["bpftool", kind, "show", "id", number], capture_output=True, timeout=BOUND, check=False)
    return done.returncode == 0


def still_there(objects):
    """Those that are not gone in a while: the kernel frees them some time after their last user has gone."""
    end = time.monotonic() + 60
    left = objects
    while left and time.monotonic() < end:
        left = {(kind, number) for kind, number in left if is_there(kind, number)}
        time.sleep(0.2)
    return left


def judge(results, tool, load, samples):
    held = tool.kernel_objects()
    status = tool.end()
    made = load.storms * STORM_CONNECTS
    rows, lost = tool.rows.get(STORM_PORT, 0), tool.lost_in_all()
    results.check(status == 0, "the tool ends as it is told", f"status {status}; {' | '.join(tool.messages[-8:])}")
    results.check(not load.errors, "the load is what it is to be", "; ".join(load.errors[:3]) or "no error")
    results.check(made > 0 and rows <= made <= rows + lost, "no connect of a storm is lost without a word",
                  f"{made} connects, {rows} rows, {lost} reported as lost")
    for what, port, connects in (("container", CONTAINER_PORT, load.containers),
                                 ("look-up", NAME_PORT, load.look_ups // 200)):
        results.check(connects > 0 and tool.rows.get(port, 0) + lost >= connects, f"each {what} has its row",
                      f"{connects}, {tool.rows.get(port, 0)} rows, {tool.named.get(port, 0)} of them with the name")
    results.check(not load.busy, "no file system of a container is kept busy", f"{len(load.busy)} of {load.containers}")
    memory = of_quarters(max, samples, 0)
    results.check(memory[3] <= MEMORY_SLACK * memory[2] and max(memory) <= MEMORY_MAX_KB, "memory is bounded and flat",
                  f"largest in each quarter: {memory} kB")
    # the fewest, since others on this host start and end processes with libraries of their own
    descriptors = of_quarters(min, samples, 1)
    results.check(descriptors[3] <= descriptors[2] + 4, "descriptors and links are flat",
                  f"fewest in each quarter: {descriptors}")
    left = still_there(held)
    results.check(held and not left, "no program, map or link stays behind", f"{len(held)} held, {len(left)} left")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--cpus", action="store_true")
    parser.add_argument("seconds", type=int, metavar="SECONDS")
    options = parser.parse_args()
    subprocess.run(["ip", "link", "set", "lo", "up"], timeout=BOUND, check=True)
    tool = Tool(options.tool)
    load = Load(options)
    load.start()
    try:
        samples = sample(tool, load, options.seconds)
    finally:
        load.stop()
    results = Results()
    judge(results, tool, load, samples)
    sys.exit(results.finish())


if __name__ == "__main__":
    main()
