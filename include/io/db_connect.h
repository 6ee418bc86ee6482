/* Makes connections to Postgres without blocking, one host per attempt; for db.c. */
#ifndef IO_DB_CONNECT_H
#define IO_DB_CONNECT_H

#include "io/db_conninfo.h"
#include "io/loop.h"

struct pg_conn; /* libpq's PGconn */
struct db_connect;

/* Takes conninfo over. over() ends each attempt, from the loop: with a usable connection, which
 * is now the owner's, or with NULL and the reason. Never NULL. */
struct db_connect *db_connect_new(struct loop *loop, struct db_conninfo *conninfo,
	void (*over)(void *owner, struct pg_conn *pg, const char *why), void *owner);
void db_connect_free(struct db_connect *connect);

/* Starts an attempt, with the host after the last one tried. One at a time. */
void db_connect_try(struct db_connect *connect);

#endif
