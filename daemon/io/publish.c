/* Written under another name, put on the disk, renamed. */
#include "io/publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct publish {
	int dir_fd, fd;
	char part[PUBLISH_NAME_MAX + 8]; /* .name.part */
	char name[PUBLISH_NAME_MAX];
};

static enum err fail(const struct publish *p, const char *what, char *why, size_t why_size)
{
	(void)snprintf(why, why_size, "%s: %s: %s", p->name, what, strerror(errno));
	return ERR_RETRY;
}

static bool is_name(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
	const size_t n = strlen(name);

	return n > 0 && n < PUBLISH_NAME_MAX && name[0] != '.' && strspn(name, allowed) == n;
}

static int open_dir(const char *dir)
{
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool publish_done(const char *dir, const char *name)
{
	const int dir_fd = open_dir(dir);
	const bool done = dir_fd >= 0 && faccessat(dir_fd, name, F_OK, 0) == 0;

	if (dir_fd >= 0)
		(void)close(dir_fd);
	return done;
}

bool publish_other(const char *dir, const char *name, size_t same, char other[PUBLISH_NAME_MAX])
{
	DIR *all = opendir(dir);
	const struct dirent *one;
	bool found = false;

	while (all && !found && (one = readdir(all))) {
		const size_t n = strlen(one->d_name);

		found = strncmp(one->d_name, name, same) == 0 && strcmp(one->d_name, name) != 0 && n < PUBLISH_NAME_MAX;
		if (found)
			memcpy(other, one->d_name, n + 1);
	}
	if (all)
		(void)closedir(all);
	return found;
}

/* Ours alone, and still the one that the name stands for: whoever had it before us may have given it its name, and then our
 * first byte would cut a file that is published. */
static enum err take_part(struct publish *p, char *why, size_t why_size)
{
	struct stat ours, named;

	p->fd = openat(p->dir_fd, p->part, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (p->fd < 0)
		return fail(p, "cannot be begun", why, why_size);
	if (flock(p->fd, LOCK_EX | LOCK_NB) < 0)
		return fail(p, "another process writes it", why, why_size);
	if (fstat(p->fd, &ours) < 0 || fstatat(p->dir_fd, p->part, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(p, "cannot be looked at", why, why_size);
	if (ours.st_ino != named.st_ino || ours.st_dev != named.st_dev) {
		errno = EBUSY;
		return fail(p, "another process writes it", why, why_size);
	}
	return ftruncate(p->fd, 0) < 0 ? fail(p, "cannot be begun", why, why_size) : ERR_OK;
}

static void close_all(struct publish *p)
{
	if (p->fd >= 0)
		(void)close(p->fd);
	if (p->dir_fd >= 0)
		(void)close(p->dir_fd);
	free(p);
}

enum err publish_begin(struct publish **out, const char *dir, const char *name, char *why, size_t why_size)
{
	struct publish *p;
	enum err err;

	*out = NULL;
	if (!is_name(name)) {
		(void)snprintf(why, why_size, "%.60s is no name for a file", name);
		return ERR_REFUSED;
	}
	p = calloc(1, sizeof *p);
	if (!p)
		abort();
	p->fd = -1;
	(void)snprintf(p->name, sizeof p->name, "%s", name);
	(void)snprintf(p->part, sizeof p->part, ".%s.part", name);
	if (mkdir(dir, 0755) < 0 && errno != EEXIST) {
		p->dir_fd = -1;
		err = fail(p, "its directory cannot be made", why, why_size);
	} else {
		p->dir_fd = open_dir(dir);
		err = p->dir_fd < 0 ? fail(p, "its directory cannot be opened", why, why_size)
		                    : take_part(p, why, why_size);
	}
	if (err == ERR_OK)
		*out = p;
	else
		close_all(p);
	return err;
}

enum err publish_add(struct publish *p, const char *bytes, size_t n, char *why, size_t why_size)
{
	while (n > 0) {
		const ssize_t written = write(p->fd, bytes, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return fail(p, "cannot be written", why, why_size);
		bytes += written;
		n -= (size_t)written;
	}
	/* Now and not at the end: a gigabyte at once would hold up everything for seconds. */
	return fdatasync(p->fd) < 0 ? fail(p, "cannot be put on the disk", why, why_size) : ERR_OK;
}

enum err publish_end(struct publish *p, char *why, size_t why_size)
{
	enum err err = ERR_OK;

	if (fsync(p->fd) < 0)
		err = fail(p, "cannot be put on the disk", why, why_size);
	else if (renameat(p->dir_fd, p->part, p->dir_fd, p->name) < 0)
		err = fail(p, "cannot be given its name", why, why_size);
	else if (fsync(p->dir_fd) < 0)
		err = fail(p, "its name cannot be put on the disk", why, why_size);
	if (err == ERR_OK)
		close_all(p);
	else
		publish_drop(p);
	return err;
}

void publish_drop(struct publish *p)
{
	if (!p)
		return;
	(void)unlinkat(p->dir_fd, p->part, 0);
	close_all(p);
}
