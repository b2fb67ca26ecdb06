#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What people see who mistype, and who ask for help: one line that says what is wrong, the usage line,
# status 2, and nothing on stdout. Needs no root. $TCPCONNECT is the built program.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
: "${TCPCONNECT:?is the path of the built tcpconnect}"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
out=$scratch/out err=$scratch/err

# run ARGUMENT…: leaves $status, $out and $err; what is accepted by mistake would trace for ever
run() {
	timeout 20 "$TCPCONNECT" "$@" >"$out" 2>"$err" </dev/null
	status=$?
}

# is NAME EXPECTED ACTUAL
is() {
	[ "$2" = "$3" ] || {
		printf '%s: expected %q\n%s: got      %q\n' "$1" "$2" "$1" "$3"
		return 1
	}
}

# lines FILE: how many, and -1 when the last one lacks its end
lines() {
	if [ -s "$1" ] && [ -n "$(tail -c 1 "$1")" ]; then
		echo -1
	else
		wc -l <"$1"
	fi
}

is_refused() {
	local expected=$1 usage
	shift
	run "$@"
	usage=$(sed -n 2p "$err")
	is status 2 "$status" && is stdout "" "$(cat "$out")" &&
		is "first line" "tcpconnect: $expected" "$(sed -n 1p "$err")" &&
		is "second line" "Usage: tcpconnect [" "${usage:0:19}" &&
		is "lines on stderr" 2 "$(lines "$err")" && [ "${#usage}" -le 100 ]
}

# refused EXPECTED ARGUMENT…
refused() {
	check "refused: tcpconnect$(printf ' %q' "${@:2}")" is_refused "$@"
}

port="not a port, which is a number from 1 to 65535"
pid="not a process ID, which is a number from 1 to 4194304"
uid="not a user ID, which is a number from 0 to 4294967294 (id -u NAME tells it)"
pages="not a number of pages, which is a power of two from 1 to 65536"

for bad in 0 70000 65536 -1 +80 x 80x 0x50 http 18446744073709551696; do
	refused "-P $bad: $port" -P "$bad"
done
refused "--json and --ebpf exclude each other: one is for rows, the other prints the program's text" --json --ebpf
refused "--json and --compile-only exclude each other: an object is for both forms of output" --json --compile-only -o x
refused "--json and -t exclude each other: JSON has the time in each object" --json -t
refused "-c and --columns exclude each other: counts have columns of their own" -c --columns pid
refused "--columns pid,,uid: '' is not a column's name; --columns help lists them" --columns pid,,uid
refused "--columns PID: PID is not a column's name; --columns help lists them" --columns PID
refused "--columns LIST stands in place of the usual columns, which -t, -T, -U and -L add to: name reltime, time, uid or lport in LIST, or write --columns +LIST" -U --columns pid
refused "-P '': $port" -P ''
refused "-P ' 80': $port" -P ' 80'
refused "-P '80 ': $port" -P '80 '
refused "-P 80\\x0a: $port" -P $'80\n'
refused "-P 80,,81: '' is $port" -P 80,,81
refused "-P 80,: '' is $port" -P 80,
refused "-P ,80: '' is $port" -P ,80
refused "-P '80, 81': ' 81' is $port" -P '80, 81'
refused "-P 80,70000: 70000 is $port" -P 80,70000
refused "--port 0: $port" --port=0
for bad in x 0 -1 4194305 4294967297; do
	refused "-p $bad: $pid" -p "$bad"
done
refused "-p '': $pid (is there such a process?)" -p ''
for bad in -1 root 4294967295 4294967296; do
	refused "-u $bad: $uid" -u "$bad"
done
for bad in 0 3 65537 131072 -8 8k; do
	refused "--buffer-pages $bad: $pages" --buffer-pages "$bad"
done

refused "--types dwarf: not one of auto|btf|headers" --types dwarf
refused "--attach fentry: not one of auto|kprobe|sockops" --attach fentry
refused "--dns-source file: not one of wire|libc|both" -d --dns-source file
refused "--kernel ../6.1: not a kernel's release, which uname -r prints" --kernel ../6.1
refused "--probes '': empty, and DIR is needed" --probes ''
refused "--cgroupmap '': empty, and PATH is needed" --cgroupmap=

refused "-4 and -6 exclude each other: without either, both families are traced" -4 -6
refused "-c and -d exclude each other: counts are kept by address and have no names" -c -d
refused "--cache and --no-cache exclude each other: one keeps objects, the other keeps none" \
	--no-cache --cache here
refused "--compile-only needs -o, the file to write the object to" --compile-only
refused "-o needs --compile-only, whose object it names; rows go to stdout" -o "$scratch/object"
refused "--kernel needs --compile-only, since only the running kernel can be traced" --kernel 6.1
refused "--dns-source needs -d, which shows the names" --dns-source wire
refused "--headers is not used with --types btf" --types btf --headers here
refused "--btf is not used with --types headers" --types headers --btf here

# baked NAME ARGUMENT…
baked() {
	refused "$1 is baked into the object; give it with --compile-only when the object is made" \
		--object "$scratch/object" "${@:2}"
}
baked -p -p 1
baked -P --port 80
baked -u -u 0
baked -4 -4
baked -6 -6
baked -c -c
baked -d -d
baked --dns-source --dns-source wire
baked --probes --probes here
baked --types --types auto
baked --btf --btf here
baked --headers --headers here
baked --kernel --kernel 6.1
baked --attach --attach auto
refused "--compile-only and --object exclude each other: one makes an object, the other loads it" \
	--object here --compile-only -o there
refused "--ebpf and --object exclude each other: one is compiled already, the other is text to compile" \
	--object here --ebpf
refused "--cache and --object exclude each other: the cache is for objects that are compiled at the start" \
	--object here --cache there

refused "-x: no such option; tcpconnect --help lists them" -x
refused "-x: no such option; tcpconnect --help lists them" -tx
refused "--foo: no such option; tcpconnect --help lists them" --foo=bar
refused "--p: can mean --pid, --port, --print-uid, --probes; write more of it" --p 80
refused "-P: its argument is missing: -P PORT[,PORT...]" -P
refused "--pid: its argument is missing: --pid PID[,PID...]" -t --pi
refused "--count: takes no argument" --count=5
refused "80: a stray argument; values belong to options: -P 80,443" 80
refused "443: a stray argument; values belong to options: -P 80,443" -P 80 443
refused "-t: a stray argument; values belong to options: -P 80,443" -- -t
refused "'': a stray argument; values belong to options: -P 80,443" ''

is_shown() {
	run "$@"
	is status 0 "$status" && is stderr "" "$(cat "$err")"
}

is_help() {
	is_shown "$@" && is "first line" "Usage: tcpconnect [OPTION...]" "$(head -n 1 "$out")" &&
		grep -q "^  tcpconnect -P 80,443 -d  " "$out" && ! grep -E '.{101}' "$out"
}
for arguments in -h --help --h "-tUh" "-4 -6 -h" "-h --foo" "80 -h"; do
	# shellcheck disable=SC2086 # words on purpose
	check "help: tcpconnect $arguments" is_help $arguments
done

is_version() {
	is_shown --version && is lines 1 "$(lines "$out")" &&
		grep -Eqx 'tcpconnect [0-9]+\.[0-9]+\.[0-9]+' "$out"
}
check "version: tcpconnect --version" is_version

# An option that the manual lacks is found here, and so is a slip of its mark-up.
page=tool/tcpconnect.8
is_in_manual() {
	local option missing=0
	run --help
	while read -r option; do
		grep -qF -- "${option//-/\\-}" "$page" || {
			echo "$page lacks $option"
			missing=1
		}
	done < <(sed -nE 's/^  (-.,|   ) (--[a-z0-9-]+).*/\2/p' "$out")
	return $missing
}
check "the manual has every option of --help" is_in_manual

is_well_formed() {
	is warnings "" "$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l "$page" 2>&1 >/dev/null)"
}
if command -v man >/dev/null && command -v groff >/dev/null; then
	check "the manual is formatted without a warning" is_well_formed
else
	skip "the manual is formatted without a warning" "there is no man or groff here"
fi

finish
