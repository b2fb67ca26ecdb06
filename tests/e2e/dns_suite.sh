#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names for connects (-d), for every way of looking a name up, on the kernel that this runs on. In network
# namespaces of its own: nothing of it is seen outside.
#
# usage: TCPCONNECT=… dns_suite.sh [--beside-python] [OPTION of tcpconnect…]     say --attach kprobe, or --object FILE
#        WAYS="WAY…" dns_suite.sh …                                              only these ways of dns_clients.py
#
# --beside-python: tcpconnect-bpfcc -d traces the same connects; the table at the end tells what either named.
if [ "${DNS_SUITE_NAMESPACES:-}" != entered ]; then
	DNS_SUITE_NAMESPACES=entered exec unshare --net --mount bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"

beside_python=no
[ "${1:-}" != --beside-python ] || {
	beside_python=yes
	shift
}

# not 127.0.0.53: systemd-resolved takes that for itself
resolver=127.0.0.10 resolver6=::1
near=10.53.0.1 remote=10.53.0.2
container= # the root of a process with a C library of its own
early= # where one is spoken to whose socket is connected before anything traces
stubs=() # NAME=ADDRESS of each local resolver

# The C library's resolver finds the test's server, and asks nobody else.
lead_glibc_to_resolver() {
	printf 'nameserver %s\noptions timeout:10 attempts:2\n' $resolver >"$work/resolv.conf"
	printf 'hosts: files dns\n' >"$work/nsswitch.conf"
	echo '127.0.0.1 localhost' >"$work/hosts"
	mount --bind "$work/resolv.conf" "$(realpath /etc/resolv.conf)" &&
		mount --bind "$work/nsswitch.conf" "$(realpath /etc/nsswitch.conf)" &&
		mount --bind "$work/hosts" "$(realpath /etc/hosts)"
}

# serve NAME WORD COMMAND…: starts a server, which says WORD when it serves.
serve() {
	local name=$1 word=$2
	shift 2
	"$@" >"$work/$name.server" 2>&1 &
	pids+=($!)
	disown $! # its end is no news
	wait_until 60 grep -q "$word" "$work/$name.server"
}

# Local resolvers, each in front of the test's server. One that is not here is no stub, and its way is skipped.
serve_stubs() {
	local directory=${RESOLVERS:-/nowhere}
	mount -t tmpfs -o mode=755 none /run || return
	if [ -x /usr/sbin/dnsmasq ]; then
		serve dnsmasq 'using nameserver' /usr/sbin/dnsmasq --keep-in-foreground --conf-file=/dev/null --no-hosts \
			--no-resolv --bind-interfaces --listen-address=127.0.0.97 --except-interface=lo --server=$resolver \
			--user=root --pid-file --log-facility=- && stubs+=(dnsmasq=127.0.0.97)
	fi
	if [ -x "$directory/lib/systemd/systemd-resolved" ]; then
		serve_resolved "$directory" && stubs+=(systemd_resolved=127.0.0.98)
	fi
	if [ -x "$directory/usr/sbin/nscd" ]; then
		mkdir -p /run/nscd && stubs+=(nscd="$directory/usr/sbin/nscd")
	fi
}

# A root with nothing but musl and a program that looks up names, in a mount namespace of its own.
start_container() {
	local musl=/lib/ld-musl-$(uname -m).so.1
	[ -x "$programs/look_up_musl" ] && [ -e "$musl" ] || return 0
	container=$work/container
	mkdir -p "$container/lib" "$container/etc" && cp "$musl" "$container/lib/" && cp "$programs/look_up_musl" "$container/look_up" &&
		echo '127.0.0.1 localhost' >"$container/etc/hosts" && mkfifo "$container/names" || return
	unshare --mount chroot "$container" /look_up 1 <>"$container/names" >"$container/done" 2>&1 &
	pids+=($!)
	disown $!
	wait_until 60 grep -q ready "$container/done"
}

# A process that asks over a socket that it has connected by now.
connect_early() {
	early=$work/early
	mkdir "$early" && mkfifo "$early/names" || return
	"$here/dns_clients.py" --resolver $resolver --resolver6 $resolver6 --serve-early "$early" >"$work/early.out" 2>&1 &
	pids+=($!)
	disown $!
	wait_until 60 grep -q ready "$early/done"
}

# As another user: as root it wants to become one that this machine may not have.
serve_resolved() {
	local capabilities=+net_bind_service,+net_raw,+setpcap
	mkdir -p /run/systemd/resolved.conf.d /run/systemd/resolve && chown 65534 /run/systemd/resolve
	cat >/run/systemd/resolved.conf.d/test.conf <<-END
		[Resolve]
		DNS=$resolver
		DNSStubListener=no
		DNSStubListenerExtra=127.0.0.98
		DNSSEC=no
		LLMNR=no
		MulticastDNS=no
	END
	serve resolved 'Listening on UDP socket 127.0.0.98' env SYSTEMD_LOG_LEVEL=debug \
		LD_LIBRARY_PATH="$1/usr/lib/x86_64-linux-gnu/systemd" \
		setpriv --reuid 65534 --clear-groups --inh-caps=$capabilities --ambient-caps=$capabilities \
		"$1/lib/systemd/systemd-resolved"
}

# A second host, behind an interface with the usual MTU.
serve_remotely() {
	local host
	unshare --net sleep 3600 >"$work/host" 2>&1 &
	host=$!
	pids+=("$host")
	disown "$host"
	wait_until 10 has_other_namespace "$host" &&
		ip link add near type veth peer name far netns "$host" &&
		ip addr add $near/24 dev near && ip link set near up &&
		nsenter --target "$host" --net sh -c "ip addr add $remote/24 dev far && ip link set far up" &&
		serve remote ready nsenter --target "$host" --net "$here/dns_server.py" $remote
}

has_other_namespace() {
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# Everything in the test's ranges is this machine; ports that nobody listens on do.
prepare() {
	ip link set lo up && ip -6 route add local fd00::/15 dev lo &&
		lead_glibc_to_resolver && serve local ready "$here/dns_server.py" $resolver $resolver6 &&
		serve_remotely && serve_stubs && start_container && connect_early
}

prepared() {
	cat "$work/prepared"
	[ "$1" = 0 ]
}

limits=() # a command that runs the tool with less than root has

# An object has -d baked in, and no use for a cache.
trace_names() {
	case " $* " in
	*" --object "*) set -- "$TCPCONNECT" "$@" ;;
	*) set -- "$TCPCONNECT" --cache "$cache" -d "$@" ;;
	esac
	start_traced "$work/names.out" "$work/names.err" "${limits[@]}" "$@"
	wait_until "$START_BOUND" traces_or_ended names "$started" && traces names
}

# The same connects, traced by tcpconnect-bpfcc -d.
trace_names_in_python() {
	start_traced "$work/python.out" "$work/python.err" env PYTHONUNBUFFERED=1 tcpconnect-bpfcc -d
	wait_until 1200 python_traces_or_ended && python_traces "$work/python.out" "$started" 3
}

python_traces_or_ended() {
	python_traces "$work/python.out" "$started" 3 || ! kill -0 "$started" 2>/dev/null
}

look_up_and_connect() {
	local pid python_pid= wire_only
	trace_names "$@" || {
		cat "$work/names.err"
		return 1
	}
	pid=$started
	if [ $beside_python = yes ]; then
		trace_names_in_python || return 1
		python_pid=$started
	fi
	case " $* " in
	*" wire "*) wire_only=yes ;;
	esac
	# shellcheck disable=SC2086 # ways are several words
	timeout 300 "$here/dns_clients.py" --resolver $resolver --resolver6 $resolver6 --remote $remote \
		--programs "$programs" ${wire_only:---hosts /etc/hosts} "${stubs[@]/#/--stub=}" ${container:+--container "$container"} \
		${early:+--early "$early"} ${WAYS:-} \
		>"$work/ways" 2>"$work/ways.err" || return 1
	wait_until 10 has_rows names "$(grep -c $'\trow\t' "$work/ways")"
	interrupt "$pid" || return 1
	[ -z "$python_pid" ] || interrupt "$python_pid"
	find_mistakes names
	[ -z "$python_pid" ] || find_mistakes python
}

# WAY, and what is wrong with it. Addresses are a way's own, so what they have is all there is, in the connects' order.
find_mistakes() {
	# DADDR and the name, without the answer's age
	sed -nE 's/^.* (127\.[1-3]\.[0-9.]+|fd0[01]:[0-9a-f:]+) +1 +(.*)$/\1\t\2/; T; s/ \([0-9.]+ms\)$//; p' \
		"$work/$1.out" >"$work/$1.rows"
	awk -F'\t' '
		FILENAME ~ /\.rows$/ { got[$1] = got[$1] $2 "; "; next }
		$2 == "row" { wanted[$3] = wanted[$3] $4 "; "; way[$3] = $1 }
		$2 == "failed" { print $1 "\t" $3 }
		END {
			for (address in wanted)
				if (wanted[address] != got[address])
					print way[address] "\t" address " has " got[address] "not " wanted[address]
		}' "$work/$1.rows" "$work/ways" >"$work/$1.mistakes"
}

# named_by WHOM WAY: did it name all connects of the way? (names: the tool under test)
named_by() {
	! grep "^$2"$'\t' "$work/$1.mistakes"
}

# What the Python tool named, the tool under test names.
compare_with_python() {
	local way result why ours theirs
	echo "# | way | tcpconnect -d | tcpconnect-bpfcc -d |"
	while IFS=$'\t' read -r way result why; do
		[ "$result" = done ] || continue
		ours=no theirs=no
		named_by names "$way" >/dev/null && ours=yes
		named_by python "$way" >/dev/null && theirs=yes
		echo "# | $way | $ours | $theirs |"
	done <"$work/ways"
}

check_ways() {
	local way result why
	while IFS=$'\t' read -r way result why; do
		case $result in
		skipped) skip "$way" "$why" ;;
		done | failed) check "$way" named_by names "$way" ;;
		esac
	done <"$work/ways"
}

no_warnings() {
	cat "$work/names.err" "$work/ways.err"
	! grep -E 'warning|lost' "$work/names.err" && [ ! -s "$work/ways.err" ]
}

# A trace that prints no header shows by its first row that it traces.
shows_a_connect() {
	connect_to 127.0.0.1 1099
	[ -s "$1" ]
}

json_tells_who_asked() {
	local WAYS="parent_before_others own_name_udp_connected" pid
	start_traced "$work/json.out" "$work/json.err" "$TCPCONNECT" --cache "$cache" -d --json
	pid=$started
	wait_until "$START_BOUND" shows_a_connect "$work/json.out" || return 1
	# shellcheck disable=SC2086 # ways are several words
	timeout 300 "$here/dns_clients.py" --resolver $resolver --resolver6 $resolver6 $WAYS >"$work/json.ways" || return 1
	sleep 0.5
	interrupt "$pid" || return 1
	jq -r 'select(.dport == 1 and (.daddr | test("^127[.]1[.]"))) | .query_from' "$work/json.out" >"$work/json.from"
	cat "$work/json.err" "$work/json.out" "$work/json.ways"
	# two processes that have a name of their own, their parent, which has the other's; a child and its child
	printf '%s\n' self self other parent parent | diff - "$work/json.from"
}

# 200 threads at once look a name up that takes its time, with room for a few.
look_ups_pushed_out_are_said() {
	local pid
	cp -r "$here/../../probes" "$work/few" &&
		sed -i 's/libc_lookups, 4096)/libc_lookups, 16)/' "$work/few/dns_libc.c" &&
		! cmp -s "$here/../../probes/dns_libc.c" "$work/few/dns_libc.c" || return 1
	start_traced "$work/few.out" "$work/few.err" "$TCPCONNECT" --cache "$cache" -d --dns-source libc --probes "$work/few"
	pid=$started
	wait_until "$START_BOUND" traces_or_ended few "$pid" && traces few || return 1
	timeout 120 /usr/bin/python3 - <<-'PYTHON' || return 1
		import socket, threading
		threads = [threading.Thread(target=socket.getaddrinfo, args=("s1.way.test", 1, socket.AF_INET)) for _ in range(200)]
		for thread in threads:
		    thread.start()
		for thread in threads:
		    thread.join()
	PYTHON
	interrupt "$pid" || return 1
	cat "$work/few.err"
	grep -q 'lost in all: [0-9]* names: more look-ups were under way' "$work/few.err"
}

# One socket with 80 questions under way, of which the probes know the latest 64.
questions_pushed_out_are_said() {
	trace_names || return 1
	/usr/bin/python3 - <<-'PYTHON'
		import socket
		with socket.socket(type=socket.SOCK_DGRAM) as silent, socket.socket(type=socket.SOCK_DGRAM) as client:
		    silent.bind(("127.0.0.95", 53))
		    client.connect(("127.0.0.95", 53))
		    for number in range(80):
		        client.send(number.to_bytes(2, "big") + b"\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1")
	PYTHON
	sleep 0.2
	interrupt "$started" || return 1
	cat "$work/names.err"
	grep -q 'lost in all: 16 DNS questions: a socket had more than 64' "$work/names.err"
}

# More than a buffer of one page holds, had they gone there: nobody asked for them.
unsolicited_answers_fill_no_buffer() {
	trace_names --buffer-pages 1 || return 1
	/usr/bin/python3 - <<-'PYTHON'
		import socket
		with socket.socket(type=socket.SOCK_DGRAM) as rogue, socket.socket(type=socket.SOCK_DGRAM) as victim:
		    rogue.bind(("127.0.0.95", 53))
		    victim.bind(("127.0.0.1", 0))
		    for _ in range(5000):
		        rogue.sendto(b"\0\1\x81\x80\0\1\0\1\0\0\0\0\1a\0\0\1\0\1\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\1\2\3",
		                     victim.getsockname())
		        victim.recv(100)
	PYTHON
	interrupt "$started" || return 1
	cat "$work/names.err"
	! grep lost "$work/names.err"
}

# cgroup_skb programs need that capability.
a_kprobe_sees_udp() {
	local limits=(setpriv --bounding-set=-net_admin) beside_python=no # it has been compared already
	local WAYS="udp_connected_by_recv udp_unconnected_by_recvmsg udp_connected_by_small_peek
		udp_ipv6_resolver edns_4000_bytes_read_in_part own_name_udp_connected socket_of_the_parent
		unsolicited_to_an_open_port unsolicited_beside_a_question answer_in_another_network parent_before_others
		connected_before_tracing"
	look_up_and_connect "$@" || return 1
	cat "$work/names.mistakes" "$work/names.err"
	[ ! -s "$work/names.mistakes" ] && [ "$(grep -c $'\trow\t' "$work/ways")" = 16 ]
}

: >"$work/ways" >"$work/names.mistakes"
echo "# names on $(uname -r): $*"
prepare >"$work/prepared" 2>&1 # in this shell, which ends what it started
check "servers and addresses" prepared $?
check "look up and connect" look_up_and_connect "$@"
check_ways
if [ $beside_python = yes ]; then
	compare_with_python | tee "$work/table"
	check "nothing that only tcpconnect-bpfcc names" bash -c '! grep "| no | yes |" "$0"' "$work/table"
fi
check "nothing was lost" no_warnings
if [ -z "${WAYS:-}" ] && [ $# = 0 ]; then
	check "JSON tells whose question it was" json_tells_who_asked
	check "a flood of unsolicited answers fills no buffer" unsolicited_answers_fill_no_buffer
	check "questions that were pushed out are counted and said" questions_pushed_out_are_said
	check "so are look-ups that were pushed out" look_ups_pushed_out_are_said
fi
if [ -z "${WAYS:-}" ] && [ -e /sys/bus/event_source/devices/kprobe ]; then
	check "without CAP_NET_ADMIN a kprobe sees DNS over UDP" a_kprobe_sees_udp "$@"
fi
finish
