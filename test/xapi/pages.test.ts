import fc from 'fast-check';
import { createPbxClient } from '../../lib/http/client';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { ThreeCxError } from '../../lib/http/errors';
import { listEntities, type ListOptions } from '../../lib/xapi/entities';
import { fixedToken } from '../support/fixedToken';
import { json, startServer, type TestServer } from '../support/httpServer';

/** Lists of servers that count wrongly or not at all, cap their pages, send links, or never end. */

let pbx: TestServer | undefined;

afterEach(async () => {
	await closeDispatchers();
	await pbx?.close();
	pbx = undefined;
});

interface Habits {
	/** Rows that there are. */
	rows: number;
	/** Rows a page at most. */
	cap?: number;
	/** What it says of how many there are. */
	count?: (rows: number) => unknown;
	/** It pages with links instead of `$skip`. */
	links?: boolean;
	/** It does not know `$skip`. */
	ignoresSkip?: boolean;
}

/** A PBX with such habits. */
async function serve({ rows, cap = Infinity, count, links, ignoresSkip }: Habits) {
	pbx = await startServer(({ url }, response) => {
		const { searchParams: query } = new URL(url, 'http://pbx');
		const top = Number(query.get('$top') ?? Infinity);
		const skip = ignoresSkip ? 0 : Number(query.get(links ? 'token' : '$skip') ?? 0);
		const end = Math.min(rows, skip + Math.min(top, cap));
		const value = Array.from({ length: Math.max(0, end - skip) }, (_, at) => ({ Id: skip + at }));
		json(response, 200, {
			...(count && query.has('$count') ? { '@odata.count': count(rows) } : {}),
			...(links && end < rows ? { '@odata.nextLink': `Users?token=${end}` } : {}),
			value,
		});
	});
}

const list = async (options: ListOptions = {}, maxBytes?: number) =>
	await listEntities(
		createPbxClient({
			connection: { origin: pbx!.origin, ignoreSslIssues: false },
			tokens: fixedToken('token'),
			maxBytes,
		}),
		'/Users',
		options,
	);

const ids = (length: number) => Array.from({ length }, (_, Id) => ({ Id }));

const truth = (rows: number) => rows;

test.each<[string, Habits, ListOptions, number, number]>([
	['no count', { rows: 1_234 }, {}, 1_234, 13],
	['no count, whole pages only', { rows: 300 }, {}, 300, 4],
	['no count, one short page', { rows: 34 }, {}, 34, 2],
	['no count, nothing', { rows: 0 }, {}, 0, 1],
	['no count, pages of 20', { rows: 250, cap: 20 }, {}, 250, 13],
	['no count, pages of 20 at limit 50', { rows: 250, cap: 20 }, { limit: 50 }, 50, 3],
	['a count, pages of 20 at limit 50', { rows: 250, cap: 20, count: truth }, { limit: 50 }, 50, 3],
	['a count at limit 50', { rows: 34, count: truth }, { limit: 50 }, 34, 1],
	['a look-up', { rows: 1 }, { limit: 1 }, 1, 1],
	['a true count', { rows: 1_234, count: truth }, {}, 1_234, 13],
	['links', { rows: 250, cap: 100, links: true }, {}, 250, 3],
	['links of pages of 20 at limit 50', { rows: 250, cap: 20, links: true }, { limit: 50 }, 50, 3],
	['a count that is a text', { rows: 250, count: String }, {}, 250, 3],
	['a count of 0', { rows: 250, count: () => 0 }, {}, 250, 3],
	['a count below 0', { rows: 250, count: () => -5 }, {}, 250, 3],
	['a count that is none', { rows: 250, count: () => ({ a: 1 }) }, {}, 250, 3],
	['a count of null', { rows: 250, count: () => null }, {}, 250, 3],
	['no $skip', { rows: 30, ignoresSkip: true }, {}, 30, 2],
])('with %s, all rows come once', async (_, habits, options, expected, requests) => {
	await serve(habits);
	expect(await list(options)).toEqual(ids(expected));
	expect(pbx!.received).toHaveLength(requests);
});

test.each([4e9, 5e7, 1e12, Number.MAX_SAFE_INTEGER])(
	'a count of %d costs nothing, neither now nor when the list is read again',
	async (lie) => {
		await serve({ rows: 250, count: () => lie });
		for (let time = 0; time < 2; time++) {
			pbx!.received.length = 0;
			const began = performance.now();
			expect(await list()).toEqual(ids(250));
			expect(performance.now() - began).toBeLessThan(5_000);
			expect(pbx!.received.length).toBeLessThan(12);
		}
	},
);

test('a list reads on where rows were deleted or a page was cut meanwhile', async () => {
	pbx = await startServer(({ url }, response) => {
		const skip = Number(new URL(url, 'http://pbx').searchParams.get('$skip') ?? 0);
		const length = skip === 200 ? 60 : Math.max(0, Math.min(100, 500 - skip));
		const value = ids(500).slice(skip, skip + length);
		json(response, 200, { '@odata.count': 500, value });
	});
	expect(await list()).toEqual(ids(500));
});

describe('a list without end', () => {
	const refused = async (options?: ListOptions, maxBytes?: number) => {
		const error: unknown = await list(options, maxBytes).catch((cause: unknown) => cause);
		expect(error).toBeInstanceOf(ThreeCxError);
		return error as ThreeCxError;
	};

	const answering = async (body: (page: number) => object) => {
		let page = 0;
		pbx = await startServer((_, response) => json(response, 200, body(page++)));
	};

	test('of pages is given up with a message', async () => {
		await serve({ rows: Infinity, cap: 20 });
		const error = await refused({ maxPages: 100 });
		expect(error).toMatchObject({ kind: 'malformed' });
		expect(error.message).toContain('100 pages have come, with 2000 rows');
		expect(error.hint).toContain('Limit');
	});

	test('that is counted so is given up, too', async () => {
		await serve({ rows: Infinity, cap: 1, count: () => 4e9 });
		expect((await refused({ maxPages: 100 })).message).toContain('100 pages');
	});

	test('of links is given up', async () => {
		await answering((page) => ({ value: [{ Id: page }], '@odata.nextLink': `Users?p=${page}` }));
		expect((await refused({ maxPages: 100 })).message).toContain('100 pages');
	});

	test('of empty pages with links is given up soon', async () => {
		await answering((page) => ({ value: [], '@odata.nextLink': `Users?p=${page}` }));
		await refused();
		expect(pbx!.received.length).toBeLessThan(20);
	});

	test('of links in a circle is given up at once', async () => {
		await answering((page) => ({
			value: [{ Id: page }],
			'@odata.nextLink': `Users?p=${page % 2}`,
		}));
		await refused();
		expect(pbx!.received.length).toBeLessThan(6);
	});

	test('of the same full page is told', async () => {
		await serve({ rows: 500, ignoresSkip: true });
		expect((await refused()).message).toContain('the same rows again');
	});

	test('of large pages is given up by its size', async () => {
		await answering((page) => ({
			'@odata.count': 1e9,
			value: Array.from({ length: 100 }, () => ({ Id: page, Text: 'x'.repeat(90) })),
		}));
		expect((await refused({}, 15_000)).message).toContain('too large');
	});
});

test.each<[string, unknown[], unknown[]]>([
	['null', [{ Id: 1 }, null, { Id: 2 }], [{ Id: 1 }, { Id: 2 }]],
	['texts and numbers', ['a', 5, true], [{ value: 'a' }, { value: 5 }, { value: true }]],
	['lists', [[1], [{ a: 1 }]], [{ value: [1] }, { value: [{ a: 1 }] }]],
])('rows that are %s are read', async (_, value, rows) => {
	pbx = await startServer((_request, response) =>
		json(response, 200, { '@odata.count': value.length, value }),
	);
	expect(await list({ limit: 50 })).toEqual(rows);
});

test.each([5, 'http://', 'https://[', '//', { a: 1 }, null, ''])(
	'a next link %j ends the list, or fails in our words',
	async (link) => {
		pbx = await startServer((_, response) =>
			json(response, 200, { value: [{ Id: 1 }], '@odata.nextLink': link }),
		);
		const outcome: unknown = await list({ limit: 1_000 }).catch((error: unknown) => error);
		if (outcome instanceof Error) expect(outcome).toBeInstanceOf(ThreeCxError);
		else expect(outcome).toEqual([{ Id: 1 }]);
	},
);

test('whatever the habits, the rows are those that there are, up to the limit', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.record({
				rows: fc.nat(400),
				cap: fc.integer({ min: 10, max: 150 }),
				count: fc.constantFrom(
					undefined,
					truth,
					() => 1e12,
					() => 0,
					() => 'no',
				),
				links: fc.boolean(),
			}),
			fc.option(fc.integer({ min: 3, max: 800 }), { nil: undefined }),
			async (habits, limit) => {
				await serve(habits as Habits);
				expect(await list({ limit })).toEqual(ids(Math.min(habits.rows, limit ?? Infinity)));
				await closeDispatchers();
				await pbx!.close();
			},
		),
		{ numRuns: 15, seed: 11 },
	);
}, 60_000);
