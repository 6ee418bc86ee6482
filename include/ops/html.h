/* Pieces of HTML: text that may come from anybody, and numbers, times and amounts as people read them. */
#ifndef OPS_HTML_H
#define OPS_HTML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/key.h"

/* Any bytes, for between tags and inside quoted attributes. What is no UTF-8, no character to be seen, or turns the direction
 * of the text around it becomes U+FFFD. */
void html_text(struct buf *out, const char *text);
/* 1,234,567; a line may end within a number that is long. */
void html_count(struct buf *out, uint64_t n);
/* 1234567 with 3 decimals: 1,234.567; as many digits after the point as mean something. With more than 18 decimals the
 * base units and their power of ten. */
void html_amount(struct buf *out, uint64_t base_units, unsigned decimals);
/* 45 s, 12 min, 5 h 12 min, 3 d 4 h */
void html_duration(struct buf *out, uint64_t seconds);
/* <time>21 Nov 13:05</time>, UTC; with_seconds: 13:05:09 without the day. */
void html_time(struct buf *out, int64_t unix_s, bool with_seconds);
/* The first and last four letters, with all of it to be seen or copied as the element's title. */
void html_address(struct buf *out, const struct pubkey *address);

#endif
