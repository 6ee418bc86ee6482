/* How people name a draw of the database: its id, or its source and the source's key. */
#ifndef CORE_DRAW_NAME_H
#define CORE_DRAW_NAME_H

#include <stdbool.h>

#include "base/err.h"

/* "0f8c...-...", as in the journal "offchain:0f8c...-...", or "raffles:17". False: none of these. The database finds it:
 * keeper.offchain_draws by draw, or by source and source_key. */
NODISCARD bool draw_name_fits(const char *text);
/* The id alone; NULL: text is a source and a key. */
const char *draw_name_id(const char *text);

#endif
