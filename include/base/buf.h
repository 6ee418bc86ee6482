/* Bounded byte and text builder: a maximum fixed at creation, overflow is sticky. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* data is always NUL-terminated (the NUL is not counted in len), so it can be
 * read as text. An addition that does not fit is dropped whole, and so is
 * everything after it: check once, at the end, with buf_ok(). */
struct buf {
	char *data;
	size_t len;
	size_t max;  /* most bytes that len may reach             */
	size_t room; /* bytes allocated, NUL included; private    */
	bool heap;   /* private                                   */
	bool over;   /* something did not fit                     */
};

/* Build in the caller's memory: at most size - 1 bytes. size > 0. Nothing to free. */
void buf_on(struct buf *buf, char *memory, size_t size);
/* Build on the heap, growing as needed up to max bytes. buf_free() gives it back. */
void buf_heap(struct buf *buf, size_t max);
void buf_free(struct buf *buf);

void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_str(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_fmt(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* False when anything was dropped since the last buf_reset(). */
NODISCARD bool buf_ok(const struct buf *buf);
/* Empty and clear the overflow; heap memory is kept for reuse. */
void buf_reset(struct buf *buf);
/* Shorten to len <= buf->len bytes and clear the overflow. */
void buf_cut(struct buf *buf, size_t len);

#endif
