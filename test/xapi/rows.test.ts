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

const client = () =>
	createPbxClient({
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
		fc.constantFrom('Id', 'Number', 'a,b', 'a', 'b', '__proto__', 'constructor', '"', '0'),
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
	);
});
