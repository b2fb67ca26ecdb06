// SPDX-License-Identifier: Apache-2.0
#include "value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "address.h"
#include "lookups.h"
#include "printable.h"

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

/* An answer that is older than this when it is used is shown with its age. */
#define AGE_SHOWN_NS (100 * NS_PER_MS)

/* Whatever can be in a member, and its JSON: a text that fits a line. */
#define TEXT_MAX 4096

static uint64_t unsigned_of(const struct value *value)
{
	uint64_t number = 0;
	uint32_t four;
	uint16_t two;

	switch (value->member->size) {
	case 1:
		return *(const uint8_t *)value->bytes;
	case 2:
		memcpy(&two, value->bytes, sizeof(two));
		return two;
	case 4:
		memcpy(&four, value->bytes, sizeof(four));
		return four;
	default:
		memcpy(&number, value->bytes, sizeof(number));
		return number;
	}
}

static int64_t signed_of(const struct value *value)
{
	unsigned int unused = 64 - 8 * (unsigned int)value->member->size;

	return (int64_t)(unsigned_of(value) << unused) >> unused;
}

static void json_unsigned(yajl_gen json, uint64_t number)
{
	char digits[20], *at = digits + sizeof(digits);

	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	yajl_gen_number(json, at, (size_t)(digits + sizeof(digits) - at));
}

/* Numbers. */

static void number_text(struct line *line, const struct value *value)
{
	if (value->member->is_signed)
		line__format(line, "%" PRId64, signed_of(value));
	else
		line__number(line, unsigned_of(value));
}

static void number_json(yajl_gen json, const struct value *value)
{
	if (value->member->is_bool)
		yajl_gen_bool(json, unsigned_of(value) != 0);
	else if (value->member->is_signed)
		yajl_gen_integer(json, signed_of(value));
	else
		json_unsigned(json, unsigned_of(value));
}

/* Processes and threads, counted in the tool's PID namespace. */

static uint64_t number_here(const struct value *value)
{
	const struct value here = {
		.member = value->here,
		.bytes = (const char *)value->record->event + value->here->offset,
	};

	return unsigned_of(&here);
}

/* Outside of the namespace there is the host's number, which is marked. */
static void process_text(struct line *line, const struct value *value)
{
	uint64_t number = number_here(value);

	line__number(line, number ? number : unsigned_of(value));
	if (!number)
		line__append(line, "*", 1);
}

static void process_json(yajl_gen json, const struct value *value)
{
	uint64_t number = number_here(value);

	if (number)
		json_unsigned(json, number);
	else
		yajl_gen_null(json);
}

const struct value_kind value_process = {NULL, 7, process_text, process_json, false};

static void hex_number_text(struct line *line, const struct value *value)
{
	line__format(line, "0x%" PRIx64, unsigned_of(value));
}

static uint16_t port_of(const struct value *value)
{
	const uint8_t *bytes = value->bytes;

	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void port_text(struct line *line, const struct value *value)
{
	line__format(line, "%u", port_of(value));
}

static void port_json(yajl_gen json, const struct value *value)
{
	yajl_gen_integer(json, port_of(value));
}

static void milliseconds(char digits[32], uint64_t ns)
{
	snprintf(digits, 32, "%" PRIu64 ".%03" PRIu64, ns / NS_PER_MS, ns % NS_PER_MS / 1000);
}

static void duration_text(struct line *line, const struct value *value)
{
	char digits[32];

	milliseconds(digits, unsigned_of(value));
	line__format(line, "%s", digits);
}

static void duration_json(yajl_gen json, const struct value *value)
{
	char digits[32];

	milliseconds(digits, unsigned_of(value));
	yajl_gen_number(json, digits, strlen(digits));
}

/* Errors and results. */

static void write_errno(char name[32], int64_t number)
{
	const char *known = number > 0 && number < 4096 ? strerrorname_np((int)number) : NULL;

	if (known)
		snprintf(name, 32, "%s", known);
	else
		snprintf(name, 32, "%" PRId64, number);
}

static void errno_name(char name[32], const struct value *value)
{
	int64_t number = signed_of(value);

	if (number)
		write_errno(name, number < 0 ? -number : number);
	else
		snprintf(name, 32, "0");
}

static void errno_name_text(struct line *line, const struct value *value)
{
	char name[32];

	errno_name(name, value);
	line__format(line, "%s", name);
}

static void errno_name_json(yajl_gen json, const struct value *value)
{
	char name[32];

	errno_name(name, value);
	value__json_text(json, name, strlen(name));
}

static void result_name(char name[32], const struct value *value)
{
	int64_t result = signed_of(value);

	if (result == RESULT_OK)
		snprintf(name, 32, "ok");
	else if (result == RESULT_CLOSED)
		snprintf(name, 32, "closed");
	else if (result == RESULT_PENDING)
		snprintf(name, 32, "pending");
	else
		write_errno(name, result);
}

static void result_text(struct line *line, const struct value *value)
{
	char name[32];

	result_name(name, value);
	line__format(line, "%s", name);
}

static void result_json(yajl_gen json, const struct value *value)
{
	char name[32];

	result_name(name, value);
	value__json_text(json, name, strlen(name));
}

static void result_errno_text(struct line *line, const struct value *value)
{
	int64_t result = signed_of(value);

	if (result >= 0)
		line__format(line, "%" PRId64, result);
	else
		line__append(line, "-", 1);
}

static void result_errno_json(yajl_gen json, const struct value *value)
{
	int64_t result = signed_of(value);

	if (result >= 0)
		yajl_gen_integer(json, result);
	else
		yajl_gen_null(json);
}

const struct value_kind value_errno = {NULL, 5, result_errno_text, result_errno_json, false};

/* Texts. */

static void shown_text(struct line *line, const char *text, size_t length)
{
	char shown[PRINTABLE_SIZE(TEXT_MAX)];

	line__append(line, shown,
		     printable(shown, sizeof(shown), text, length < TEXT_MAX ? length : TEXT_MAX));
}

void value__json_text(yajl_gen json, const char *text, size_t length)
{
	char valid[PRINTABLE_UTF8_SIZE(TEXT_MAX)];

	yajl_gen_string(
		json, (const unsigned char *)valid,
		printable__utf8(valid, sizeof(valid), text, length < TEXT_MAX ? length : TEXT_MAX));
}

static size_t text_length(const struct value *value)
{
	return strnlen(value->bytes, value->member->size);
}

static void text_text(struct line *line, const struct value *value)
{
	shown_text(line, value->bytes, text_length(value));
}

static void text_json(yajl_gen json, const struct value *value)
{
	value__json_text(json, value->bytes, text_length(value));
}

/* The next of several texts that stand one behind the other; NULL behind the last one. */
static const char *next_text(const struct value *value, const char *after, size_t *length)
{
	const char *bytes = value->bytes, *end = bytes + value->member->size;
	const char *at = after ? after + *length + 1 : bytes;

	if (at >= end)
		return NULL;
	*length = strnlen(at, (size_t)(end - at));
	return at;
}

/* Arguments end where only zeros follow. */
static bool only_zeros(const struct value *value, const char *at)
{
	const char *end = (const char *)value->bytes + value->member->size;

	while (at < end && !*at)
		at++;
	return at == end;
}

static void arguments_text(struct line *line, const struct value *value)
{
	size_t length = 0;

	for (const char *at = next_text(value, NULL, &length); at && !only_zeros(value, at);
	     at = next_text(value, at, &length)) {
		if (at != value->bytes)
			line__append(line, " ", 1);
		shown_text(line, at, length);
	}
}

static void arguments_json(yajl_gen json, const struct value *value)
{
	size_t length = 0;

	yajl_gen_array_open(json);
	for (const char *at = next_text(value, NULL, &length); at && !only_zeros(value, at);
	     at = next_text(value, at, &length))
		value__json_text(json, at, length);
	yajl_gen_array_close(json);
}

/* The last part comes first, and the root has no name. */
static size_t path_of(const struct value *value, char path[TEXT_MAX])
{
	char *begin = path + TEXT_MAX;
	size_t length = 0, whole;

	for (const char *at = next_text(value, NULL, &length); at && length;
	     at = next_text(value, at, &length)) {
		if ((size_t)(begin - path) < length + 1)
			break;
		begin -= length;
		memcpy(begin, at, length);
		*--begin = '/';
	}
	whole = (size_t)(path + TEXT_MAX - begin);
	memmove(path, begin, whole);
	return whole;
}

static void path_text(struct line *line, const struct value *value)
{
	char path[TEXT_MAX];

	shown_text(line, path, path_of(value, path));
}

static void path_json(yajl_gen json, const struct value *value)
{
	char path[TEXT_MAX];
	size_t length = path_of(value, path);

	if (length)
		value__json_text(json, path, length);
	else
		yajl_gen_null(json); /* a kernel thread */
}

/* Bytes of no kind that is known, in hexadecimal. */
static size_t write_hex(char out[2 * TEXT_MAX], const struct value *value)
{
	const uint8_t *bytes = value->bytes;
	size_t size = value->member->size < TEXT_MAX / 2 ? value->member->size : TEXT_MAX / 2;

	for (size_t i = 0; i < size; i++)
		sprintf(out + 2 * i, "%02x", bytes[i]);
	return 2 * size;
}

static void hex_text(struct line *line, const struct value *value)
{
	char digits[2 * TEXT_MAX];

	line__append(line, digits, write_hex(digits, value));
}

static void hex_json(yajl_gen json, const struct value *value)
{
	char digits[2 * TEXT_MAX];

	value__json_text(json, digits, write_hex(digits, value));
}

/* Addresses. */

static void address_text_of(struct line *line, const struct value *value)
{
	address_text text;

	line__format(line, "%s", address__format(value->record->event->family, value->bytes, text));
}

static void address_json(yajl_gen json, const struct value *value)
{
	address_text text;

	address__format(value->record->event->family, value->bytes, text);
	value__json_text(json, text, strlen(text));
}

const struct value_kind value_address = {"ip_address", 39, address_text_of, address_json, true};

static void format_asked(const struct value *value, address_text text)
{
	struct asked asked = event__asked(value->record->event, value->record->asked);

	address__format(asked.family, asked.address, text);
}

static void asked_text(struct line *line, const struct value *value)
{
	address_text text;

	format_asked(value, text);
	line__append(line, text, strlen(text));
}

static void asked_json(yajl_gen json, const struct value *value)
{
	address_text text;

	format_asked(value, text);
	value__json_text(json, text, strlen(text));
}

const struct value_kind value_asked = {"mapped_address", 39, asked_text, asked_json, true};

static int family_of(const struct value *value)
{
	return value->record->event->family == AF_INET ? 4 : 6;
}

static void family_text(struct line *line, const struct value *value)
{
	line__number(line, (uint64_t)family_of(value));
}

static void family_json(yajl_gen json, const struct value *value)
{
	yajl_gen_integer(json, family_of(value));
}

const struct value_kind value_family = {NULL, 2, family_text, family_json, false};

/* Times. */

static void time_text(struct line *line, const struct value *value)
{
	uint64_t now = value->record->event->time_ns + (uint64_t)value->record->to_realtime_ns;
	time_t seconds = (time_t)(now / NS_PER_S);
	struct tm local;

	localtime_r(&seconds, &local);
	line__format(line, "%02d:%02d:%02d.%03u", local.tm_hour, local.tm_min, local.tm_sec,
		     (unsigned int)(now % NS_PER_S / NS_PER_MS));
}

/* The last digits of a number, with zeros before them. */
static void put_digits(char *out, size_t digits, uint64_t number)
{
	while (digits--) {
		out[digits] = (char)('0' + number % 10);
		number /= 10;
	}
}

/* RFC 3339, section 5.6. */
static void time_json(yajl_gen json, const struct value *value)
{
	uint64_t begun = value->record->begun_ns + (uint64_t)value->record->to_realtime_ns;
	char text[] = "0000-00-00T00:00:00.000000000Z";
	time_t seconds = (time_t)(begun / NS_PER_S);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	put_digits(text, 4, (uint64_t)utc.tm_year + 1900);
	put_digits(text + 5, 2, (uint64_t)utc.tm_mon + 1);
	put_digits(text + 8, 2, (uint64_t)utc.tm_mday);
	put_digits(text + 11, 2, (uint64_t)utc.tm_hour);
	put_digits(text + 14, 2, (uint64_t)utc.tm_min);
	put_digits(text + 17, 2, (uint64_t)utc.tm_sec);
	put_digits(text + 20, 9, begun % NS_PER_S);
	yajl_gen_string(json, (const unsigned char *)text, sizeof(text) - 1);
}

const struct value_kind value_time = {NULL, 12, time_text, time_json, false};

/* An event that came very late is older than the first. */
static uint64_t since_first(const struct value *value)
{
	const struct record *record = value->record;

	return record->event->time_ns > record->first_ns ? record->event->time_ns - record->first_ns
							 : 0;
}

static void reltime_text(struct line *line, const struct value *value)
{
	line__format(line, "%.3f", since_first(value) / 1e9);
}

static void reltime_json(yajl_gen json, const struct value *value)
{
	char digits[32];
	uint64_t ns = since_first(value);
	int length = snprintf(digits, sizeof(digits), "%" PRIu64 ".%09" PRIu64, ns / NS_PER_S,
			      ns % NS_PER_S);

	yajl_gen_number(json, digits, (size_t)length);
}

const struct value_kind value_reltime = {NULL, 9, reltime_text, reltime_json, false};

static const char *user_of(const struct value *value)
{
	return lookups__user(value->record->lookups, (uint32_t)unsigned_of(value));
}

static void user_text(struct line *line, const struct value *value)
{
	const char *name = user_of(value);

	shown_text(line, name, strlen(name));
}

static void user_json(yajl_gen json, const struct value *value)
{
	const char *name = user_of(value);

	value__json_text(json, name, strlen(name));
}

const struct value_kind value_user = {NULL, 12, user_text, user_json, false};

/* Cgroups. */

static const char *cgroup_path_of(const struct value *value)
{
	return value->record->cgroup_path(value->record->ctx, unsigned_of(value));
}

/* A cgroup that is gone before anybody looked has its number left. */
static void cgroup_text(struct line *line, const struct value *value)
{
	const char *path = cgroup_path_of(value);

	if (path)
		shown_text(line, path, strlen(path));
	else
		line__format(line, "%" PRIu64, unsigned_of(value));
}

static void cgroup_json(yajl_gen json, const struct value *value)
{
	const char *path = cgroup_path_of(value);

	if (path)
		value__json_text(json, path, strlen(path));
	else
		json_unsigned(json, unsigned_of(value));
}

/* As docker and podman write them. */
#define CONTAINER_SHOWN 12

static const char *container_of_cgroup(const struct value *value)
{
	return lookups__container(value->record->lookups, unsigned_of(value),
				  cgroup_path_of(value));
}

static void container_text(struct line *line, const struct value *value)
{
	const char *id = container_of_cgroup(value);

	if (id)
		shown_text(line, id, strnlen(id, CONTAINER_SHOWN));
	else
		line__append(line, "-", 1);
}

static void container_json(yajl_gen json, const struct value *value)
{
	const char *id = container_of_cgroup(value);

	if (id)
		value__json_text(json, id, strlen(id));
	else
		yajl_gen_null(json);
}

const struct value_kind value_container = {NULL, CONTAINER_SHOWN, container_text, container_json,
					   false};

/* The name behind the address. */

static void query_text(struct line *line, const struct value *value)
{
	const struct record *record = value->record;
	struct asked asked = event__asked(record->event, record->asked);
	bool local = address__is_localhost(asked.family, asked.address);

	if (local && (!record->query || strcmp(record->query, "localhost") == 0))
		line__format(line, "localhost"); /* whose age says nothing */
	else if (!record->query)
		line__format(line, "No DNS Query");
	else if (record->query_age_ns > AGE_SHOWN_NS)
		line__format(line, "%s (%.3fms)", record->query, record->query_age_ns / 1e6);
	else
		line__append(line, record->query, strlen(record->query));
}

static void query_json(yajl_gen json, const struct value *value)
{
	const char *query = value->record->query;

	if (query)
		value__json_text(json, query, strlen(query));
	else
		yajl_gen_null(json);
}

const struct value_kind value_query = {NULL, 0, query_text, query_json, false};

/* By the name of a member's type. */
static const struct value_kind typed[] = {
	{"connect_result", 13, result_text, result_json, false},
	{"errno_number", 13, errno_name_text, errno_name_json, false},
	{"duration_ns", 10, duration_text, duration_json, false},
	{"ip_address", 39, address_text_of, address_json, true},
	{"mapped_address", 39, asked_text, asked_json, true},
	{"network_port", 6, port_text, port_json, false},
	{"hex_number", 10, hex_number_text, number_json, false},
	{"cgroup_number", 32, cgroup_text, cgroup_json, false},
	{"path_parts", 32, path_text, path_json, true},
	{"argument_list", 40, arguments_text, arguments_json, true},
};

static const struct value_kind number = {NULL, 10, number_text, number_json, false};
static const struct value_kind text = {NULL, 16, text_text, text_json, true};
static const struct value_kind hex = {NULL, 16, hex_text, hex_json, true};

const struct value_kind *value_kind__of(const struct event_member *member)
{
	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++)
		if (strcmp(typed[i].type, member->type) == 0 &&
		    typed[i].is_array == (member->element != 0))
			return &typed[i];
	if (!member->element)
		return &number;
	return member->is_char ? &text : &hex;
}
