import fc from 'fast-check';
import { ThreeCxError } from '../../lib/http/errors';
import { backoff, isRetryable, withRetry } from '../../lib/http/retry';

const failure = (details: { status?: number; code?: string; retryAfterMs?: number }) =>
	new ThreeCxError({ kind: 'server', message: 'failed', hint: '', ...details });

describe('isRetryable', () => {
	test.each([
		['GET', { status: 429 }, true],
		['GET', { status: 502 }, true],
		['GET', { status: 503 }, true],
		['GET', { status: 504 }, true],
		['GET', { status: 500 }, false],
		['GET', { status: 404 }, false],
		['GET', { code: 'ECONNRESET' }, true],
		['GET', { code: 'UND_ERR_SOCKET' }, true],
		['GET', { code: 'ECONNREFUSED' }, true],
		['POST', { status: 503 }, false],
		['POST', { code: 'ECONNRESET' }, false],
		['POST', { code: 'ECONNREFUSED' }, true],
		['PATCH', { code: 'UND_ERR_CONNECT_TIMEOUT' }, true],
		['DELETE', { code: 'UND_ERR_SOCKET' }, false],
	])('%s %o', (method, details, expected) => {
		expect(isRetryable(failure(details), method)).toBe(expected);
	});
});

test('backoff stays between zero and its bounds', () => {
	fc.assert(
		fc.property(
			fc.nat(40),
			fc.integer({ min: 1, max: 10_000 }),
			fc.integer({ min: 1, max: 100_000 }),
			fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
			(attempt, baseMs, capMs, random) => {
				const wait = backoff(attempt, { baseMs, capMs }, () => random);
				expect(wait).toBeGreaterThanOrEqual(0);
				expect(wait).toBeLessThanOrEqual(Math.min(capMs, baseMs * 2 ** attempt));
			},
		),
	);
});

test.each([
	[0, 100],
	[1, 200],
	[3, 800],
	[4, 1_000],
	[40, 1_000],
])('the pause after failure %i is %i ms at most, which is often', (attempt, ms) => {
	const policy = { baseMs: 100, capMs: 1_000 };
	expect(backoff(attempt, policy, () => 1)).toBe(ms);
	expect(backoff(attempt, policy, () => 0.5)).toBe(ms / 2);
});

describe('withRetry', () => {
	const policy = { attempts: 3, baseMs: 1, capMs: 50 };

	test('gives the result of the first attempt that succeeds', async () => {
		let attempts = 0;
		const result = await withRetry(
			async () => {
				if (++attempts < 3) throw failure({ status: 503 });
				return await Promise.resolve('done');
			},
			'GET',
			policy,
		);
		expect([result, attempts]).toEqual(['done', 3]);
	});

	test.each([
		['after the last attempt', { status: 503 }, 3],
		['at once when the error is final', { status: 403 }, 1],
		[
			'at once when the server wants us to wait longer than people do',
			{ status: 429, retryAfterMs: 60_000 },
			1,
		],
	])('throws the error %s', async (_, details, expected) => {
		let attempts = 0;
		const error = failure(details);
		await expect(
			withRetry(
				async () => {
					attempts++;
					return await Promise.reject(error);
				},
				'GET',
				policy,
			),
		).rejects.toBe(error);
		expect(attempts).toBe(expected);
	});

	describe('with a PBX that is out of reach', () => {
		/** Tries so long; every one fails. */
		const tries = async (
			details: { status?: number; code?: string; retryAfterMs?: number },
			method: string,
			unreachableMs: number,
		) => {
			let attempts = 0;
			const startedAt = performance.now();
			const attempt = async () => {
				attempts++;
				return await Promise.reject(failure(details));
			};
			await withRetry(attempt, method, { ...policy, capMs: 5, unreachableMs }).catch(
				() => undefined,
			);
			return { attempts, ms: performance.now() - startedAt };
		};

		test.each([
			['a read', 'GET', { status: 503 }],
			['a read', 'GET', { code: 'ECONNRESET' }],
			['a change', 'PATCH', { status: 502 }],
			['a change', 'PATCH', { code: 'UND_ERR_SOCKET' }],
			['whatever did not arrive', 'POST', { code: 'ECONNREFUSED' }],
			['whatever did not arrive', 'DELETE', { code: 'EHOSTUNREACH' }],
		])('%s (%s %o) is tried until the time is up, and once then', async (_, method, details) => {
			const { attempts, ms } = await tries(details, method, 150);
			expect(attempts).toBeGreaterThan(policy.attempts);
			expect(ms).toBeGreaterThanOrEqual(149);
		});

		test.each([
			['what may have been done', 'POST', { code: 'ECONNRESET' }, 1],
			['what may have been done', 'DELETE', { status: 502 }, 1],
			['what the PBX refuses', 'GET', { status: 403 }, 1],
			['what the PBX has no time for', 'GET', { status: 429 }, 3],
		])('%s (%s %o) is not', async (_, method, details, expected) => {
			expect(await tries(details, method, 60_000)).toMatchObject({ attempts: expected });
		});

		test('one that asks for patience is asked again within seconds', async () => {
			const { attempts } = await tries({ status: 503, retryAfterMs: 60_000 }, 'GET', 100);
			expect(attempts).toBe(2);
		});
	});

	test('a stopped execution ends the waiting', async () => {
		const stop = new AbortController();
		const error = failure({ status: 503, retryAfterMs: 40_000 });
		const waiting = withRetry(
			async () => {
				queueMicrotask(() => stop.abort());
				return await Promise.reject(error);
			},
			'GET',
			{ attempts: 3, baseMs: 1, capMs: 60_000 },
			stop.signal,
		);
		await expect(waiting).rejects.toBe(error);
	});
});
