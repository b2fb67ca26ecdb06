// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "output/container.h"
#include "test.h"

#define A "9687bac58d5c4d1606aa46af33d1a21c1d1652e0ac9fb3fc0fc86e3495f42869"
#define B "0f3b1c5d7e9f00112233445566778899aabbccddeeff0123456789abcdef0000"

#define USER "/user.slice/user-1000.slice/user@1000.service"
#define POD  "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod57e67067_89e4.slice"

struct example {
	const char *path;
	const char *id; /* NULL: no container */
};

static void assert_ids(const struct example *examples, size_t count)
{
	char id[CONTAINER_ID_SIZE];

	for (size_t i = 0; i < count; i++) {
		const struct example *example = &examples[i];
		bool found = container__id(example->path, id, sizeof(id));

		if (found != !!example->id)
			fail_msg("%s: \"%s\"", example->path, id);
		assert_string_equal(id, example->id ? example->id : "");
	}
}

#define ASSERT_IDS(examples) assert_ids(examples, sizeof(examples) / sizeof((examples)[0]))

static void docker_and_nerdctl(void **state)
{
	static const struct example examples[] = {
		{"/docker/" A, A},
		{"/system.slice/docker-" A ".scope", A},
		{"/system.slice/docker-" A ".scope/init.scope", A},
		{"/system.slice/docker-" A ".scope/system.slice/nginx.service", A},
		{USER "/user.slice/docker-" A ".scope", A},
		{"/system.slice/system.slice:docker:" A, A},
		{"/ecs/0aa58ca2d8f94d6d9a3d2b2f0d4d1111/" A, A},
		{"/actions_job/" A "/", A},
		{"/nerdctl/" A, A},
		{"/default/" A, A},
		{"/system.slice/nerdctl-" A ".scope", A},
		{USER "/user.slice/nerdctl-" A ".scope", A},
	};

	(void)state;
	ASSERT_IDS(examples);
}

static void podman(void **state)
{
	static const struct example examples[] = {
		{"/machine.slice/libpod-" A ".scope", A},
		{"/machine.slice/libpod-" A ".scope/container", A},
		{"/machine.slice/machine-libpod_pod_" B ".slice/libpod-" A ".scope/container", A},
		{USER "/user.slice/libpod-" A ".scope/container", A},
		{"/libpod_parent/libpod-" A, A},
		{"/system.slice/nginx.service/libpod-payload-" A, A},
		{"/machine.slice/libpod-conmon-" A ".scope", NULL},
		{USER "/user.slice/libpod-conmon-" A ".scope", NULL},
		{"/libpod_parent/conmon", NULL},
		{"/system.slice/nginx.service/runtime", NULL},
		{"/machine.slice/machine-libpod_pod_" B ".slice", NULL},
	};

	(void)state;
	ASSERT_IDS(examples);
}

static void kubernetes(void **state)
{
	static const struct example examples[] = {
		{POD "/cri-containerd-" A ".scope", A},
		{"/kubepods/besteffort/pod57e67067-89e4-4001-bdd4-8632d39ea02b/" A, A},
		{"/kubepods/pod57e67067-89e4-4001-bdd4-8632d39ea02b/" A, A},
		{"/k8s.io/" A, A},
		{POD "/docker-" A ".scope", A},
		{"/system.slice/containerd.service/kubepods-besteffort-pod214f3ba8_4b69.slice"
		 ":cri-containerd:" A,
		 A},
		{"/kubepods-besteffort-pod214f3ba8_4b69.slice:crio:" A, A},
		{POD "/crio-" A ".scope", A},
		{POD "/crio-" A ".scope/container", A},
		{"/kubepods/burstable/pod57e67067-89e4-4001-bdd4-8632d39ea02b/crio-" A, A},
		{POD "/crio-conmon-" A ".scope", NULL},
		{"/kubepods/burstable/pod57e67067-89e4-4001-bdd4-8632d39ea02b/crio-conmon-" A,
		 NULL},
		{POD, NULL},
		{"/system.slice/k3s.service", NULL},
	};

	(void)state;
	ASSERT_IDS(examples);
}

static void nspawn(void **state)
{
	static const struct example examples[] = {
		{"/machine.slice/systemd-nspawn@web.service/payload", "web"},
		{"/machine.slice/systemd-nspawn@web-1.service/payload/system.slice/nginx.service",
		 "web-1"},
		{"/machine.slice/systemd-nspawn@web\\x2d1.service", "web-1"},
		{"/machine.slice/machine-web.scope/payload", "web"},
		{"/machine.slice/machine-web\\x2d1\\x2dtest.example.scope/payload/init.scope",
		 "web-1-test.example"},
		{"/machine.slice/machine-lxc\\x2d7\\x2dweb.scope/libvirt", "lxc-7-web"},
		{"/machine.slice/machine-odd\\x2\\x00\\xzz\\x4.scope", "odd\\x2\\x00\\xzz\\x4"},
		{"/machine.slice/systemd-nspawn@web.service/supervisor", NULL},
		{"/machine.slice/machine-web.scope/supervisor", NULL},
		{"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator", NULL},
		{"/machine.slice/systemd-nspawn@.service", NULL},
		{"/machine.slice/machine-.scope", NULL},
		{"/machine.slice", NULL},
	};

	(void)state;
	ASSERT_IDS(examples);
}

static void lxc(void **state)
{
	static const struct example examples[] = {
		{"/lxc.payload.web", "web"},
		{"/lxc.payload.web-1/system.slice/nginx.service", "web-1"},
		{"/lxc.payload.project_web\\x2d1", "project_web\\x2d1"},
		{"/lxc.payload/web", "web"},
		{"/lxc/101/ns/init.scope", "101"},
		{USER "/user.slice/lxc/web", "web"},
		{"/lxc.monitor.web", NULL},
		{"/lxc.monitor/web", NULL},
		{"/lxc.pivot", NULL},
		{"/lxc", NULL},
		{"/lxc.payload.", NULL},
	};

	(void)state;
	ASSERT_IDS(examples);
}

static void of_nested_ones_the_innermost(void **state)
{
	static const struct example examples[] = {
		{"/docker/" A "/docker/" B, B},
		{"/docker/" A "/kubelet.slice/kubelet-kubepods.slice/cri-containerd-" B ".scope",
		 B},
		{"/lxc.payload.outer/lxc.payload.inner", "inner"},
		{"/lxc.payload.outer/system.slice/docker-" A ".scope", A},
		{"/docker/" A "/lxc.payload.inner/init.scope", "inner"},
		/* what waits for the inner one runs in the outer one */
		{"/lxc.payload.outer/lxc.monitor.inner", "outer"},
		{"/docker/" A "/machine.slice/libpod-conmon-" B ".scope", A},
		{"/docker/" A "/machine.slice/systemd-nspawn@web.service/supervisor", A},
		{"/docker/" A "/buildkit/jvifp9a6b1lxa1kuw8bwfcovf", A},
	};

	(void)state;
	ASSERT_IDS(examples);
}

static void other_cgroups_have_none(void **state)
{
	static const struct example examples[] = {
		{"/", NULL},
		{"", NULL},
		{"/init.scope", NULL},
		{"/user.slice/user-1000.slice/session-1.scope", NULL},
		{USER "/app.slice/gnome-terminal.service", NULL},
		{"/system.slice/docker.service", NULL},
		{"/system.slice/docker.service/docker-proxy.scope", NULL},
		{"/system.slice/containerd.service", NULL},
		{"/system.slice/system.slice:docker:jvifp9a6b1lxa1kuw8bwfcovf", NULL},
		{"/docker", NULL},
		{"/docker/0123456789abcdef", NULL},
		{"/docker/" A "0", NULL},
		{"/docker/" A B, NULL},
		{"/system.slice/docker-0123456789ab.scope", NULL},
		{"/system.slice/docker-" A "0.scope", NULL},
		{"/system.slice/docker-" A ".service", NULL},
		{"/system.slice/docker-" A, NULL},
		{"/system.slice/docker-.scope", NULL},
		{"/system.slice/other-" A ".scope", NULL},
		{"/docker/9687BAC58D5C4D1606AA46AF33D1A21C1D1652E0AC9FB3FC0FC86E3495F42869", NULL},
		{"/docker:" A, NULL},
	};

	(void)state;
	ASSERT_IDS(examples);
}

static void an_id_is_whole_or_not_there(void **state)
{
	char id[65] = "before", longest[CONTAINER_ID_SIZE];
	char path[sizeof("/lxc/") + NAME_MAX] = "/lxc/";

	(void)state;
	assert_true(container__id("/docker/" A, id, sizeof(id)));
	assert_string_equal(id, A);
	assert_false(container__id("/docker/" A, id, sizeof(id) - 1));
	assert_string_equal(id, "");
	/* nor is it the outer one's */
	assert_false(container__id("/lxc.payload.outer/docker/" A, id, sizeof(id) - 1));
	assert_false(container__id("/docker/" A, id, 1));
	assert_false(container__id("/docker/" A, NULL, 0));

	memset(path + strlen("/lxc/"), 'x', NAME_MAX);
	assert_true(container__id(path, longest, sizeof(longest)));
	assert_string_equal(longest, path + strlen("/lxc/"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(docker_and_nerdctl),
		cmocka_unit_test(podman),
		cmocka_unit_test(kubernetes),
		cmocka_unit_test(nspawn),
		cmocka_unit_test(lxc),
		cmocka_unit_test(of_nested_ones_the_innermost),
		cmocka_unit_test(other_cgroups_have_none),
		cmocka_unit_test(an_id_is_whole_or_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
