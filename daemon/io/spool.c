/* Framed records in one locked file; plain POSIX calls. */
#include "io/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A record on disk: "PKS1", length, CRC-32C of length and bytes (both little
 * endian u32), the bytes. The tag at each record lets reading go on behind damage. */
enum { FRAME_HEAD = 12, DAMAGED_FILES_MAX = 1000 };
static const unsigned char TAG[4] = { 'P', 'K', 'S', '1' };

struct spool {
	int dir_fd, fd;
	char *dir;
	size_t size; /* of the file: every byte of it is on the disk */
	unsigned records;
	uint64_t damaged, cut;
	bool broken; /* a failed fdatasync: what the disk holds is not known */
};

static enum err fail(enum err err, const struct spool *s, const char *what, char *why, size_t why_size)
{
	(void)snprintf(why, why_size, "spool %s: %s: %s", s->dir, what, strerror(errno));
	return err;
}

/* ---- frames ---- */

static uint32_t crc32c(uint32_t crc, const unsigned char *bytes, size_t len)
{
	crc = ~crc;
	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82F63B78u : crc >> 1;
	}
	return ~crc;
}

static void put32(unsigned char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

static uint32_t get32(const unsigned char *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Bytes of the whole frame at the start of bytes; 0 when there is none. */
static size_t frame_at(const unsigned char *bytes, size_t len)
{
	uint32_t n, crc;

	if (len < FRAME_HEAD || memcmp(bytes, TAG, sizeof TAG) != 0)
		return 0;
	n = get32(bytes + 4);
	if (n == 0 || n > SPOOL_RECORD_MAX || n > len - FRAME_HEAD)
		return 0;
	crc = crc32c(crc32c(0, bytes + 4, 4), bytes + FRAME_HEAD, n);
	return crc == get32(bytes + 8) ? FRAME_HEAD + n : 0;
}

struct scan {
	unsigned records;
	size_t end;       /* behind the last whole record */
	uint64_t damaged; /* bytes before end that belong to no record */
};

static struct scan scan_frames(
	const unsigned char *bytes, size_t len, bool (*each)(void *owner, const void *record, size_t len), void *owner)
{
	struct scan scan = { 0 };
	size_t frame;

	for (size_t at = 0; at < len; at += frame ? frame : 1) {
		frame = frame_at(bytes + at, len - at);
		if (!frame)
			continue;
		scan.damaged += at - scan.end;
		scan.end = at + frame;
		scan.records++;
		if (each && !each(owner, bytes + at + FRAME_HEAD, frame - FRAME_HEAD))
			break;
	}
	return scan;
}

static enum err scan_file(struct spool *s, bool (*each)(void *owner, const void *record, size_t len), void *owner,
	struct scan *scan, char *why, size_t why_size)
{
	void *bytes;

	*scan = (struct scan){ 0 };
	if (s->size == 0)
		return ERR_OK;
	bytes = mmap(NULL, s->size, PROT_READ, MAP_PRIVATE, s->fd, 0);
	if (bytes == MAP_FAILED)
		return fail(ERR_RETRY, s, "cannot read it", why, why_size);
	*scan = scan_frames(bytes, s->size, each, owner);
	(void)munmap(bytes, s->size);
	return ERR_OK;
}

/* ---- opening ---- */

static enum err check_private(
	const struct spool *s, int fd, const char *what, const char *mode, char *why, size_t why_size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail(ERR_RETRY, s, what, why, why_size);
	if (st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
		(void)snprintf(why, why_size,
			"spool %s: the %s belongs to uid %u with mode %03o: it must be ours (uid %u) "
			"with mode %s",
			s->dir, what, (unsigned)st.st_uid, (unsigned)st.st_mode & 0777u, (unsigned)geteuid(), mode);
		return ERR_REFUSED;
	}
	return ERR_OK;
}

static enum err open_file(struct spool *s, char *why, size_t why_size)
{
	s->fd = openat(s->dir_fd, "spool", O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->fd < 0)
		return fail(ERR_RETRY, s, "cannot open the file", why, why_size);
	if (fsync(s->dir_fd) < 0)
		return fail(ERR_RETRY, s, "cannot sync the directory", why, why_size);
	return check_private(s, s->fd, "file", "600", why, why_size);
}

static enum err lock_and_scan(struct spool *s, char *why, size_t why_size)
{
	struct stat st;
	struct scan scan;
	enum err err;

	if (flock(s->fd, LOCK_EX | LOCK_NB) < 0)
		return fail(ERR_REFUSED, s, "in use by another process", why, why_size);
	if (fstat(s->fd, &st) < 0)
		return fail(ERR_RETRY, s, "cannot read its size", why, why_size);
	s->size = (size_t)st.st_size;
	err = scan_file(s, NULL, NULL, &scan, why, why_size);
	if (err != ERR_OK)
		return err;
	s->records = scan.records;
	s->damaged = scan.damaged;
	s->cut = s->size - scan.end;
	if (s->cut > 0 && (ftruncate(s->fd, (off_t)scan.end) < 0 || fsync(s->fd) < 0))
		return fail(ERR_RETRY, s, "cannot cut the torn tail", why, why_size);
	s->size = scan.end;
	return ERR_OK;
}

enum err spool_open(struct spool **spool, const char *dir, char *why, size_t why_size)
{
	struct spool *s = calloc(1, sizeof *s);
	enum err err;

	*spool = NULL;
	if (!s || !(s->dir = strdup(dir)))
		abort();
	s->fd = -1;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
		s->dir_fd = -1;
		err = fail(ERR_RETRY, s, "cannot make the directory", why, why_size);
	} else if ((s->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
		err = fail(ERR_RETRY, s, "cannot open the directory", why, why_size);
	} else {
		err = check_private(s, s->dir_fd, "directory", "700", why, why_size);
	}
	if (err == ERR_OK)
		err = open_file(s, why, why_size);
	if (err == ERR_OK)
		err = lock_and_scan(s, why, why_size);
	if (err == ERR_OK)
		*spool = s;
	else
		spool_close(s);
	return err;
}

void spool_close(struct spool *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		(void)close(s->fd);
	if (s->dir_fd >= 0)
		(void)close(s->dir_fd);
	free(s->dir);
	free(s);
}

/* ---- using ---- */

static bool write_all(int fd, const unsigned char *bytes, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

enum err spool_append(struct spool *s, const void *record, size_t len, char *why, size_t why_size)
{
	unsigned char frame[FRAME_HEAD + SPOOL_RECORD_MAX];
	size_t total = FRAME_HEAD + len;

	if (len == 0 || len > SPOOL_RECORD_MAX || s->size + total > SPOOL_FILE_MAX) {
		(void)snprintf(why, why_size,
			"spool %s: a record of %zu bytes (1 to %d) for a file of %zu (at most %d)", s->dir, len,
			SPOOL_RECORD_MAX, s->size, SPOOL_FILE_MAX);
		return ERR_INVALID;
	}
	if (s->broken) {
		(void)snprintf(why, why_size, "spool %s: an earlier write failed: open it again", s->dir);
		return ERR_UNKNOWN;
	}
	memcpy(frame, TAG, sizeof TAG);
	put32(frame + 4, (uint32_t)len);
	memcpy(frame + FRAME_HEAD, record, len);
	put32(frame + 8, crc32c(crc32c(0, frame + 4, 4), frame + FRAME_HEAD, len));
	if (!write_all(s->fd, frame, total)) {
		int saved = errno;

		/* What was written of it must go, or the next record would stand behind damage. */
		s->broken = ftruncate(s->fd, (off_t)s->size) < 0;
		errno = saved;
		return fail(s->broken ? ERR_UNKNOWN : ERR_RETRY, s, "cannot write", why, why_size);
	}
	if (fdatasync(s->fd) < 0) {
		s->broken = true;
		return fail(ERR_UNKNOWN, s, "cannot sync", why, why_size);
	}
	s->size += total;
	s->records++;
	return ERR_OK;
}

enum err spool_read_all(struct spool *s, bool (*each)(void *owner, const void *record, size_t len), void *owner,
	char *why, size_t why_size)
{
	struct scan scan;

	return scan_file(s, each, owner, &scan, why, why_size);
}

/* The damaged file goes to the first free name; a new, empty one takes its place. */
static enum err keep_aside(struct spool *s, char *why, size_t why_size)
{
	char name[32];
	enum err err;
	int n = 0;

	do
		(void)snprintf(name, sizeof name, "spool.damaged-%d", ++n);
	while (faccessat(s->dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 && n < DAMAGED_FILES_MAX);
	if (renameat(s->dir_fd, "spool", s->dir_fd, name) < 0)
		return fail(ERR_RETRY, s, "cannot keep the damaged file aside", why, why_size);
	(void)close(s->fd);
	err = open_file(s, why, why_size);
	if (err == ERR_OK)
		err = lock_and_scan(s, why, why_size);
	s->broken = err != ERR_OK;
	return err;
}

enum err spool_reset(struct spool *s, char *why, size_t why_size)
{
	if (s->damaged > 0)
		return keep_aside(s, why, why_size);
	if (ftruncate(s->fd, 0) < 0)
		return fail(ERR_RETRY, s, "cannot empty it", why, why_size);
	s->size = 0;
	s->records = 0;
	if (fsync(s->fd) < 0) {
		s->broken = true;
		return fail(ERR_UNKNOWN, s, "cannot sync", why, why_size);
	}
	return ERR_OK;
}

unsigned spool_records(const struct spool *s)
{
	return s->records;
}

uint64_t spool_damaged(const struct spool *s)
{
	return s->damaged;
}

uint64_t spool_cut(const struct spool *s)
{
	return s->cut;
}
