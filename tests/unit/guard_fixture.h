/* A draw with everything that a step may name, its guard, and the step's message. */
#ifndef UNIT_GUARD_FIXTURE_H
#define UNIT_GUARD_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "core/address.h"
#include "core/compose.h"
#include "core/guard.h"
#include "core/pda.h"
#include "unit/key_fixture.h"

static const struct memo MEMO = {
	"poolkeeper 7 coin_draws:12 01ab000000000000000000000000000000000000000000000000000000000000"
};

enum { UNIT_LIMIT = 300000, UNIT_PRICE = 1000, MAX_FEE = 20000 };

struct scene {
	struct guard guard;
	struct compose compose;
	struct sb_net net;
	struct pool_account account;
	struct oracle_answer answer;
	struct tx tx;
	struct bytes message;
};

static inline void scene_compose(struct scene *scene)
{
	struct compose *c = &scene->compose;

	c->net = &scene->net;
	c->account = &scene->account;
	c->answer = &scene->answer;
	c->payer = scene->guard.payer;
	c->pool = scene->guard.pool;
	c->token_program = ADDRESS_TOKEN;
	c->randomness = scene->guard.randomness;
	c->oracle = key_of(0x41);
	c->recent_slot = 400000000;
	c->lut_slot = scene->guard.lut_slot;
	c->winner = key_of(0x42);
	c->mint = scene->guard.mint;
	c->unlock = c->init = true;
	c->make_dev_ata = c->make_treasury_ata = false;
	pda_ata(&c->dev_ata, &c->payer, &c->mint, &c->token_program);
	pda_ata(&c->treasury_ata, &scene->account.treasury_wallet, &c->mint, &c->token_program);
	c->ata_owner = c->winner;
	pda_ata(&c->ata, &c->ata_owner, &c->mint, &c->token_program);
	c->unit_limit = UNIT_LIMIT;
	c->unit_price = UNIT_PRICE;
	memset(c->blockhash.b, 0x77, sizeof c->blockhash.b);
}

static inline void scene_begin(struct scene *scene)
{
	memset(scene, 0, sizeof *scene);
	scene->guard = (struct guard){
		.payer = key_of(0x11),
		.ml_program = ADDRESS_ML,
		.switchboard_program = ADDRESS_SWITCHBOARD_DEVNET,
		.queue = ADDRESS_SWITCHBOARD_QUEUE_DEVNET,
		.pool = key_of(0x22),
		.randomness = key_of(0x33),
		.mint = key_of(0x44),
		.token_program = ADDRESS_TOKEN,
		.treasury = key_of(0x55),
		.lut_slot = 390000000,
		.max_fee_lamports = MAX_FEE,
	};
	sb_net_init(&scene->net, &scene->guard.switchboard_program, &scene->guard.queue);
	scene->account.mint = scene->guard.mint;
	scene->account.dev_wallet = scene->guard.payer;
	scene->account.treasury_wallet = key_of(0x55);
	pda_ata(&scene->account.pool_token, &scene->guard.pool, &scene->guard.mint, &ADDRESS_TOKEN);
	pda_participants(&scene->account.participants_account, &scene->guard.pool);
	memset(&scene->answer, 0x66, sizeof scene->answer);
	scene->answer.recovery_id = 1;
	scene_compose(scene);
}

static inline void scene_build(struct scene *scene, enum step step)
{
	scene->guard.step = step;
	if (step == STEP_PAY_REFERRAL) {
		scene->guard.recipient = scene->compose.recipient = key_of(0x66);
		scene->guard.pass_on_amount = scene->compose.winner_amount = 123456789;
		scene->guard.pass_on_decimals = scene->compose.decimals = 9;
	}
	if (step == STEP_ANCHOR)
		scene->guard.anchor = scene->compose.anchor = MEMO;
	assert_int_equal(compose_step(&scene->tx, step, &scene->compose), TX_OK);
	scene->message = tx_message(&scene->tx);
}

static inline bool allowed(const struct scene *scene)
{
	char why[256] = "";
	bool yes = guard_allows(&scene->guard, scene->message.p, scene->message.n, why, sizeof why);

	assert_int_equal(yes, why[0] == '\0');
	return yes;
}

static inline void assert_allowed(const struct scene *scene)
{
	char why[256] = "";

	if (!guard_allows(&scene->guard, scene->message.p, scene->message.n, why, sizeof why))
		fail_msg("%s refused: %s", STEPS[scene->guard.step].name, why);
}

static inline void assert_refused(const struct scene *scene, const char *reason)
{
	char why[256] = "";

	assert_false(guard_allows(&scene->guard, scene->message.p, scene->message.n, why, sizeof why));
	if (!strstr(why, reason))
		fail_msg("refused with \"%s\", not with \"%s\"", why, reason);
}

#endif
