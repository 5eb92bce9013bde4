import { createCallControl } from '../../lib/callcontrol/rest/client';
import { createPbxClient } from '../../lib/http/client';
import { csvLines } from '../../lib/csv';
import { filter } from '../../lib/odata/filter';
import { orderBy } from '../../lib/odata/field';
import { parseFrame } from '../../lib/callcontrol/link/frames';
import { fixedToken } from '../support/fixedToken';
import { startServer, type TestServer } from '../support/httpServer';

/** Names from outside do not become steps of a path, parts of a query, entries of a table, or formulas. */

let pbx: TestServer;

beforeAll(async () => {
	pbx = await startServer((_, response) => response.end('{}'));
});

afterAll(async () => await pbx.close());

const client = () =>
	createPbxClient({
		connection: { origin: pbx.origin, ignoreSslIssues: false },
		tokens: fixedToken('token'),
	});

const control = () => createCallControl(client());

test.each(['..', '.', '', '\ud800'])(
	'the extension, device or leg %j is refused, and nothing sent',
	async (name) => {
		const call = { destination: '101' };
		for (const attempt of [
			async () => await control().makeCall(name, call),
			async () => await control().makeCall('100', { ...call, device: name }),
			async () => await control().act(name, 5, 'drop'),
			async () => await control().participants(name),
			async () => await control().dn(name),
			async () => await control().listen(name, 1),
		]) {
			await expect(attempt()).rejects.toMatchObject({ kind: 'input' });
		}
		expect(pbx.received).toEqual([]);
	},
);

test.each(['/xapi/v1/../../connect/token', '/xapi/v1/%2e%2E/x', '/xapi/v1/.%2e/x', '/xapi/./v1'])(
	'the path %s is refused, wherever it comes from',
	async (path) => {
		await expect(client().request({ method: 'GET', path })).rejects.toMatchObject({
			kind: 'input',
		});
		expect(pbx.received).toEqual([]);
	},
);

test('dots within a name are none', async () => {
	await client().request({ method: 'GET', path: "/xapi/v1/Prompts('..')/Pbx.Get()" });
	await client().request({ method: 'GET', path: '/xapi/v1/a..b/.c' });
	expect(pbx.received.splice(0)).toHaveLength(2);
});

test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
	'an event of type %s is none',
	(type) => {
		const message = { event: { event_type: type, entity: '/callcontrol/100/participants/1' } };
		expect(parseFrame(JSON.stringify(message))).toMatchObject({ kind: 'other' });
	},
);

test('sort direction and match are what they may be', () => {
	const direction = "asc,Number&$filter='" as 'asc';
	expect(() => orderBy([{ field: 'Name', direction }])).toThrow('asc or desc');
	const condition = { field: 'A', type: 'int32', operator: 'equals', value: 1 } as const;
	for (const match of ['constructor', ' or 1 eq 1 or ', '']) {
		const group = { match: match as 'all', conditions: [condition, condition] };
		expect(() => filter(group)).toThrow('all or any');
	}
});

test.each<[unknown, string]>([
	['=1+1', "'=1+1"],
	['@SUM(A1)', "'@SUM(A1)"],
	['+cmd|x', "'+cmd|x"],
	['-cmd', "'-cmd"],
	['\t=1', "'\t=1"],
	['\r=1', `"'\r=1"`],
	['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
	['+44 20 7946 0102', '+44 20 7946 0102'],
	['-12.5', '-12.5'],
	[-12.5, '-12.5'],
	['a=b', 'a=b'],
])('a cell %j is written as %s', (value, written) => {
	const rows = [{ A: value }];
	expect([...csvLines(rows, ['A'])][1]).toBe(`${written}\r\n`);
	expect([...csvLines(rows, ['A'], { raw: true })][1]).not.toContain("'");
});
