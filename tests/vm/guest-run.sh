#!/run/guest/busybox sh
# shellcheck shell=dash disable=SC1091,SC2154 # settings sets what is not set here
# The guest's first process once its root stands: runs the command and tells the host how it ended. Everything goes
# through one virtio port, so that what the command printed has arrived before its end is told (guest-output.pl reads
# it).

busybox=/run/guest/busybox
. /run/guest/settings

open_port() {
	# The port's device appears when the host has answered the driver.
	tries=0
	while [ ! -c /dev/vport0p1 ] && [ "$tries" -lt 500 ]; do
		$busybox usleep 10000
		tries=$((tries + 1))
	done
	exec 3>/dev/vport0p1
}

# A pipe between the command and the port, as only one process at a time may open a port, and scripts like to write
# to /dev/stderr.
run_command() {
	$busybox mkfifo /run/guest/output
	$busybox cat </run/guest/output >&3 &
	cat=$!
	# In the foreground: a background job would start with SIGINT ignored.
	$busybox setsid $busybox env -i HOME=/root USER=root LOGNAME=root SHELL=/bin/sh TERM=dumb LANG=C.UTF-8 \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin GUEST_SHARE="$share" \
		/bin/sh /run/guest/command </dev/null >/run/guest/output 2>&1 3>&-
	status=$?
	wait_for_output
}

# What the command left running may hold the pipe open; its output is not waited for longer than a second.
wait_for_output() {
	tries=0
	while $busybox kill -0 "$cat" 2>/dev/null && [ "$tries" -lt 100 ]; do
		$busybox usleep 10000
		tries=$((tries + 1))
	done
}

$busybox ip link set lo up
$busybox hostname guest
open_port
echo "guest-ready $token" >&3
run_command
printf '\0guest-end %s %d\n' "$token" "$status" >&3
# The host ends the machine when it has read that.
while :; do $busybox sleep 1000; done
