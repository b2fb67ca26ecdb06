// SPDX-License-Identifier: Apache-2.0
#include "watch_thread.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* A row's time may be later than this: then it is waited for once more. */
#define WAIT_MS 60000

/* Setting a hook takes some 100 ms, and with many libraries a row has a few at once. */
#define STOP_S 10

struct watch_thread {
	const struct watch *watch;
	pthread_t thread;
	int wake_fd; /* readable when it is to stop */
	bool stopped;
};

static void *run(void *context)
{
	struct watch_thread *thread = context;

	while (!__atomic_load_n(&thread->stopped, __ATOMIC_ACQUIRE))
		if (watch__wait(thread->watch, thread->wake_fd, WAIT_MS) != 0)
			break;
	return NULL;
}

/* Signals are for the thread that reads events. */
static int start_without_signals(struct watch_thread *thread)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_create(&thread->thread, NULL, run, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

int watch_thread__start(const struct watch *watch, struct watch_thread **thread)
{
	struct watch_thread *made = calloc(1, sizeof(*made));
	int err;

	if (!made)
		return -ENOMEM;
	made->watch = watch;
	made->wake_fd = eventfd(0, EFD_CLOEXEC);
	err = made->wake_fd < 0 ? -errno : start_without_signals(made);
	if (!err) {
		*thread = made;
		return 0;
	}
	if (made->wake_fd >= 0)
		close(made->wake_fd);
	free(made);
	return err;
}

bool watch_thread__stop(struct watch_thread *thread)
{
	const uint64_t one = 1;
	struct timespec until;

	if (!thread)
		return true;
	__atomic_store_n(&thread->stopped, true, __ATOMIC_RELEASE);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STOP_S;
	if (write(thread->wake_fd, &one, sizeof(one)) != sizeof(one) ||
	    pthread_clockjoin_np(thread->thread, NULL, CLOCK_MONOTONIC, &until) != 0)
		return false;
	close(thread->wake_fd);
	free(thread);
	return true;
}
