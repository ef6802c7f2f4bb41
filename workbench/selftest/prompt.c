// SPDX-License-Identifier: GPL-2.0
/*
 * A shell for machines that there is no other one for: runs programs of /bin, one a line, and has
 * a few commands of its own.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORDS 16

static void list(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir) {
		perror(path);
		return;
	}
	while ((entry = readdir(dir)))
		puts(entry->d_name);
	closedir(dir);
}

static void show(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[1024];

	if (!file) {
		perror(path);
		return;
	}
	while (fgets(line, sizeof(line), file))
		fputs(line, stdout);
	fclose(file);
}

static void run(char **words)
{
	char path[256];
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s%s", strchr(words[0], '/') ? "" : "/bin/", words[0]);
	pid = fork();
	if (!pid) {
		execv(path, words);
		perror(path);
		_exit(127);
	}
	if (pid < 0) {
		perror("fork");
		return;
	}
	while (waitpid(-1, &status, 0) != pid)
		;
	if (status)
		printf("status %#x\n", status);
}

int main(void)
{
	char line[1024], *words[MAX_WORDS + 1], *word;

	setvbuf(stdout, NULL, _IONBF, 0);
	puts("cat FILE, cd FOLDER, exit, ls [FOLDER], or a program of /bin");
	while (fputs("# ", stdout), fgets(line, sizeof(line), stdin)) {
		int nr = 0;

		for (word = strtok(line, " \t\r\n"); word && nr < MAX_WORDS;
		     word = strtok(NULL, " \t\r\n"))
			words[nr++] = word;
		words[nr] = NULL;
		if (!nr)
			continue;
		if (!strcmp(words[0], "exit"))
			return 0;
		if (!strcmp(words[0], "ls"))
			list(words[1] ?: ".");
		else if (!strcmp(words[0], "cat") && words[1])
			show(words[1]);
		else if (strcmp(words[0], "cd"))
			run(words);
		else if (chdir(words[1] ?: "/"))
			perror("cd");
	}
	return 0;
}
