/* What the caller may do next after a call that can fail. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/* An error does not say where it came from: the place and the words go to the
 * log and to reply.why. It is never stored to be looked at later. */
enum err {
	ERR_OK,      /* it happened                                             */
	ERR_RETRY,   /* it did not happen; the same call may be made again      */
	ERR_UNKNOWN, /* it may have happened; read the truth back before acting */
	ERR_REFUSED, /* the other side understood and said no; do not repeat    */
	ERR_INVALID, /* the input is malformed; do not repeat                   */
};

#define NODISCARD __attribute__((warn_unused_result))

/* Lower-case word for logs and metrics: ok, retry, unknown, refused, invalid. */
static inline const char *err_name(enum err err)
{
	switch (err) {
	case ERR_OK:
		return "ok";
	case ERR_RETRY:
		return "retry";
	case ERR_UNKNOWN:
		return "unknown";
	case ERR_REFUSED:
		return "refused";
	case ERR_INVALID:
		return "invalid";
	}
	return "bad";
}

#endif
