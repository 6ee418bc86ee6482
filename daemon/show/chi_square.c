/* Chi-square and its tail. */
#include "show/chi_square.h"

#include <math.h>
#include <stdio.h>

enum { TERMS_MAX = 100000 };

static const double TINY = 1e-300, CLOSE = 1e-15, UNLIKELY = 1e-4;

/* P(a, x) = x^a e^-x / Gamma(a) * sum of x^n / (a (a+1) .. (a+n)): converges fast below a + 1. DLMF 8.11.4. */
static double lower_by_series(double a, double x, double log_front)
{
	double term = 1 / a, sum = term;

	for (unsigned n = 1; n < TERMS_MAX && term > sum * CLOSE; n++) {
		term *= x / (a + n);
		sum += term;
	}
	return sum * exp(log_front);
}

/* Q(a, x) by its continued fraction, evaluated forwards: converges fast above a + 1. DLMF 8.9.2. */
static double upper_by_fraction(double a, double x, double log_front)
{
	double b = x + 1 - a, c = 1 / TINY, d = 1 / b, value = d;

	for (unsigned n = 1; n < TERMS_MAX; n++) {
		const double an = -(double)n * (n - a);
		double change;

		b += 2;
		d = an * d + b;
		d = 1 / (fabs(d) < TINY ? TINY : d);
		c = b + an / c;
		c = fabs(c) < TINY ? TINY : c;
		change = c * d;
		value *= change;
		if (fabs(change - 1) < CLOSE)
			break;
	}
	return value * exp(log_front);
}

static double tail(double value, unsigned df)
{
	const double a = df / 2., x = value / 2;
	double log_front;
	int sign;

	if (x <= 0)
		return 1;
	log_front = a * log(x) - x - lgamma_r(a, &sign);
	return x < a + 1 ? 1 - lower_by_series(a, x, log_front) : upper_by_fraction(a, x, log_front);
}

static uint64_t total(const struct chi_group *group)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < group->cells; i++)
		n += group->seen[i];
	return n;
}

void chi_square_test(struct chi_square *out, const struct chi_group *group, size_t n)
{
	double value = 0, p;

	*out = (struct chi_square){ .value = "-", .p = "-" };
	for (size_t g = 0; g < n; g++) {
		const uint64_t draws = total(&group[g]);
		const double expected = (double)draws / group[g].cells;

		if (group[g].cells < 2 || draws < (uint64_t)CHI_EXPECTED_MIN * group[g].cells) {
			out->left_out += draws;
			continue;
		}
		for (unsigned i = 0; i < group[g].cells; i++) {
			const double off = (double)group[g].seen[i] - expected;

			value += off * off / expected;
		}
		out->used += draws;
		out->df += group[g].cells - 1;
	}
	if (out->df == 0)
		return;
	p = tail(value, out->df);
	snprintf(out->value, sizeof out->value, "%.4f", value);
	snprintf(out->p, sizeof out->p, p >= UNLIKELY ? "%.4f" : "%.2e", p);
	out->unlikely = p < UNLIKELY;
}
