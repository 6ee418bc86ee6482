/* One commit and its answer, as the Switchboard program accepted them (vectors/switchboard.json, signature/valid). */
#ifndef UNIT_ORACLE_FIXTURE_H
#define UNIT_ORACLE_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "base/key.h"
#include "base/units.h"
#include "core/oracle_answer.h"

struct oracle_fixture {
	struct pubkey randomness;
	struct hash seed_slothash;
	struct slot seed_slot;
	struct oracle_answer answer;
	uint8_t signer[64];
};

/* The body of the gateway's answer, and of the request that it answers. */
static const char FIXTURE_REPLY[] =
	"{\"signature\":\"uJA37myykTauTu2vTez+qPP9DfEATYDlKW/DLNKVEal8h1O0dHbseYlQ5PKFH3ebk38LPdJrnBc9PsWF3BlzPQ==\","
	"\"recovery_id\":1,\"value\":[114,154,130,148,33,82,249,77,170,80,192,162,67,203,246,52,20,105,200,165,107,251,"
	"75,151,"
	"232,19,134,80,226,79,203,137]}";
static const char FIXTURE_REQUEST[] =
	"{\"slothash\":[238,98,237,56,196,54,55,173,66,197,111,168,9,146,136,73,72,76,68,62,243,10,96,121,128,142,129,"
	"122,179,"
	"15,225,166],\"randomness_key\":\"340901d90f8c0c82ee751ad20a15916244b39af1c79758410ac2578a19afa403\",\"slot\":"
	"399999999}";

static inline void fixture_hex(uint8_t *out, size_t n, const char *hex)
{
	for (size_t i = 0; i < n; i++) {
		char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
		out[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
}

static inline void oracle_fixture_begin(struct oracle_fixture *f)
{
	/* FIXTURE_* are not used by every test that includes this. */
	(void)FIXTURE_REPLY;
	(void)FIXTURE_REQUEST;
	fixture_hex(f->randomness.b, 32, "340901d90f8c0c82ee751ad20a15916244b39af1c79758410ac2578a19afa403");
	fixture_hex(f->seed_slothash.b, 32, "ee62ed38c43637ad42c56fa809928849484c443ef30a6079808e817ab30fe1a6");
	f->seed_slot.n = 399999999;
	fixture_hex(f->answer.signature, 64,
		"b89037ee6cb29136ae4eedaf4decfea8f3fd0df1004d80e5296fc32cd29511a9"
		"7c8753b47476ec798950e4f2851f779b937f0b3dd26b9c173d3ec585dc19733d");
	f->answer.recovery_id = 1;
	fixture_hex(f->answer.value, 32, "729a82942152f94daa50c0a243cbf6341469c8a56bfb4b97e8138650e24fcb89");
	fixture_hex(f->signer, 64,
		"37743fcaa6c82256064c82b95ea3746905592fff2b534e47159c89d428fc3d13"
		"2c75bdf61ea24e46e9ecfbfda4acc8d869ed34f2406fbfa6f128d34147a98aaa");
}

#endif
