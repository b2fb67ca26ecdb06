/* SPDX-License-Identifier: Apache-2.0 */
/* What the probes send and count, as the probes have it. */
#ifndef TCPCONNECT_EVENT_H
#define TCPCONNECT_EVENT_H

#include <linux/types.h>

#include "probes/event.h"

/** One entry of the map `flows`. */
struct counted_flow {
	struct flow key;
	struct flow_count count;
};

#endif
