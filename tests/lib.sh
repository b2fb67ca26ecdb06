# SPDX-License-Identifier: Apache-2.0
# Sourced by the shell tests: results as TAP lines, which tests/run.sh counts.
#
#   check "description" COMMAND…   ok when the command succeeds; what it prints is shown when it does not
#   skip "description" "reason"    counted as skipped, never as passed
#   finish                         prints the plan; status 1 if a check failed

tests_done=0
tests_failed=0

check() {
	local description=$1 said
	shift
	tests_done=$((tests_done + 1))
	if said=$("$@" 2>&1); then
		echo "ok $tests_done - $description"
	else
		tests_failed=$((tests_failed + 1))
		echo "not ok $tests_done - $description"
		printf '%s\n' "$said" | tail -n 40 | sed 's/^/# /'
	fi
}

skip() {
	tests_done=$((tests_done + 1))
	echo "ok $tests_done - $1 # SKIP $2"
}

finish() {
	echo "1..$tests_done"
	[ "$tests_failed" = 0 ]
}

# ran_to_the_end NAME FILE STATUS SCRIPTS: what a guest printed is in the file; unless each of its scripts has printed
# its plan, and failed checks are all that failed, a line says so. A script that dies half-way must not pass.
ran_to_the_end() {
	[ "$3" -le 1 ] && [ "$(grep -cE '^1\.\.[0-9]+' "$2")" = "$4" ] || echo "not ok - $1: status $3, and not to its end"
}

# wait_until SECONDS COMMAND…: waits for a command to succeed, with a bound.
wait_until() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $deadline ] || {
			echo "not within its time: $*"
			return 1
		}
		sleep 0.05
	done
}

ended() {
	! kill -0 "$1" 2>/dev/null
}

# How long a process that is about to end may take, in seconds.
WAIT_BOUND=${WAIT_BOUND:-120}

# wait_for PID…: as wait, with a bound. One that has not ended by then is killed. The last one's status.
wait_for() {
	local pid status=0
	for pid; do
		wait_until "$WAIT_BOUND" ended "$pid" || kill -KILL "$pid"
		wait "$pid"
		status=$?
	done
	return $status
}

# bounded COMMAND…: a command, or a function, that ends within the same time, and its exit status.
bounded() {
	"$@" &
	wait_for $!
}

# Signals that whoever started the tests may have ignored, as nohup does, and a shell for its background jobs.
default_signals=--default-signal=INT,HUP,TERM,PIPE,CHLD

# start_traced OUT ERR COMMAND…: runs a command in the background and leaves its process id in $started.
start_traced() {
	local out=$1 err=$2
	shift 2
	: >"$out" # whoever waits for a line must not find an earlier run's
	: >"$err"
	env "$default_signals" "$@" >"$out" 2>"$err" &
	started=$!
}

# interrupt PID: Ctrl-C, and the exit status.
interrupt() {
	kill -INT "$1"
	wait_for "$1"
}
