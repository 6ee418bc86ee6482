/* Reads a small file into locked memory, and says whether others on this machine could read it too. */
#include "ops/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"

bool secret_text_copy(struct secret_text *out, const char *text, size_t len)
{
	out->text = crypto_secret_alloc(len + 1, &out->locked);
	if (out->text == NULL)
		return false;
	memcpy(out->text, text, len);
	out->text[len] = '\0';
	out->len = len;
	return true;
}

void secret_text_wipe(struct secret_text *secret)
{
	crypto_secret_free(secret->text);
	*secret = (struct secret_text){ 0 };
}

static bool is_exposed(const struct stat *st)
{
	return (st->st_mode & 077) != 0 || (st->st_uid != 0 && st->st_uid != geteuid());
}

/* The descriptor is looked at, not the path: the path may name another file a moment later.
 * Where systemd gives a credential to a user by an ACL, the group's bits are the ACL's mask: r and no more. */
static enum err check_private(int fd, const char *path, enum secret_file_rule rule, char *why, size_t why_size)
{
	const mode_t closed = rule == SECRET_FILE_CREDENTIAL ? 037 : 077;
	struct stat st;

	if (fstat(fd, &st) != 0) {
		snprintf(why, why_size, "cannot look at the file: %s", strerror(errno));
		return ERR_INVALID;
	}
	if (!S_ISREG(st.st_mode)) {
		snprintf(why, why_size, "is not a regular file: name the key file itself");
		return ERR_REFUSED;
	}
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		snprintf(why, why_size, "belongs to user %u: run chown %u %s", (unsigned)st.st_uid, (unsigned)geteuid(),
			path);
		return ERR_REFUSED;
	}
	if ((st.st_mode & closed) != 0) {
		snprintf(why, why_size, "mode %04o lets others read it: run chmod 600 %s", (unsigned)st.st_mode & 07777,
			path);
		return ERR_REFUSED;
	}
	return ERR_OK;
}

/* One byte more than max is asked for, to see that the file is longer. */
static enum err read_all(struct secret_text *out, int fd, size_t max, char *why, size_t why_size)
{
	while (out->len <= max) {
		ssize_t n = read(fd, out->text + out->len, max + 1 - out->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			snprintf(why, why_size, "cannot be read: %s", strerror(errno));
			return ERR_INVALID;
		}
		if (n == 0) {
			out->text[out->len] = '\0';
			return ERR_OK;
		}
		out->len += (size_t)n;
	}
	snprintf(why, why_size, "is longer than %zu bytes: name the right file", max);
	return ERR_INVALID;
}

static int open_file(const char *path, enum secret_file_rule rule, char *why, size_t why_size, enum err *err)
{
	/* O_NONBLOCK: a FIFO where the key should be must not hang the start. */
	int flags = O_RDONLY | O_CLOEXEC | (rule != SECRET_FILE_ANY ? O_NOFOLLOW | O_NONBLOCK : 0);
	int fd = open(path, flags);

	*err = ERR_INVALID;
	if (fd < 0 && errno == ELOOP && rule != SECRET_FILE_ANY) {
		snprintf(why, why_size, "is a symbolic link: name the key file itself");
		*err = ERR_REFUSED;
	} else if (fd < 0 && errno == EACCES) {
		snprintf(why, why_size, "may not be opened by user %u: run chown %u %s", (unsigned)geteuid(),
			(unsigned)geteuid(), path);
		*err = ERR_REFUSED;
	} else if (fd < 0) {
		snprintf(why, why_size, "cannot be opened: %s", strerror(errno));
	}
	return fd;
}

enum err secret_file_read(struct secret_text *out, const char *path, size_t max, enum secret_file_rule rule,
	bool *exposed, char *why, size_t why_size)
{
	struct stat st;
	enum err err;
	int fd;

	*out = (struct secret_text){ 0 };
	fd = open_file(path, rule, why, why_size, &err);
	if (fd < 0)
		return err;
	err = rule != SECRET_FILE_ANY ? check_private(fd, path, rule, why, why_size) : ERR_OK;
	if (exposed != NULL)
		*exposed = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && is_exposed(&st);
	if (err == ERR_OK) {
		out->text = crypto_secret_alloc(max + 2, &out->locked);
		err = ERR_INVALID;
		if (out->text == NULL)
			snprintf(why, why_size, "no memory to read it");
		else
			err = read_all(out, fd, max, why, why_size);
	}
	close(fd);
	if (err != ERR_OK)
		secret_text_wipe(out);
	return err;
}
