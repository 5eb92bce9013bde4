import { startPbx } from '../../../sandbox/pbx';
import { session, withPbx, type Json } from './support';

const numbers = (rows: Json[]) => rows.map((row) => row.Number);
const sandbox = withPbx();

describe('collections', () => {
	it('filters, sorts, selects, counts and pages', async () => {
		const { body } = await sandbox.at.get(
			"Users?$filter=startswith(FirstName,'A')&$orderby=FirstName desc&$select=FirstName,Number&$count=true&$top=2&$skip=1",
		);
		expect(body).toEqual({
			'@odata.context': `${sandbox.pbx.url}/xapi/v1/$metadata#Users(FirstName,Number)`,
			'@odata.count': 3,
			value: [
				{ FirstName: 'Amelia', Number: '100' },
				{ FirstName: 'Aisha', Number: '124' },
			],
		});
	});

	it('takes encoded quotes, umlauts, plus and percent signs', async () => {
		const find = (text: string) => sandbox.at.rows(`Users?$filter=${encodeURIComponent(text)}`);
		expect(numbers(await find("LastName eq 'O''Malley'"))).toEqual(['110']);
		expect(numbers(await find("FirstName eq 'Zoë'"))).toEqual(['120']);
		expect(await find("FirstName eq '100% + more & co'")).toEqual([]);
	});

	it('searches words in names, numbers and addresses', async () => {
		expect(numbers(await sandbox.at.rows('Users?$search=hartley'))).toEqual(['100']);
		expect(numbers(await sandbox.at.rows('Users?$search="Van der"'))).toEqual(['123']);
		expect(numbers(await sandbox.at.rows('Users?$search=priya nair'))).toEqual(['102']);
	});

	it('searches with OR, AND, NOT and brackets', async () => {
		const find = async (search: string) =>
			numbers(await sandbox.at.rows(`Users?$search=${encodeURIComponent(search)}&$orderby=Number`));
		expect(await find('hartley OR nair')).toEqual(['100', '102']);
		expect(await find('hartley AND nair')).toEqual([]);
		expect(await find('(hartley OR nair) AND NOT priya')).toEqual(['100']);
		expect(await find('priya hartley OR "Van der"')).toEqual(['123']);
		expect(await find('"OR"')).not.toEqual([]);
		for (const wrong of ['hartley OR', '(hartley', 'AND', 'NOT']) {
			const { status } = await sandbox.at.get(`Users?$search=${encodeURIComponent(wrong)}`);
			expect([wrong, status]).toEqual([wrong, 400]);
		}
	});

	it('counts rows by path and within an expansion, and selects members of complex values', async () => {
		const all = await sandbox.at.rows('Users?$select=Id&$top=100');
		const users = await sandbox.at.get('Users/$count');
		expect(users).toMatchObject({ status: 200, text: String(all.length) });
		expect(await sandbox.at.get("Users/$count?$filter=startswith(FirstName,'A')")).toMatchObject({
			text: '3',
		});
		const [queue] = await sandbox.at.rows(
			"Queues?$filter=Number eq '800'&$select=Number&$expand=Agents($count=true;$top=1)",
		);
		const agents = await sandbox.at.get(`Queues(Number='800')`);
		const id = String(agents.body.Id);
		const count = await sandbox.at.get(`Queues(${id})/Agents/$count`);
		expect(queue!['Agents@odata.count']).toBe(Number(count.text));
		expect(queue!.Agents).toHaveLength(1);
		expect(Number(count.text)).toBeGreaterThan(1);
		expect(await sandbox.at.rows('Trunks?$select=Number,Gateway/Name&$top=1')).toEqual([
			{ Number: expect.any(String), Gateway: { Name: expect.any(String) } },
		]);
		expect(await sandbox.at.get('Trunks?$select=Gateway/Nonsense')).toMatchObject({ status: 400 });
		expect(await sandbox.at.rows('Users?$filter=Groups/$count gt 99')).toEqual([]);
	});

	it('expands nested navigation, and only when asked', async () => {
		const [plain] = await sandbox.at.rows("Users?$filter=Number eq '103'");
		for (const name of [
			'Groups',
			'ForwardingProfiles',
			'Phones',
			'Greetings',
			'ForwardingExceptions',
		]) {
			expect(plain).not.toHaveProperty(name);
		}
		const [user] = await sandbox.at.rows(
			"Users?$filter=Number eq '103'&$select=Number&$expand=Groups($select=Name;$expand=Rights($select=RoleName)),ForwardingProfiles($select=Name)",
		);
		expect(user).toEqual({
			Number: '103',
			Groups: [{ Name: 'Reception', Rights: { RoleName: 'managers' } }],
			ForwardingProfiles: ['Available', 'Away', 'Out of office', 'Custom 1', 'Custom 2'].map(
				(Name) => ({ Name }),
			),
		});
	});

	it('reads navigation by its path, with query options', async () => {
		const [queue] = await sandbox.at.rows("Queues?$filter=Number eq '800'");
		const agents = await sandbox.at.rows(
			`Queues(${String(queue?.Id)})/Agents?$orderby=Number desc&$top=1&$select=Number,Name`,
		);
		expect(agents).toEqual([{ Number: '106', Name: 'Hannah Ashworth' }]);
	});

	it('hands out secrets in the default projection, different at every start', async () => {
		const other = await startPbx();
		const secretsOf = async (at: Awaited<ReturnType<typeof session>>) =>
			(await at.get("Users(Number='100')")).body;
		const [mine, theirs] = [await secretsOf(sandbox.at), await secretsOf(await session(other))];
		await other.close();
		for (const name of [
			'AuthID',
			'AuthPassword',
			'VMPIN',
			'DeskphonePassword',
			'AccessPassword',
			'SIPID',
		]) {
			expect(mine[name]).toEqual(expect.any(String));
		}
		expect(mine.AuthPassword).not.toBe(theirs.AuthPassword);
		expect(mine.EmailAddress).toBe(theirs.EmailAddress);
	});

	it('leaves nulls out', async () => {
		const { text } = await sandbox.at.get('Trunks');
		expect(text).not.toContain('null');
	});

	it.each([
		['$top=101', /limit of '100' for Top/],
		['$top=x', /\$top/],
		['$skip=-1', /\$skip/],
		['$count=yes', /\$count/],
		['$foo=1', /'\$foo' is not supported/],
		['$select=Foo', /'Foo'/],
		['$select=', /\$select/],
		['$expand=Foo', /'Foo'/],
		['$expand=FirstName', /not a navigation property/],
		['$orderby=Foo', /'Foo'/],
		['$filter=Number eq 100', /incompatible/],
		["$filter=Name eq 'x", /Syntax/],
		["$filter=Number eq '1'&$filter=Number eq '2'", /more than once/],
	])('Users?%s is a 400 with an OData error', async (query, message) => {
		const { status, body } = await sandbox.at.get(`Users?${query}`);
		expect(status).toBe(400);
		expect(body.error).toEqual({ code: '', message: expect.stringMatching(message) as string });
	});

	it('gives 100 rows without $top and no nextLink', async () => {
		const contacts = Array.from({ length: 101 }, (_, index) => index);
		for (const index of contacts)
			await sandbox.at.create('Contacts', { FirstName: `C${index}`, PhoneNumber: '1' });
		const { body } = await sandbox.at.get('Contacts?$count=true&$select=Id');
		expect(body['@odata.count']).toBe(126);
		expect(body.value).toHaveLength(100);
		expect(body).not.toHaveProperty('@odata.nextLink');
		expect(await sandbox.at.rows('Contacts?$skip=100')).toHaveLength(26);
	});

	it('sends a nextLink and takes any $top when told so', async () => {
		const pbx = await startPbx({ nextLink: true, topLimit: null, pageSize: 20 });
		const at = await session(pbx);
		const { body } = await at.get('Users?$select=Number');
		const link = String(body['@odata.nextLink']);
		const rest = await at.rows(link.slice(`${pbx.url}/xapi/v1/`.length));
		expect([...(body.value ?? []), ...rest].map(({ Number: number }) => number)).toHaveLength(30);
		expect(rest[0]?.Number).toBe('120');
		expect(await at.rows('Users?$top=5000')).toHaveLength(30);
		await pbx.close();
	});
});

describe('single entities', () => {
	it.each(["Users(Number='100')", "Users/Pbx.GetByNumber(number='100')"])('%s', async (path) => {
		const { status, body } = await sandbox.at.get(`${path}?$select=Number,FirstName`);
		expect(status).toBe(200);
		expect(body).toMatchObject({ Number: '100', FirstName: 'Amelia' });
		expect(body['@odata.context']).toMatch(/\$metadata#Users\(Number,FirstName\)\/\$entity$/);
	});

	it('reads by Id, also when it is named', async () => {
		const { body } = await sandbox.at.get("Users(Number='100')?$select=Id");
		for (const key of [String(body.Id), `Id=${String(body.Id)}`]) {
			expect((await sandbox.at.get(`Users(${key})`)).body.Number).toBe('100');
		}
	});

	it.each([
		'Users(999999)',
		"Users('100')",
		"Users(Number='4711')",
		'Recordings(5)',
		'Nonsense',
		'Users(1',
		"Users(Number='x)",
	])('%s is a 404', async (path) => {
		expect((await sandbox.at.get(path)).status).toBe(404);
	});

	it('refuses a method that does not exist', async () => {
		const reply = await sandbox.at.send('PUT', 'Users', {});
		expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'POST, GET']);
	});
});

describe('the API about itself', () => {
	it.each([
		['swagger.yaml', /openapi/],
		['$metadata', /edmx/i],
	])('%s', async (path, content) => {
		const { status, text } = await sandbox.at.get(path);
		expect(status).toBe(200);
		expect(text).toMatch(content);
	});

	it('answers every GET of the catalogue that needs no entity with what it declares', async () => {
		const { catalogue, parseType } = await import('../../../lib/xapi/catalogue');
		const samples: Record<string, string> = {
			string: "'x'",
			int32: '1',
			boolean: 'true',
			uuid: '00000000-0000-4000-8000-000000000000',
			'date-time': '2026-01-01T00:00:00Z',
		};
		const failures: string[] = [];
		for (const [id, { method, path, parameters, kind, returns }] of Object.entries(
			catalogue.operations,
		)) {
			if (method !== 'GET' || kind === 'media' || /^\/\w+\([^)]/.test(path)) continue;
			const url = Object.entries(parameters).reduce(
				(text, [name, expression]) =>
					text.replace(`{${name}}`, samples[parseType(expression).name] ?? ''),
				path.slice(1),
			);
			const { status, body } = await sandbox.at.get(url);
			const isCollection = returns !== undefined && parseType(returns).array;
			if (status !== 200 || Array.isArray(body.value) !== isCollection)
				failures.push(`${id}: ${status}`);
		}
		expect(failures).toEqual([]);
	});
});
