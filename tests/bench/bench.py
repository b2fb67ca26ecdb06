#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures tcpconnect beside its peers on the kernel that this runs on.

usage: bench.py --tool PATH --programs DIR [--peer NAME=COMMAND]... [--against PATH] [--runs N] [--connects N]

--against PATH: another build of tcpconnect, "before"; only what both are compared by is measured.

Prints a table: the median of the runs with minimum and maximum, and our median divided by each peer's.
"python" is tcpconnect-bpfcc, "libbpf" is the CO-RE tcpconnect, "latency" is tcpconnlat-bpfcc, for -r only.
"""
import argparse
import os
import pty
import re
import select
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
JSON_ROW = re.compile(rb'"dport":1[,}]')
ALL_COLUMNS = "ppid,user,process,exe,args,host,cgroup,container,netns,mntns"
# What takes a minute in a guest is measured with fewer connects under load, and once only.
SLOW_PEER = "python"
BOUND = 900  # seconds, for any one wait


class Knocker(threading.Thread):
    """While in a with statement, connects every few milliseconds, so that a tool's first row comes as soon as it can."""

    def __init__(self):
        super().__init__(daemon=True)
        self.done = False

    def run(self):
        while not self.done:
            with socket.socket() as sock:
                sock.connect_ex(("127.0.0.1", PORT))
            time.sleep(0.005)

    def __enter__(self):
        self.start()

    def __exit__(self, *exception):
        self.done = True
        self.join()


class Traced:
    """A tool with its stdout on a terminal, so that none of them buffers; or in a file."""

    def __init__(self, command, out=None):
        self.begin = time.monotonic()
        self.errors = ""
        self.drainer = None
        if out:
            self.process = subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE)
            self.master = None
        else:
            self.master, slave = pty.openpty()
            self.process = subprocess.Popen(command, stdout=slave, stderr=subprocess.PIPE)
            os.close(slave)

    def wait_for(self, pattern):
        """Seconds from the start to the first output that matches."""
        seen = b""
        while select.select([self.master], [], [], max(0, self.begin + BOUND - time.monotonic()))[0]:
            try:
                seen += os.read(self.master, 65536)
            except OSError as error:  # it has ended
                raise OSError(self.process.stderr.read().decode(errors="replace")) from error
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
        self.drainer = threading.Thread(target=drain, daemon=True)
        self.drainer.start()

    def cpu_seconds(self):
        """Of all threads, to the nanosecond."""
        total = 0
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{thread}/schedstat", encoding="ascii") as stat:
                total += int(stat.read().split()[0])
        return total / 1e9

    def memory_mb(self, field):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(field + r":\s+(\d+)", status.read())[1]) / 1024

    def stop(self):
        """Ctrl-C: seconds to the end, and the peak of memory in MB, of it or of a process that it waited for."""
        last_resort = threading.Timer(BOUND, self.process.kill)
        last_resort.start()
        begin = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        _, status, usage = os.wait4(self.process.pid, 0)
        last_resort.cancel()
        seconds = time.monotonic() - begin
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.errors = self.process.stderr.read().decode(errors="replace")
        if self.drainer:
            self.drainer.join(BOUND)  # or it would read from whatever gets the descriptor's number next
        if self.master is not None:
            os.close(self.master)
        return seconds, usage.ru_maxrss / 1024


def start(command):
    """Start to first row, memory then, exit."""
    tool = Traced(command)
    with Knocker():
        seconds = tool.wait_for(ROW)
    tool.drain_in_background()
    figures = {"start s": seconds, "peak MB": tool.memory_mb("VmHWM"), "resident MB": tool.memory_mb("VmRSS")}
    figures["exit s"], figures["compiler's peak MB"] = tool.stop()
    return figures


def run_program(arguments, *words):
    command = [f"{arguments.programs}/{words[0]}", *map(str, words[1:])]
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=BOUND).stdout)


def storm(arguments, connects):
    return run_program(arguments, "storm", connects, "127.0.0.1", PORT)


def bpf_programs(pid):
    """ID → run time in ns and runs, of the programs that a process holds."""
    ids = set()
    for entry in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{entry}", encoding="ascii") as info:
                ids.update(re.findall(r"prog_id:\s+(\d+)", info.read()))
        except OSError:
            pass
    figures = {}
    for number in ids:
        shown = subprocess.run(["bpftool", "prog", "show", "id", number], stdout=subprocess.PIPE, text=True,
                               check=False, timeout=BOUND).stdout
        found = re.search(r"run_time_ns (\d+) run_cnt (\d+)", shown)
        figures[number] = (int(found[1]), int(found[2])) if found else (0, 0)
    return figures


def bpf_ns(pid, work):
    """Time in the process's programs while the work runs."""
    subprocess.run(["sysctl", "-qw", "kernel.bpf_stats_enabled=1"], check=True, timeout=BOUND)
    before = bpf_programs(pid)
    work()
    after = bpf_programs(pid)
    subprocess.run(["sysctl", "-qw", "kernel.bpf_stats_enabled=0"], check=True, timeout=BOUND)
    return sum(time_ns - before.get(number, (0, 0))[0] for number, (time_ns, _) in after.items())


def under_load(arguments, command, connects):
    """A storm while the tool traces: rate beside the untraced rate, CPU and time in BPF for each connect."""
    untraced = storm(arguments, connects)
    with tempfile.NamedTemporaryFile() as out:
        tool = Traced(command, out)
        wait_until_rows(out.name)
        before = tool.cpu_seconds()
        rate = storm(arguments, connects)
        time.sleep(0.3)
        cpu = tool.cpu_seconds() - before
        bpf = bpf_ns(tool.process.pid, lambda: storm(arguments, connects))
        tool.stop()
    return {"connects/s untraced": untraced, "connects/s traced": rate, "traced / untraced": rate / untraced,
            "CPU us/event": cpu / connects * 1e6, "BPF ns/connect": bpf / connects}


def with_names(arguments, command, datagrams):
    """UDP that is no DNS, while names are traced."""
    untraced = run_program(arguments, "datagrams", "plain", datagrams)
    with tempfile.NamedTemporaryFile() as out:
        tool = Traced(command, out)
        wait_until_rows(out.name)
        rate = run_program(arguments, "datagrams", "plain", datagrams)
        bpf = bpf_ns(tool.process.pid, lambda: run_program(arguments, "datagrams", "plain", datagrams))
        tool.stop()
    return {"-d: UDP traced / untraced": rate / untraced, "-d: BPF ns/datagram": bpf / datagrams}


def wait_until_rows(path):
    deadline = time.monotonic() + BOUND
    with Knocker():
        while not rows_of(path):
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(0.05)
    time.sleep(0.2)


def rows_of(path):
    with open(path, "rb") as rows:
        return [line for line in rows.read().splitlines() if ROW.match(line) or JSON_ROW.search(line)]


def storm_on_every_cpu(arguments, connects):
    """How many connects there were."""
    storms = [threading.Thread(target=storm, args=(arguments, connects // os.cpu_count()))
              for _ in range(os.cpu_count())]
    for each in storms:
        each.start()
    for each in storms:
        each.join()
    return connects // os.cpu_count() * os.cpu_count()


def as_json(arguments, command, connects):
    """Everything on: JSON, results, names and all columns, written to a file."""
    with tempfile.NamedTemporaryFile() as out:
        tool = Traced(command + ["--json", "-r", "-d", "--columns", ALL_COLUMNS], out)
        wait_until_rows(out.name)
        before, cpu = len(rows_of(out.name)), tool.cpu_seconds()
        made = storm_on_every_cpu(arguments, connects)
        time.sleep(0.5)
        cpu = tool.cpu_seconds() - cpu
        peak = tool.memory_mb("VmHWM")
        tool.stop()
        rows = len(rows_of(out.name)) - before
    return {"--json, all columns: lost in a storm": made - rows, "--json, all columns: CPU us/event": cpu / made * 1e6,
            "everything on: peak MB": peak}


def losses(arguments, command, connects):
    """A storm on every CPU, with every row written to a file: what is missing, and what is out of order."""
    with tempfile.NamedTemporaryFile() as out:
        tool = Traced(command + ["-t"], out)
        wait_until_rows(out.name)
        before = len(rows_of(out.name))
        made = storm_on_every_cpu(arguments, connects)
        tool.stop()
        times = [float(line.split()[0]) for line in rows_of(out.name)]
        disorder = sum(1 for a, b in zip(times, times[1:]) if b < a)
    return {"lost in a storm": made - (len(times) - before),
            "out of order in a storm": disorder}


def flood(arguments, command, answers, rate, connects):
    """DNS answers at a rate, and connects meanwhile: memory, and connects without a row that were not reported."""
    with tempfile.NamedTemporaryFile() as out:
        tool = Traced(command, out)
        wait_until_rows(out.name)
        before = len(rows_of(out.name))
        connecting = threading.Thread(target=storm, args=(arguments, connects))
        connecting.start()
        sent = run_program(arguments, "datagrams", "answers", answers, rate)
        connecting.join()
        time.sleep(0.3)
        peak = tool.memory_mb("VmHWM")
        tool.stop()
        rows = len(rows_of(out.name)) - before
    reported = sum(int(n) for n in re.findall(r"lost in all: (\d+) connects", tool.errors))
    return {"flood: answers/s": sent, "flood: peak MB": peak, "flood: connects with a row": rows,
            "flood: connects reported lost": reported, "flood: connects lost silently": connects - rows - reported}


def summary(values):
    if min(values) == max(values):
        return f"{values[0]:.3g}"
    return f"{statistics.median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def report(results):
    peers = [name for name in results if name != "ours"]
    print("| figure | " + " | ".join(results) + "".join(f" | ours / {p}" for p in peers) + " |")
    print("|---" * (1 + len(results) + len(peers)) + "|")
    figures = list(dict.fromkeys(f for figures in results.values() for f in figures))
    for figure in figures:
        cells = [summary(results[n][figure]) if figure in results[n] else "" for n in results]
        for peer in peers:
            ours, theirs = (results[name].get(figure) for name in ("ours", peer))
            ratio = ours and theirs and statistics.median(theirs) and statistics.median(ours) / statistics.median(theirs)
            cells.append(f"{ratio:.3g}" if ratio else "")
        print(f"| {figure} | " + " | ".join(cells) + " |")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--programs", required=True, help="where storm and datagrams are")
    parser.add_argument("--peer", action="append", default=[])
    parser.add_argument("--against")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--connects", type=int, default=5000)
    parser.add_argument("--storm-connects", type=int, default=100000)
    parser.add_argument("--datagrams", type=int, default=5000)
    parser.add_argument("--flood", type=int, default=0, help="DNS answers, at 100,000 a second")
    return parser.parse_args()


def turns(arguments, tools):
    """Run, tool's name and command: the tools take turns, so that a busy moment meets all of them, and begin in turn."""
    for run in range(arguments.runs):
        for name, command in list(tools.items())[:: -1 if run % 2 else 1]:
            yield run, name, command


def measure_compiling(arguments, keep):
    for kind in ("btf", "headers"):
        try:
            for _ in range(arguments.runs):
                figures = start([arguments.tool, "--no-cache", "--types", kind])
                keep("ours", {f"{figure}, compiling with {kind}": value for figure, value in figures.items()
                              if figure in ("start s", "resident MB", "compiler's peak MB")})
        except OSError:
            print(f"# no types from {kind} here", flush=True)


def measure_start_and_load(arguments, tools, keep):
    """Of every tool."""
    for name in ("ours", "before"):
        if name in tools:
            start(tools[name])  # fills the cache
    for _, name, command in turns(arguments, tools):
        figures = start(command)
        figures.pop("compiler's peak MB")
        keep(name, figures)
    for run, name, command in turns(arguments, tools):
        if name != SLOW_PEER or run == 0:
            keep(name, under_load(arguments, command, arguments.connects))


def measure_names_and_losses(arguments, tools, keep):
    ours = tools["ours"]
    start(ours + ["-d"])
    for run, name, command in turns(arguments, tools):
        if name == "ours" or (name == SLOW_PEER and run == 0):
            keep(name, with_names(arguments, command + ["-d"], arguments.datagrams))
    for _ in range(arguments.runs):
        keep("ours", losses(arguments, ours, arguments.storm_connects))
        if arguments.flood:
            keep("ours", flood(arguments, ours + ["-d"], arguments.flood, 100000, arguments.flood // 10))


def measure_records(arguments, tools, latency, keep):
    ours = tools["ours"]
    start(ours + ["-r"])  # fills the cache
    for _ in range(arguments.runs):
        figures = under_load(arguments, ours + ["-r"], arguments.connects)
        keep("ours", {f"-r: {figure}": value for figure, value in figures.items() if figure != "connects/s untraced"})
    if latency:
        figures = under_load(arguments, latency, arguments.connects)
        keep("latency", {f"-r: {figure}": value for figure, value in figures.items() if figure != "connects/s untraced"})
    for _ in range(arguments.runs):
        keep("ours", as_json(arguments, ours, arguments.storm_connects))


def main():
    arguments = parse()
    os.environ["PYTHONUNBUFFERED"] = "1"
    cache = tempfile.mkdtemp()
    os.chmod(cache, 0o755)
    tools = {"ours": [arguments.tool, "--cache", f"{cache}/ours"]}
    if arguments.against:
        tools["before"] = [arguments.against, "--cache", f"{cache}/before"]
    for peer in arguments.peer:
        name, command = peer.split("=", 1)
        tools[name] = shlex.split(command)
    latency = tools.pop("latency", None)
    print(f"# kernel {os.uname().release}, {os.cpu_count()} CPUs, {arguments.runs} runs, {arguments.connects} connects, "
          f"storms of {arguments.storm_connects}", flush=True)
    results = {name: {} for name in [*tools, *(["latency"] if latency else [])]}

    def keep(name, figures):
        for figure, value in figures.items():
            results[name].setdefault(figure, []).append(value)
        print("#", name, {k: round(v, 4) for k, v in figures.items()}, flush=True)

    if not arguments.against:
        measure_compiling(arguments, keep)
    measure_start_and_load(arguments, tools, keep)
    if not arguments.against:
        measure_names_and_losses(arguments, tools, keep)
        measure_records(arguments, tools, latency, keep)
    report(results)
    shutil.rmtree(cache)


if __name__ == "__main__":
    sys.exit(main())
