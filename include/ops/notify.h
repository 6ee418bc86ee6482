/* Tells whoever started the daemon how it is: systemd (sd_notify), and pm2 (wait_ready). */
#ifndef OPS_NOTIFY_H
#define OPS_NOTIFY_H

#include <stdint.h>

struct notify;

/* Takes $NOTIFY_SOCKET and $NODE_CHANNEL_FD out of the environment; without them, everything here does nothing. Under pm2
 * (pm_id is set) SIGTERM comes when pm2's daemon dies: it would start a second one of us. Never NULL. */
struct notify *notify_new(void);
void notify_free(struct notify *notify); /* NULL is allowed */

/* Once per turn, with the number of complete looks at all pools: the first makes us ready, and each one feeds the watchdog.
 * status: one line for `systemctl status`, sent with them. */
void notify_ticks(struct notify *notify, uint64_t ticks, const char *status);
/* The settings are read again; followed by notify_reloaded(). Before the first tick, neither says anything. */
void notify_reloading(struct notify *notify);
void notify_reloaded(struct notify *notify);
void notify_stopping(struct notify *notify);

#endif
