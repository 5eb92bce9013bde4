import fc from 'fast-check';
import { createPbxClient } from '../../lib/http/client';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { getEntity, listEntities } from '../../lib/xapi/entities';
import { rowsFromEntries } from '../../lib/xapi/rows';
import { fixedToken } from '../support/fixedToken';
import { json, startServer, type TestServer } from '../support/httpServer';

let pbx: TestServer | undefined;

afterEach(async () => {
	await closeDispatchers();
	await pbx?.close();
	pbx = undefined;
});

const serve = async (...handle: Parameters<typeof startServer>) =>
	(pbx = await startServer(...handle));

/** With a number of its own: how many it finds by itself depends on how busy the machine is. */
const client = (inFlight = 4) =>
	createPbxClient({
		inFlight,
		connection: { origin: pbx!.origin, ignoreSslIssues: false },
		tokens: fixedToken('token'),
	});

const LONG = 'x'.repeat(100_000);

test.each([
	[
		'as ASP.NET begins',
		'{"@odata.context":"https://pbx/xapi/v1/$metadata#Users","Id":1}',
		{ Id: 1 },
	],
	['with spaces', '{ "@odata.context" : "a" , "Id": 1 }', { Id: 1 }],
	['and nothing else', '{"@odata.context":"a"}', {}],
	['with an escape', '{"@odata.context":"a\\"b","Id":1}', { Id: 1 }],
	['further behind', '{"Id":1,"@odata.context":"a"}', { Id: 1 }],
	['after another annotation', '{"@odata.type":"#T","@odata.context":"a","Id":1}', { Id: 1 }],
	['before another annotation', '{"@odata.context":"a","@odata.etag":"b","Id":1}', { Id: 1 }],
	['in a long answer', `{"@odata.context":"a","Text":"${LONG}"}`, { Text: LONG }],
	[
		'inside of a text',
		'{"Text":"{\\"@odata.context\\":\\"a\\","}',
		{ Text: '{"@odata.context":"a",' },
	],
	[
		'as a name that only looks like it',
		'{"@mine":1,"a@odata.count":2}',
		{ '@mine': 1, 'a@odata.count': 2 },
	],
])('an annotation %s does not reach the row, and nothing else is lost', async (_, body, row) => {
	await serve((__, response) => response.setHeader('content-type', 'application/json').end(body));
	expect(await getEntity(client(), '/Users(1)')).toEqual(row);
});

test('pages are shaped one by one, and their rows stay in order', async () => {
	const ids = Array.from({ length: 250 }, (_, index) => index);
	await serve(({ url }, response) => {
		const { searchParams: query } = new URL(url, 'http://pbx');
		const skip = Number(query.get('$skip') ?? 0);
		const value = ids.slice(skip, skip + 100).map((Id) => ({ '@odata.type': '#T', Id }));
		// The last page comes first.
		setTimeout(() => json(response, 200, { '@odata.count': ids.length, value }), 20 - skip / 10);
	});
	const pages: number[] = [];
	const rows = await listEntities(client(), '/Users', {
		shape: (page) => {
			pages.push(page.length);
			return page.map(({ Id, ...others }) => [Id, others]);
		},
	});
	expect(rows).toEqual(ids.map((id) => [id, {}]));
	expect(pages.sort()).toEqual([100, 100, 50]);
});

describe('a list that was long before', () => {
	/** How many rows there are, and what is asked for at the same time. */
	let length: number;
	let most: number;
	/** Rows that come at most, whatever is asked for. */
	let cap: number;
	/** ms without a further request until all answers come: however slow the machine, side by side is seen as such. */
	let answerMs: number;

	beforeEach(async () => {
		[length, most, cap, answerMs] = [0, 0, Infinity, 60];
		let now = 0;
		const waiting: Array<() => void> = [];
		let quiet: NodeJS.Timeout | undefined;
		await serve(({ url }, response) => {
			most = Math.max(most, ++now);
			const { searchParams: query } = new URL(url, 'http://pbx');
			const [skip, top] = ['$skip', '$top'].map((name) => Number(query.get(name) ?? 0));
			const end = Math.min(length, skip! + Math.min(top!, cap));
			const value = Array.from({ length: Math.max(0, end - skip!) }, (_, at) => ({
				Id: skip! + at,
			}));
			waiting.push(() => {
				now--;
				json(response, 200, query.has('$count') ? { '@odata.count': length, value } : { value });
			});
			clearTimeout(quiet);
			quiet = setTimeout(() => waiting.splice(0).forEach((answer) => answer()), answerMs);
		});
	});

	const read = async (options = {}, path = '/Users', inFlight = 4) => {
		[most, pbx!.received.length] = [0, 0];
		const rows = await listEntities(client(inFlight), path, options);
		expect(rows).toEqual(Array.from({ length: rows.length }, (_, Id) => ({ Id })));
		return { rows: rows.length, requests: pbx!.received.length, most };
	};

	test.each([
		['as long', 450, { rows: 450, requests: 5 }],
		['longer', 1_000, { rows: 1_000, requests: 10 }],
		['shorter', 150, { rows: 150, requests: 4 }],
		['empty', 0, { rows: 0, requests: 4 }],
		['as long as a page', 100, { rows: 100, requests: 4 }],
	])('and now is %s comes whole, its first pages side by side', async (_, now, expected) => {
		length = 450;
		expect(await read()).toEqual({ rows: 450, requests: 5, most: 4 });
		length = now;
		expect(await read()).toEqual({ ...expected, most: 4 });
	});

	test('is not asked for more than is wanted, nor by more requests at a time', async () => {
		length = 450;
		await read();
		expect(await read({ limit: 50 })).toEqual({ rows: 50, requests: 1, most: 1 });
		expect(await read({ limit: 120 })).toEqual({ rows: 120, requests: 2, most: 2 });
		await read();
		expect(await read({}, '/Users', 2)).toEqual({ rows: 450, requests: 5, most: 2 });
		expect(await read({}, '/Users', 1)).toEqual({ rows: 450, requests: 5, most: 1 });
	});

	test('and comes in smaller pages than asked for still comes whole', async () => {
		length = 450;
		await read();
		cap = 40;
		const { rows } = await read();
		expect(rows).toBe(450);
	});

	test('is forgotten after a thousand others', async () => {
		length = 450;
		await read({ query: 'first' });
		[length, answerMs] = [0, 0];
		for (let other = 0; other < 1_000; other += 20) {
			const queries = Array.from({ length: 20 }, (_, index) => `other ${other + index}`);
			await Promise.all(queries.map(async (query) => await read({ query })));
		}
		length = 90;
		expect(await read({ query: 'first' })).toMatchObject({ requests: 1 });
	}, 20_000);

	test('is another one with another filter, but not in another period', async () => {
		length = 450;
		const first = async (path: string, query?: string) => {
			const { requests, most: together } = await read({ query, limit: 450 }, path);
			return { requests, together };
		};
		await first('/R/Pbx.Get(from=2026-11-01,to=2026-11-02)', '$orderby=Id');
		length = 90;
		const ahead = { requests: 4, together: 4 };
		expect(await first('/R/Pbx.Get(from=2026-11-02,to=2026-11-03)', '$orderby=Id')).toEqual(ahead);
		const alone = { requests: 1, together: 1 };
		expect(await first('/R/Pbx.Get(from=2026-11-02,to=2026-11-03)', '$filter=Id')).toEqual(alone);
	});
});

test('what fails to be shaped fails the whole', async () => {
	const value = Array.from({ length: 100 }, (_, Id) => ({ Id }));
	await serve((_, response) => json(response, 200, { '@odata.count': 300, value }));
	const shape = () => {
		throw new Error('of no shape');
	};
	await expect(listEntities(client(), '/Users', { shape })).rejects.toThrow('of no shape');
});

test('rows from entries are what Object.fromEntries makes of each', () => {
	const name = fc.oneof(
		fc.constantFrom(
			'Id',
			'Number',
			'a,b',
			'a',
			'b',
			'__proto__',
			'constructor',
			'"',
			'0',
			'',
			'\0',
			'a\0b',
		),
		fc.string(),
	);
	const entries = fc.uniqueArray(fc.tuple(name, fc.jsonValue()), { selector: ([key]) => key });
	fc.assert(
		fc.property(fc.array(entries), (rows) => {
			const made = rowsFromEntries(rows, (row) => row);
			const expected = rows.map((row) => Object.fromEntries(row));
			expect(made).toEqual(expected);
			expect(made.map(Object.keys)).toEqual(expected.map(Object.keys));
			expect(made.every((row) => Object.getPrototypeOf(row) === Object.prototype)).toBe(true);
			// None is the model of the others.
			expect(new Set(made).size).toBe(rows.length);
		}),
		{ numRuns: 1_000 },
	);
});
