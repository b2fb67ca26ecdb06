#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures tcpconnect beside its peers on the kernel that this runs on.

usage: bench.py --tool PATH --storm PATH [--peer NAME=COMMAND]... [--runs N] [--connects N]

Prints a table: the median of the runs with minimum and maximum, and each peer's median divided into ours.
"python" is tcpconnect-bpfcc, "libbpf" is the CO-RE tcpconnect.
"""
import argparse
import os
import pty
import re
import shlex
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

PORT = 1  # nobody listens there
ROW = re.compile(rb"^ *[0-9.]*\s*[0-9]+ +\S+ +4 +127\.0\.0\.1 +127\.0\.0\.1 +1\b", re.M)


class Knocker(threading.Thread):
    """Connects every few milliseconds, so that a tool's first row comes as soon as it can."""

    def __init__(self):
        super().__init__(daemon=True)
        self.done = False

    def run(self):
        while not self.done:
            with socket.socket() as sock:
                sock.connect_ex(("127.0.0.1", PORT))
            time.sleep(0.005)


class Traced:
    """A tool with its stdout on a terminal, so that none of them buffers."""

    def __init__(self, command, out=None):
        self.begin = time.monotonic()
        if out:
            self.process = subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE)
            self.master = None
        else:
            self.master, slave = pty.openpty()
            self.process = subprocess.Popen(command, stdout=slave, stderr=subprocess.PIPE)
            os.close(slave)

    def wait_for(self, pattern, timeout=900):
        """Seconds from the start to the first output that matches."""
        seen = b""
        while time.monotonic() < self.begin + timeout:
            seen += os.read(self.master, 65536)
            if pattern.search(seen):
                return time.monotonic() - self.begin
        raise TimeoutError

    def drain_in_background(self):
        def drain():
            try:
                while os.read(self.master, 65536):
                    pass
            except OSError:
                pass
        threading.Thread(target=drain, daemon=True).start()

    def cpu_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_kb(self, field):
        return int(re.search(field + r":\s+(\d+)", open(f"/proc/{self.process.pid}/status").read())[1])

    def stop(self):
        """Ctrl-C: seconds to the end."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        seconds = time.monotonic() - begin
        self.errors = self.process.stderr.read().decode(errors="replace")
        if self.master is not None:
            os.close(self.master)
        return seconds


def first_row(command):
    """Start to first row, resident memory then, exit, peak memory."""
    knocker = Knocker()
    knocker.start()
    tool = Traced(command)
    start = tool.wait_for(ROW)
    knocker.done = True
    tool.drain_in_background()
    resident = tool.memory_kb("VmRSS")
    peak = tool.memory_kb("VmHWM")
    return {"start s": start, "resident MB": resident / 1024, "peak MB": peak / 1024, "exit s": tool.stop()}


def storm(arguments, connects):
    command = [arguments.storm, str(connects), "127.0.0.1", str(PORT)]
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def bpf_time_ns(pid):
    """Run time and runs of the programs that a process holds."""
    ids = set()
    for entry in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            ids.update(re.findall(r"prog_id:\s+(\d+)", open(f"/proc/{pid}/fdinfo/{entry}").read()))
        except OSError:
            pass
    total = 0
    for number in ids:
        shown = subprocess.run(["bpftool", "prog", "show", "id", number], stdout=subprocess.PIPE, text=True).stdout
        found = re.search(r"run_time_ns (\d+)", shown)
        total += int(found[1]) if found else 0
    return total


def under_load(arguments, command, connects):
    """A storm while the tool traces: rate beside the untraced rate, CPU and time in BPF for each connect."""
    with tempfile.NamedTemporaryFile() as out:
        tool = Traced(command, out)
        wait_until_rows(out.name)
        before = tool.cpu_seconds()
        rate = storm(arguments, connects)
        time.sleep(0.3)
        cpu = tool.cpu_seconds() - before
        subprocess.run(["sysctl", "-qw", "kernel.bpf_stats_enabled=1"], check=True)
        begin = bpf_time_ns(tool.process.pid)
        storm(arguments, connects)
        bpf = bpf_time_ns(tool.process.pid) - begin
        subprocess.run(["sysctl", "-qw", "kernel.bpf_stats_enabled=0"], check=True)
        tool.stop()
    return {"connects/s traced": rate, "CPU us/event": cpu / connects * 1e6, "BPF ns/connect": bpf / connects}


def wait_until_rows(path):
    knocker = Knocker()
    knocker.start()
    deadline = time.monotonic() + 900
    while not ROW.search(open(path, "rb").read()):
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)
    knocker.done = True
    knocker.join()
    time.sleep(0.2)


def losses(arguments, command, connects):
    """A storm with every row written to a file: what is missing, and what is out of order."""
    with tempfile.NamedTemporaryFile() as out:
        tool = Traced(command + ["-t"], out)
        wait_until_rows(out.name)
        before = len(ROW.findall(open(out.name, "rb").read()))
        storms = [threading.Thread(target=storm, args=(arguments, connects // os.cpu_count()))
                  for _ in range(os.cpu_count())]
        for each in storms:
            each.start()
        for each in storms:
            each.join()
        tool.stop()
        lines = [line for line in open(out.name, "rb").read().splitlines() if ROW.match(line)]
        times = [float(line.split()[0]) for line in lines]
        disorder = sum(1 for a, b in zip(times, times[1:]) if b < a)
    return connects // os.cpu_count() * os.cpu_count() - (len(lines) - before), disorder, tool.errors.strip()


def summary(values):
    return f"{statistics.median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--storm", required=True)
    parser.add_argument("--peer", action="append", default=[])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--connects", type=int, default=5000)
    parser.add_argument("--storm-connects", type=int, default=100000)
    parser.add_argument("--compile-runs", type=int, default=1)
    arguments = parser.parse_args()
    os.environ["PYTHONUNBUFFERED"] = "1"
    cache = tempfile.mkdtemp()
    os.chmod(cache, 0o755)
    tools = {"ours": [arguments.tool, "--cache", cache]}
    for peer in arguments.peer:
        name, command = peer.split("=", 1)
        tools[name] = shlex.split(command)
    print(f"# kernel {os.uname().release}, {os.cpu_count()} CPUs, {arguments.runs} runs, "
          f"{arguments.connects} connects", flush=True)

    results = {name: {} for name in tools}

    def keep(name, figures):
        for figure, value in figures.items():
            results[name].setdefault(figure, []).append(value)
        print("#", name, {k: round(v, 4) for k, v in figures.items()}, flush=True)

    for kind in ("btf", "headers"):
        for _ in range(arguments.compile_runs):
            try:
                figures = first_row([arguments.tool, "--no-cache", "--types", kind])
            except OSError:
                print(f"# no types from {kind} here")
                break
            keep("ours", {f"start, compiling with {kind} s": figures["start s"],
                          f"resident MB after compiling with {kind}": figures["resident MB"]})
    first_row(tools["ours"])  # fills the cache
    for run in range(arguments.runs):
        for name, command in tools.items():
            if name == "python" and run >= 2:
                continue  # a minute each
            keep(name, first_row(command))
    for run in range(arguments.runs):
        keep("ours", {"connects/s untraced": storm(arguments, arguments.connects)})
        for name, command in tools.items():
            if name != "python" or run == 0:
                keep(name, under_load(arguments, command, arguments.connects))
    missing, disorder, errors = losses(arguments, tools["ours"], arguments.storm_connects)
    print(f"# a storm of {arguments.storm_connects}: {missing} lost, {disorder} out of order {errors}")
    report(results)
    shutil.rmtree(cache)


def report(results):
    peers = [name for name in results if name != "ours"]
    print("| figure | " + " | ".join(results) + " | " + " | ".join(f"ours / {p}" for p in peers) + " |")
    print("|---" * (1 + len(results) + len(peers)) + "|")
    figures = list(dict.fromkeys(f for figures in results.values() for f in figures))
    for figure in figures:
        cells = [summary(results[n][figure]) if figure in results[n] else "" for n in results]
        for peer in peers:
            if figure in results[peer] and figure in results["ours"]:
                ratio = statistics.median(results["ours"][figure]) / (statistics.median(results[peer][figure]) or 1e-9)
                cells.append(f"{ratio:.3g}")
            else:
                cells.append("")
        print(f"| {figure} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    sys.exit(main())
