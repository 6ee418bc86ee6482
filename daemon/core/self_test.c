/* ECVRF, the tree and SEL-1 on published vectors. */
#include "core/self_test.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "core/ecvrf.h"
#include "core/merkle.h"
#include "core/ticket.h"

const struct self_test_vectors SELF_TEST_VECTORS = {
	.vrf = { .seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		.key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
		.alpha = "72",
		.proof = "f3141cd382dc42909d19ec5110469e4feae18300e94f304590abdced48aed5933bf0864a62558b3e"
			 "d7f2fea45c92a465301b3bbf5e3e54ddf2d935be3b67926da3ef39226bbc355bdc9850112c8f4b02",
		.beta = "eb4440665d3891d668e7e0fcaf587f1b4bd7fbfe99d0eb2211ccec90496310eb"
			"5e33821bc613efb94db5e5b54c70a848a0bef4553a41befc57663b56373a5031" },
	.draw = {
		{ .draw = "22452e0786e0a1f2333a2c42c5d82ad4",
			.root = "b8174c6ed716596cdf61c29fcc75337ecc1262db8d051b6be0a503d8d9326b8f",
			.beta = "24014a9c0542309a1a4bad9f692f72cf53efde31d1fec24173603317a884b6ff"
				"a077eb581361963bed3e330ae0bff6ad545b35be8b7580e6b4de97ef093a3c13",
			.key = "f0df370040ce5d88695c781b98dee92aa9389cc02f55fe35d999788b6cbab6eb",
			.mode = SELECT_WITH_REPLACEMENT,
			.n = 5,
			.prizes = 4,
			.alternates = 3,
			.ticket = {
				{ "fff859baf1fe3e60b945e2f087545bc0520551e3bfa501aeb1ea441759d81f21", 636 },
				{ "9a883165c0ebd060a35a2cbb26d04c82fcaaba8e320f86afec0ce937aa1fef8b", 380 },
				{ "9ff70a5c3e5cbfdc8fb874704564e6205366b70bf53f126b288778c7e3255323", 394 },
				{ "df5adde3099f2e225398f318c2e61bfd35689df8ad49557885620ef45044e549", 955 },
				{ "9a883165c0ebd060a35a2cbb26d04c82fcaaba8e320f86afec0ce937aa1fef8b", 677 },
			},
			.pick = {
				{ .attempt = 0, .number = 1218, .total = 3042, .entry = 2 },
				{ .attempt = 0, .number = 2859, .total = 3042, .entry = 4 },
				{ .attempt = 0, .number = 1131, .total = 3042, .entry = 2 },
				{ .attempt = 0, .number = 1677, .total = 3042, .entry = 3 },
				{ .attempt = 0, .number = 233, .total = 636, .entry = 0 },
				{ .empty = true },
				{ .empty = true },
			} },
		{ .draw = "22452e0786e0a1f2333a2c42c5d82ad4",
			.root = "ea4ee8c939a23a9e4a60569ce269751fe5b32111ace2788a7f6d98bf01bc65dc",
			.beta = "027e37cbfa4ccfb58150b9b4d18bd2ad38fab13cc51725e753f58a0a99494f95"
				"8ab6e440217029abef5b402cd79e838cb5eb49bf498289cafbb3af1b559aaf67",
			.key = "7bd254cd43d195b2de1ade8df36d09dd0d9482616609b1081233f315146e3ab0",
			.mode = SELECT_ONE_PER_PARTICIPANT,
			.n = 4,
			.prizes = 4,
			.alternates = 1,
			.ticket = {
				{ "f361de21607594f2eee2220bf6e30b1cb1b2379d02dd14c14cd7769fa07d31d1", 2359720155713033622 },
				{ "e21fd93bd25f8a06c05aadc09f0e366a49290c5edf6f67bafba4d69387720b6c", 3148133810692501605 },
				{ "8cc96f09d6d6453be70c81cd55fe664eeee0c8a36f90906eff5df089f76948b9", 2333804399213183501 },
				{ "6ae7bd2b7b876431fe60ae738bc2d47e37f09cf3cb7d4bf6cf046da19f1c58f1", 3344138263213623872 },
			},
			.pick = {
				{ .attempt = 1, .number = 6397309974776183991, .total = UINT64_C(11185796628832342600), .entry = 2 },
				{ .attempt = 0, .number = 909583144924746291, .total = 8851992229619159099, .entry = 0 },
				{ .attempt = 0, .number = 6285139946443685165, .total = 6492272073906125477, .entry = 3 },
				{ .attempt = 0, .number = 538930753623939362, .total = 3148133810692501605, .entry = 1 },
				{ .empty = true },
			} },
	},
};

static uint8_t digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Our own constants: their length is not input. */
static void unhex(void *out, const char *hex, size_t n)
{
	uint8_t *bytes = out;

	assert(strlen(hex) == 2 * n);
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
}

static const char *try_vrf(const struct self_test_vectors *v)
{
	uint8_t seed[CRYPTO_SEED_SIZE], alpha[1];
	const struct bytes text = { alpha, sizeof alpha };
	struct ecvrf_proof due, proof;
	struct ecvrf_steps steps;
	struct ecvrf_beta beta;
	struct pubkey key;

	unhex(seed, v->vrf.seed, sizeof seed);
	unhex(key.b, v->vrf.key, sizeof key.b);
	unhex(alpha, v->vrf.alpha, sizeof alpha);
	unhex(due.b, v->vrf.proof, sizeof due.b);
	unhex(beta.b, v->vrf.beta, sizeof beta.b);
	if (ecvrf_prove(&proof, seed, text) != ECVRF_OK || memcmp(proof.b, due.b, sizeof due.b) != 0)
		return "ECVRF gives another proof than RFC 9381";
	if (ecvrf_verify(&steps, &key, text, (struct bytes){ due.b, sizeof due.b }) != ECVRF_OK)
		return "ECVRF does not verify the proof of RFC 9381";
	return memcmp(steps.beta.b, beta.b, sizeof beta.b) == 0 ? NULL : "ECVRF gives another beta than RFC 9381";
}

static bool same_pick(const struct select_pick *a, const struct select_pick *b)
{
	return a->empty == b->empty && (a->empty || (a->attempt == b->attempt && a->number == b->number &&
							    a->total == b->total && a->entry == b->entry));
}

static const char *try_draw(const struct self_test_draw *v)
{
	struct ticket ticket[SELF_TEST_TICKETS];
	struct select_input in = {
		.ticket = ticket, .n = v->n, .prizes = v->prizes, .alternates = v->alternates, .mode = v->mode
	};
	struct select_pick pick[SELF_TEST_PICKS];
	uint64_t memory[20 * (SELF_TEST_TICKETS + 1) / 8 + 1];
	struct hash due, got;
	struct merkle tree;

	assert(select_memory(v->n) <= sizeof memory && v->prizes + v->alternates <= SELF_TEST_PICKS);
	unhex(in.draw.b, v->draw, sizeof in.draw.b);
	unhex(in.root.b, v->root, sizeof in.root.b);
	unhex(in.beta.b, v->beta, sizeof in.beta.b);
	merkle_begin(&tree);
	for (uint32_t i = 0; i < v->n; i++) {
		struct hash leaf;

		unhex(ticket[i].participant.b, v->ticket[i].participant, HASH_SIZE);
		ticket[i].weight = v->ticket[i].weight;
		ticket_leaf(&leaf, &in.draw, i, &ticket[i]);
		merkle_add(&tree, &leaf, NULL);
	}
	merkle_end(&tree, &got, NULL);
	if (!hash_equal(&got, &in.root))
		return "the tickets' tree has another root than published";
	unhex(due.b, v->key, sizeof due.b);
	if (select_run(pick, &got, &in, memory) != SELECT_OK || !hash_equal(&got, &due))
		return "SEL-1 makes another key than published";
	for (uint32_t i = 0; i < v->prizes + v->alternates; i++)
		if (!same_pick(&pick[i], &v->pick[i]))
			return "SEL-1 picks another winner than published";
	return NULL;
}

const char *self_test(const struct self_test_vectors *vectors)
{
	const char *wrong = try_vrf(vectors);

	for (size_t i = 0; !wrong && i < SELF_TEST_DRAWS; i++)
		wrong = try_draw(&vectors->draw[i]);
	return wrong;
}
