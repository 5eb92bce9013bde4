import fc from 'fast-check';
import { createPbxClient } from '../../lib/http/client';
import { closeDispatchers, inFlightNow } from '../../lib/http/dispatchers';
import { TokenCache } from '../../lib/http/tokens';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import { Load, weightOf } from '../../sandbox/pbx/load';

/** The load model of the simulated PBX: by its own clock, and what our client makes of it over a real socket. */

test.each([
	['GET', '/xapi/v1/Users(12)', 1],
	['GET', '/callcontrol/100', 1],
	['GET', '/xapi/v1/Users?$top=1', 1],
	['GET', '/xapi/v1/Users?%24top=100&$skip=100', 2],
	['PATCH', '/xapi/v1/Users(12)', 2],
	['GET', '/xapi/v1/ReportCallLogData/Pbx.GetCallLogData(a=1)?$top=100', 4],
])('%s %s is %d times the work of reading one row', (method, path, weight) => {
	expect(weightOf(method, path)).toBe(weight);
});

test('requests are done in their order, as many at a time as there are workers', () => {
	let now = 0;
	const load = new Load({ workers: 2, serviceMs: 10 }, () => now);
	expect([1, 1, 1, 1, 2].map((weight) => load.take(weight))).toEqual([10, 10, 20, 20, 40]);
	now = 15;
	expect(load.take(1)).toBe(15);
	now = 1_000;
	expect(load.take(1)).toBe(10);
	load.options = { workers: 1, serviceMs: 10 };
	expect([load.take(1), load.take(1)]).toEqual([20, 30]);
	load.options = undefined;
	expect(load.take(1)).toBe(0);
});

test('whatever comes: no worker does more than one thing at a time, and none idles while somebody waits', () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 1, max: 5 }),
			fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 4 })), { maxLength: 60 }),
			(workers, arrivals) => {
				let now = 0;
				const load = new Load({ workers, serviceMs: 10 }, () => now);
				const jobs = arrivals.map(([pause, weight]) => {
					now += pause;
					const done = now + load.take(weight)!;
					return { came: now, begins: done - weight * 10, done };
				});
				for (const [index, { came, begins }] of jobs.entries()) {
					const busy = (at: number) =>
						jobs.filter((job) => job.begins <= at && at < job.done).length;
					expect(busy(begins)).toBeLessThanOrEqual(workers);
					// Who waited found everybody busy until it began.
					if (begins > came) expect(busy(begins - 0.5)).toBe(workers);
					expect(begins).toBeGreaterThanOrEqual(jobs[index - 1]?.begins ?? 0);
				}
			},
		),
	);
});

describe('over a real socket', () => {
	let pbx: Pbx;

	afterEach(async () => {
		await closeDispatchers();
		await pbx.close();
	});

	const cache = new TokenCache();
	const ask = async (count: number, path = '/xapi/v1/Defs', inFlight?: number) => {
		const connection = { origin: pbx.url, ignoreSslIssues: false };
		const client = createPbxClient({
			connection,
			tokens: cache.source(connection, pbx.defaultClient),
			retry: { attempts: 1, baseMs: 0, capMs: 0 },
			inFlight,
		});
		const outcomes = await Promise.allSettled(
			Array.from({ length: count }, async () => await client.request({ method: 'GET', path })),
		);
		return outcomes.filter(({ status }) => status === 'rejected').length;
	};

	test('a PBX without load model is never busy', async () => {
		pbx = await startPbx({ seed: 'empty' });
		await ask(5);
		expect(pbx.load).toMatchObject({ inside: 0, most: 0, refused: 0 });
	});

	test('it gets no more than what was chosen, and Call Control on top', async () => {
		pbx = await startPbx({ seed: 'empty', load: { workers: 1, serviceMs: 5 } });
		await Promise.all([ask(12, '/xapi/v1/Defs', 3), ask(12, '/xapi/v1/Defs', 3)]);
		expect(pbx.load.most).toBe(3);
		await Promise.all([ask(12, '/xapi/v1/Defs', 3), ask(1, '/callcontrol')]);
		expect(pbx.load.most).toBeLessThanOrEqual(4);
	});

	test('who finds the line full gets 503, and fewer are in flight from then on', async () => {
		pbx = await startPbx({ seed: 'empty', load: { workers: 1, serviceMs: 40, maxWaiting: 1 } });
		expect(await ask(4)).toBeGreaterThan(0);
		expect(pbx.load.most).toBe(2);
		expect(pbx.load.refused).toBeGreaterThan(0);
		expect(inFlightNow(pbx.url)).toBeLessThan(4);
		const { refused } = pbx.load;
		await ask(1);
		expect(pbx.load.refused).toBe(refused);
	});

	test('a long job does not pile up: it settles near what the workers can do', async () => {
		pbx = await startPbx({ seed: 'empty', load: { workers: 2, serviceMs: 15 } });
		await ask(150);
		pbx.load.most = 0;
		await ask(60);
		// Two are worked on; far from the sixteen that a PBX without workers to wait for would get.
		expect(pbx.load.most).toBeLessThanOrEqual(12);
	});
});
