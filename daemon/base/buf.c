/* Bounded byte and text builder. */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST_ROOM = 256 };

void buf_on(struct buf *buf, char *memory, size_t size)
{
	assert(size > 0);
	memory[0] = '\0';
	*buf = (struct buf){ .data = memory, .max = size - 1, .room = size };
}

void buf_heap(struct buf *buf, size_t max)
{
	size_t room = max < BUF_FIRST_ROOM ? max + 1 : BUF_FIRST_ROOM;
	char *memory = malloc(room);

	assert(max < SIZE_MAX / 2);
	if (!memory)
		abort();
	memory[0] = '\0';
	*buf = (struct buf){ .data = memory, .max = max, .room = room, .heap = true };
}

void buf_free(struct buf *buf)
{
	if (buf->heap)
		free(buf->data);
	*buf = (struct buf){ 0 };
}

/* Room for len more bytes and the NUL; false marks the overflow. */
static bool reserve(struct buf *buf, size_t len)
{
	size_t need, room;
	char *memory;

	if (buf->over || len > buf->max - buf->len) {
		buf->over = true;
		return false;
	}
	need = buf->len + len + 1;
	if (need <= buf->room)
		return true;
	room = buf->room * 2 > need ? buf->room * 2 : need;
	if (room > buf->max + 1)
		room = buf->max + 1;
	memory = realloc(buf->data, room);
	if (!memory)
		abort();
	buf->data = memory;
	buf->room = room;
	return true;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
	if (!reserve(buf, len))
		return;
	if (len > 0)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_str(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_char(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

void buf_fmt(struct buf *buf, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(len >= 0);
	if (!reserve(buf, (size_t)len))
		return;
	va_start(args, format);
	(void)vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
	va_end(args);
	buf->len += (size_t)len;
}

bool buf_ok(const struct buf *buf)
{
	return !buf->over;
}

void buf_reset(struct buf *buf)
{
	buf_cut(buf, 0);
}

void buf_cut(struct buf *buf, size_t len)
{
	assert(len <= buf->len);
	buf->len = len;
	buf->data[len] = '\0';
	buf->over = false;
}
