// SPDX-License-Identifier: GPL-2.0
/*
 * The first process of a kernel under test.  Runs a program, says how it ended, and ends the
 * machine.  On the kernel's command line, "run=NAME,ARGUMENT,..." says which, without that it is a
 * shell, and "end=restart" is for machines that cannot be switched off.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGS 16

static void mount_at(const char *type, const char *path)
{
	mkdir(path, 0755);
	if (mount(type, path, type, 0, NULL))
		printf("# selftest: no %s at %s\n", type, path);
}

static void run(char *words)
{
	char *args[MAX_ARGS + 1] = { NULL };
	char path[256], *word;
	int nr = 0, status;
	pid_t pid;

	for (word = strtok(words, ","); word && nr < MAX_ARGS; word = strtok(NULL, ","))
		args[nr++] = word;
	if (!nr)
		return;
	printf("# selftest: %s begins\n", args[0]);
	snprintf(path, sizeof(path), "/bin/%s", args[0]);
	pid = fork();
	if (!pid) {
		execv(path, args);
		perror(path);
		_exit(127);
	}
	/* Orphans that end before are reaped on the way. */
	while (pid > 0 && waitpid(-1, &status, 0) != pid)
		;
	if (pid < 0)
		printf("# selftest: %s: not started\n", args[0]);
	else if (WIFEXITED(status))
		printf("# selftest: %s: exit %d\n", args[0], WEXITSTATUS(status));
	else
		printf("# selftest: %s: signal %d\n", args[0], WTERMSIG(status));
}

/* A prompt; busybox makes links to itself first.  ^C is for what runs there. */
static void shell(void)
{
	const char *install = "/bin/busybox --install -s /bin; exec sh";
	pid_t pid = fork();

	if (!pid) {
		setenv("PATH", "/bin", 1);
		setsid();
		ioctl(0, TIOCSCTTY, 1);
		execl("/bin/busybox", "busybox", "sh", "-c", install, NULL);
		execl("/bin/sh", "sh", NULL);
		perror("/bin/sh");
		_exit(127);
	}
	while (pid > 0 && waitpid(-1, NULL, 0) != pid)
		;
}

int main(void)
{
	const char *end = getenv("end");
	char *words = getenv("run");

	setvbuf(stdout, NULL, _IOLBF, 0);
	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	mount_at("debugfs", "/sys/kernel/debug");
	mount_at("tmpfs", "/tmp");
	chmod("/tmp", 01777);
	if (words)
		run(words);
	else
		shell();
	printf("# selftest: end\n");
	fflush(stdout);
	reboot(end && !strcmp(end, "restart") ? RB_AUTOBOOT : RB_POWER_OFF);
	for (;;)
		pause();
}
