#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names for connects (-d), for every way of looking a name up, on the kernel that this runs on. In network
# namespaces of its own: nothing of it is seen outside.
#
# usage: TCPCONNECT=… dns_suite.sh [OPTION of tcpconnect…]      say --attach kprobe, or --object FILE
#        WAYS="WAY…" dns_suite.sh …                             only these ways of dns_clients.py
if [ "${DNS_SUITE_NAMESPACES:-}" != entered ]; then
	DNS_SUITE_NAMESPACES=entered exec unshare --net --mount bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"

resolver=127.0.0.53 resolver6=::1
near=10.53.0.1 remote=10.53.0.2

# The C library's resolver finds the test's server, and asks nobody else.
lead_glibc_to_resolver() {
	printf 'nameserver %s\noptions timeout:10 attempts:2\n' $resolver >"$work/resolv.conf"
	printf 'hosts: files dns\n' >"$work/nsswitch.conf"
	mount --bind "$work/resolv.conf" "$(realpath /etc/resolv.conf)" &&
		mount --bind "$work/nsswitch.conf" "$(realpath /etc/nsswitch.conf)"
}

serve() {
	local name=$1
	shift
	"$@" >"$work/$name.server" 2>&1 &
	pids+=($!)
	disown $! # its end is no news
	wait_until 60 grep -q ready "$work/$name.server"
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
		serve remote nsenter --target "$host" --net "$here/dns_server.py" $remote
}

has_other_namespace() {
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# Everything in the test's ranges is this machine; ports that nobody listens on do.
prepare() {
	ip link set lo up && ip -6 route add local fd00::/15 dev lo &&
		lead_glibc_to_resolver && serve local "$here/dns_server.py" $resolver $resolver6 &&
		serve_remotely
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

look_up_and_connect() {
	trace_names "$@" || {
		cat "$work/names.err"
		return 1
	}
	local pid=$started
	# shellcheck disable=SC2086 # ways are several words
	timeout 300 "$here/dns_clients.py" --resolver $resolver --resolver6 $resolver6 --remote $remote \
		--programs "$programs" ${WAYS:-} >"$work/ways" 2>"$work/ways.err" || return 1
	wait_until 10 has_rows names "$(grep -c $'\trow\t' "$work/ways")"
	interrupt "$pid" || return 1
	# DADDR and the name, without the answer's age
	sed -nE 's/^.* (127\.[1-3]\.[0-9.]+|fd0[01]:[0-9a-f:]+) +1 +(.*)$/\1\t\2/; T; s/ \([0-9.]+ms\)$//; p' \
		"$work/names.out" >"$work/rows"
}

# WAY, and what is wrong with it. Addresses are a way's own, so what they have is all there is, in the connects' order.
find_mistakes() {
	awk -F'\t' '
		FILENAME ~ /rows$/ { got[$1] = got[$1] $2 "; "; next }
		$2 == "row" { wanted[$3] = wanted[$3] $4 "; "; way[$3] = $1 }
		$2 == "failed" { print $1 "\t" $3 }
		END {
			for (address in wanted)
				if (wanted[address] != got[address])
					print way[address] "\t" address " has " got[address] "not " wanted[address]
		}' "$work/rows" "$work/ways" >"$work/mistakes"
}

way_is_named() {
	! grep "^$1"$'\t' "$work/mistakes"
}

check_ways() {
	local way result why
	while IFS=$'\t' read -r way result why; do
		case $result in
		skipped) skip "$way" "$why" ;;
		done | failed) check "$way" way_is_named "$way" ;;
		esac
	done <"$work/ways"
}

no_warnings() {
	cat "$work/names.err" "$work/ways.err"
	! grep -E 'warning|lost' "$work/names.err" && [ ! -s "$work/ways.err" ]
}

# cgroup_skb programs need that capability.
a_kprobe_sees_udp() {
	local limits=(setpriv --bounding-set=-net_admin)
	local WAYS="udp_connected_by_recv udp_unconnected_by_recvmsg udp_connected_by_small_peek
		udp_ipv6_resolver edns_4000_bytes_read_in_part own_name_udp_connected socket_of_the_parent"
	look_up_and_connect "$@" || return 1
	find_mistakes
	cat "$work/mistakes" "$work/names.err"
	[ ! -s "$work/mistakes" ] && [ "$(grep -c $'\trow\t' "$work/ways")" = 9 ]
}

: >"$work/ways" >"$work/rows"
echo "# names on $(uname -r): $*"
prepare >"$work/prepared" 2>&1 # in this shell, which ends what it started
check "servers and addresses" prepared $?
check "look up and connect" look_up_and_connect "$@"
find_mistakes
check_ways
check "nothing was lost" no_warnings
if [ -z "${WAYS:-}" ] && [ -e /sys/bus/event_source/devices/kprobe ]; then
	check "without CAP_NET_ADMIN a kprobe sees DNS over UDP" a_kprobe_sees_udp "$@"
fi
finish
