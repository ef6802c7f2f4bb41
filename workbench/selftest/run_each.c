// SPDX-License-Identifier: GPL-2.0
/*
 * Runs each line of a file as a command, for a limited time, and says how it ended.  For programs
 * that run one after the other on the same kernel.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "setup.h"

#define MAX_ARGS 16

static void start(char *words)
{
	char *args[MAX_ARGS + 1] = { NULL }, path[256];
	int nr = 0;
	char *word;

	for (word = strtok(words, " "); word && nr < MAX_ARGS; word = strtok(NULL, " "))
		args[nr++] = word;
	snprintf(path, sizeof(path), "/bin/%s", args[0]);
	args[0] = path;
	execv(path, args);
	perror(path);
	_exit(127);
}

static void run(const char *line, int seconds)
{
	struct timespec nap = { .tv_nsec = 50 * 1000 * 1000 };
	time_t begun = time(NULL);
	char *words = strdup(line);
	bool ended = false;
	int status = 0;
	pid_t pid;

	printf("# test: %s begins\n", line);
	pid = fork();
	if (!pid) {
		setsid();
		start(words);
	}
	free(words);
	while (pid > 0 && !ended && time(NULL) - begun < seconds) {
		nanosleep(&nap, NULL);
		ended = waitpid(pid, &status, WNOHANG) == pid;
	}
	if (pid > 0)	/* with what it has left behind */
		kill(-pid, SIGKILL);
	/* The program's last line may not be whole. */
	if (!ended)
		printf("\n# test: %s: not within %d s\n", line, seconds);
	else if (WIFEXITED(status))
		printf("\n# test: %s: exit %d\n", line, WEXITSTATUS(status));
	else
		printf("\n# test: %s: signal %d\n", line, WTERMSIG(status));
	/* It, and orphans. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (pid > 0 && !ended)
		waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	FILE *file = argc > 2 ? fopen(argv[1], "r") : NULL;
	char line[256];

	/* Some run themselves from there. */
	if (!file || chdir("/bin")) {
		perror("run_each FILE SECONDS");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!make_swap() || swapon(DISK, 0))
		printf("# run_each: no swap\n");
	/* mremap_test maps 2 GB.  Refused, the kernel's message gets into the line of a result. */
	put("/proc/sys/vm/overcommit_memory", "1");
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line)
			run(line, atoi(argv[2]));
	}
	return 0;
}
