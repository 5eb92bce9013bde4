import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { catalogue, type Catalogue } from '../../lib/xapi/catalogue';
import { HIDDEN } from '../../lib/xapi/secrets';
import { listSearch, resourceMapping } from '../../nodes/ThreeCx/anyOperation/methods';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import { swaggerFrom } from '../../sandbox/pbx/xapi/swagger';
import { CredentialStore, loadOptionsContext, runNode } from '../support/n8n';

/** Any Operation in n8n's engine against the simulated PBX, over real HTTP. */

let pbx: Pbx;

beforeAll(async () => {
	pbx = await startPbx();
});

afterAll(async () => {
	await closeDispatchers();
	await pbx.close();
});

const credentialsFor = ({ url, defaultClient }: Pbx) =>
	new CredentialStore({
		pbxUrl: url,
		clientId: defaultClient.clientId,
		clientSecret: defaultClient.clientSecret,
	});

const values = (value: IDataObject) => ({ mappingMode: 'defineBelow', value });

interface Call {
	parameters?: IDataObject;
	body?: IDataObject;
	options?: IDataObject;
	limit?: number;
	returnAll?: boolean;
	/** `list` unless said otherwise. */
	mode?: string;
	/** Default: the PBX of this file. */
	on?: Pbx;
}

const call = async (
	operation: string,
	{ parameters, body, mode, on = pbx, ...more }: Call = {},
) => {
	const { items, error } = await runNode({
		parameters: {
			resource: 'anyOperation',
			operation: 'invoke',
			xapiOperation: { __rl: true, mode: mode ?? 'list', value: operation },
			...(parameters ? { parameters: values(parameters) } : {}),
			...(body ? { body: values(body) } : {}),
			...more,
		} as INodeParameters,
		credentials: credentialsFor(on),
	});
	if (error) throw error;
	return items;
};

const rows = async (...args: Parameters<typeof call>) =>
	(await call(...args)).map(({ json }) => json);

const refusal = async (...args: Parameters<typeof call>) =>
	await call(...args).then(
		(items) => Promise.reject(new Error(`It was not refused: ${JSON.stringify(items)}`)),
		(error: { message: string; description?: string; httpCode?: string }) => error,
	);

const addContact = (FirstName: string) =>
	Number(pbx.store.insert('Contacts', { Id: pbx.store.nextId(), FirstName }).Id);

/** Paths with query that the PBX was asked for while something was done, without tokens and descriptions. */
const asked = async (act: () => Promise<unknown>, on = pbx) => {
	const before = on.requests.length;
	await act();
	return on.requests
		.slice(before)
		.map(({ method, path, query }) => `${method} ${decodeURIComponent(path + query)}`)
		.filter((text) => !text.includes('/connect/token'));
};

describe('rows', () => {
	test('of an entity set come one by one, with the OData options', async () => {
		const options = {
			select: 'Number, FirstName',
			filter: "startswith(Number,'1')",
			sort: 'Number desc',
		};
		const users = await rows('ListUser', { options, limit: 3 });
		const numbers = users.map(({ Number: number }) => String(number));
		expect(numbers).toHaveLength(3);
		expect(numbers).toEqual([...numbers].sort().reverse());
		expect(Object.keys(users[0] ?? {}).sort()).toEqual(['FirstName', 'Number']);
	});

	test('are read page by page, in the order of their key', async () => {
		for (let index = 0; index < 120; index++) addContact(`C${index}`);
		const lines = await asked(async () => {
			const contacts = await rows('ListContact', { returnAll: true });
			expect(contacts.length).toBeGreaterThanOrEqual(120);
			expect(new Set(contacts.map(({ Id }) => Id)).size).toBe(contacts.length);
		});
		expect(lines.length).toBeGreaterThan(1);
		expect(lines.every((line) => line.includes('$orderby=Id asc'))).toBe(true);
	});

	test('of a function are asked for once, with the limit', async () => {
		const lines = await asked(async () => {
			await rows('GetAuditLogData', { limit: 7 });
		});
		expect(lines).toEqual(['GET /xapi/v1/ReportAuditLog/Pbx.GetAuditLogData()?$top=7']);
	});

	test('hide secrets unless they are named', async () => {
		const [user] = await rows('ListUser', { limit: 1 });
		expect(user?.AuthPassword).toBe(HIDDEN);
		const [open] = await rows('ListUser', { limit: 1, options: { reveal: ['AuthPassword'] } });
		expect(open?.AuthPassword).toEqual(expect.any(String));
		expect(open?.AuthPassword).not.toBe(HIDDEN);
	});
});

describe('writing', () => {
	test('a user is created, read by its number and changed', async () => {
		const [created] = await rows('CreateUser', {
			body: {
				Number: '190',
				FirstName: 'Olu',
				Enabled: true,
				VMEnabled: 'true',
				BreakTime: '{"Type":"Never"}',
			},
		});
		expect(created).toMatchObject({ Number: '190', FirstName: 'Olu', VMEnabled: true });
		const Id = String(created?.Id);
		expect(await rows('UpdateUser', { parameters: { Id }, body: { LastName: "O'Neil" } })).toEqual([
			{ success: true },
		]);
		expect(await rows('GetUserByNumber', { parameters: { Number: 190 } })).toEqual([
			expect.objectContaining({ LastName: "O'Neil" }),
		]);
		expect(await rows('DeleteUser', { parameters: { Id } })).toEqual([{ success: true }]);
	});

	test('an action that answers nothing succeeds', async () => {
		const [queue] = pbx.store.rows('Queues');
		expect(
			await rows('ResetQueueStatistics', { parameters: { Id: Number(queue?.Id) }, mode: 'name' }),
		).toEqual([{ success: true }]);
	});

	test('a list of simple values may be written with commas', async () => {
		const ids = [1, 2].map((index) => addContact(`Gone ${index}`));
		await rows('DeleteContactsById', { body: { ids: ids.join(', ') } });
		const left = pbx.store.rows('Contacts').map(({ Id }) => Number(Id));
		expect(ids.filter((id) => left.includes(id))).toEqual([]);
	});

	test('a hidden secret is not written back', async () => {
		const lines = await asked(async () => {
			expect(
				await refusal('UpdateUser', { parameters: { Id: 1 }, body: { AuthPassword: HIDDEN } }),
			).toMatchObject({ message: expect.stringContaining('AuthPassword') as string });
		});
		expect(lines.filter((line) => line.startsWith('PATCH'))).toEqual([]);
	});
});

describe('functions', () => {
	test('dates are read in the zone of the workflow, texts that are left out are sent as empty', async () => {
		const lines = await asked(async () => {
			await rows('GetInboundCalls', {
				parameters: {
					periodFrom: '2026-07-01T00:00:00',
					periodTo: '2026-07-02T00:00:00',
					callsType: '0',
				},
				limit: 5,
			});
		});
		// The workflow of the test harness is in Europe/London: British Summer Time in July.
		expect(lines).toEqual([
			"GET /xapi/v1/ReportInboundCalls/Pbx.GetInboundCalls(periodFrom=2026-06-30T23:00:00.000Z,periodTo=2026-07-01T23:00:00.000Z,trunkDns='',callsType=0)?$top=5",
		]);
	});

	test('a single value comes as value', async () => {
		expect(await rows('GetFirstAvailableExtensionNumber')).toEqual([
			{ Number: expect.any(String) as string },
		]);
		const [user] = pbx.store.rows('Users');
		expect(await rows('HasDuplicatedEmail', { parameters: { Id: Number(user?.Id) } })).toEqual([
			{ value: expect.any(Boolean) as boolean },
		]);
	});

	test('what downloads is a file, unless JSON is asked for', async () => {
		const [recording] = pbx.store.rows('Recordings');
		const recId = Number(recording?.Id);
		const [item] = await call('DownloadRecording', {
			parameters: { recId },
			options: { fileProperty: 'audio' },
		});
		expect(item?.binary?.audio).toMatchObject({ mimeType: expect.stringMatching(/wav/) as string });
		const [log] = await call('DownloadAuditLog', { parameters: {} });
		expect(log?.binary?.data?.fileName).toEqual(expect.any(String));
		const [asFile] = await call('GetVersionType', { options: { response: 'file' } });
		expect(asFile?.binary?.data?.mimeType).toContain('json');
	});
});

describe('what does not fit is refused with the name of the parameter', () => {
	test.each<[string, string, Call, RegExp]>([
		[
			'a number that is none',
			'GetUser',
			{ parameters: { Id: 'twelve' } },
			/"Id" needs a whole number/,
		],
		['a missing parameter', 'GetUser', {}, /"Id" has no value/],
		['an unknown parameter', 'GetUser', { parameters: { Id: 1, id: 2 } }, /no "id".*Write "Id"/],
		[
			'a date that is none',
			'GetInboundCalls',
			{ parameters: { periodFrom: 'soon' } },
			/periodFrom/,
		],
		[
			'an enum member that does not exist',
			'CreateQueue',
			{ body: { PollingStrategy: 'RingNobody' } },
			/"PollingStrategy" does not know "RingNobody".*RingAll/,
		],
		[
			'a wrong type deep inside',
			'CreateUser',
			{ body: { Groups: '[{"GroupId":"first"}]' } },
			/"Groups\[0\]\.GroupId" needs a whole number/,
		],
		[
			'JSON that is none',
			'CreateUser',
			{ body: { Groups: '{oops' } },
			/"Groups" is not valid JSON/,
		],
		[
			'an unknown field',
			'CreateUser',
			{ body: { firstName: 'A' } },
			/no "firstName".*Write "FirstName"/,
		],
		['a missing member of an action', 'MoveUpDown', { body: {} }, /"id" has no value/],
		[
			'an option that is not declared',
			'GetUser',
			{ parameters: { Id: 1 }, options: { filter: 'Id eq 1' } },
			/GetUser does not take "Filter"/,
		],
		[
			'a sort order that is none',
			'ListUser',
			{ options: { sort: 'Number down' } },
			/"Number down" is not a sort order/,
		],
		['an unknown operation', 'MakeCoffee', {}, /no operation "MakeCoffee"/],
	])('%s', async (_, operation, input, message) => {
		expect((await refusal(operation, input)).message).toMatch(message);
	});

	test('a row that is not there is what the PBX says', async () => {
		expect(await refusal('GetUser', { parameters: { Id: 999999 } })).toMatchObject({
			httpCode: '404',
		});
	});
});

describe('the panel', () => {
	const context = (operation: string, on = pbx) =>
		loadOptionsContext(
			{
				resource: 'anyOperation',
				operation: 'invoke',
				xapiOperation: { __rl: true, mode: 'list', value: operation },
			},
			credentialsFor(on),
		);
	const search = async (text?: string, token?: string, on = pbx) =>
		await listSearch.searchXapiOperations.call(context('', on), text, token);

	test('finds operations by words and shows their method and path', async () => {
		expect((await search('reset queue')).results).toEqual([
			{
				name: 'Reset Queue Statistics · POST /Queues({Id})/Pbx.ResetQueueStatistics',
				value: 'ResetQueueStatistics',
			},
		]);
	});

	test('lists all operations, page by page', async () => {
		const seen: unknown[] = [];
		let token: string | undefined;
		do {
			const { results, paginationToken } = await search('', token);
			seen.push(...results.map(({ value }) => value));
			token = paginationToken as string | undefined;
		} while (token !== undefined);
		expect(new Set(seen).size).toBe(Object.keys(catalogue.operations).length);
	});

	test('types the parameters and the body', async () => {
		const parameters = await resourceMapping.getOperationParameters.call(context('GetLogs'));
		expect(parameters.fields).toMatchObject([
			{ id: 'startDate', type: 'dateTime', required: true, removed: false },
			{ id: 'endDate', type: 'dateTime', required: true, removed: false },
			{ id: 'extension', type: 'string', required: false, removed: false },
			{ id: 'call', type: 'string' },
			{ id: 'severity', type: 'string' },
		]);
		const action = await resourceMapping.getOperationBody.call(context('RegeneratePasswords'));
		expect(action.fields).toMatchObject([
			{ id: 'Ids', displayName: 'IDs (comma-separated)', type: 'string', removed: false },
			{
				id: 'opts',
				displayName: 'Opts (JSON object)',
				type: 'object',
				required: true,
				removed: false,
			},
		]);
		expect(JSON.parse(String(action.fields[1]?.defaultValue))).toHaveProperty('SendWelcomeEmail');
		const entity = await resourceMapping.getOperationBody.call(context('CreateQueue'));
		expect(entity.fields.every(({ removed, required }) => removed && !required)).toBe(true);
		expect(entity.fields.find(({ id }) => id === 'PollingStrategy')).toMatchObject({
			type: 'options',
			options: expect.arrayContaining([{ name: 'Ring All', value: 'RingAll' }]) as unknown,
		});
	});

	test('says so when there is nothing to fill in', async () => {
		const none = await resourceMapping.getOperationBody.call(context('GetUser'));
		expect(none).toEqual({ fields: [], emptyFieldsNotice: 'This operation has no body' });
		const notChosen = await resourceMapping.getOperationParameters.call(context(''));
		expect(notChosen).toMatchObject({ fields: [], emptyFieldsNotice: /./ });
	});

	describe('shows what the PBX itself describes', () => {
		let newer: Pbx;

		beforeEach(async () => {
			newer = await startPbx();
		});

		afterEach(async () => {
			await newer.close();
		});

		/** Lets a PBX describe one operation more, and answer it. */
		const teach = (on: Pbx, version: string, times = 1) => {
			const more: Catalogue = {
				...catalogue,
				operations: {
					...catalogue.operations,
					CountCoffees: {
						method: 'GET',
						path: '/Coffees/Pbx.CountCoffees(size={size})',
						tag: 'Coffees',
						kind: 'function',
						parameters: { size: 'int32' },
						query: [],
						returns: 'value:int64',
						status: 200,
					},
				},
			};
			on.faults.next({
				path: /swagger\.yaml/,
				times,
				status: 200,
				body: swaggerFrom(more),
				headers: { 'X-3CX-Version': version, 'Content-Type': 'application/yaml' },
			});
			on.faults.next({ path: /CountCoffees/, status: 200, body: { value: 42 } });
		};
		const descriptionsRead = (on: Pbx) =>
			on.requests.filter(({ path }) => path.includes('swagger.yaml')).length;

		test('a new operation is listed, typed and called', async () => {
			teach(newer, '20.0.10.1');
			expect((await search('coffees', undefined, newer)).results).toHaveLength(1);
			expect(
				await resourceMapping.getOperationParameters.call(context('CountCoffees', newer)),
			).toMatchObject({ fields: [{ id: 'size', type: 'number' }] });
			expect(await rows('CountCoffees', { parameters: { size: 2 }, on: newer })).toEqual([
				{ value: 42 },
			]);
			expect(descriptionsRead(newer)).toBe(1);
		});

		test('it is read at run time where no editor has', async () => {
			teach(newer, '20.0.10.1');
			expect(await rows('CountCoffees', { parameters: { size: '2' }, on: newer })).toEqual([
				{ value: 42 },
			]);
		});

		test('those who ask at the same time share one download', async () => {
			teach(newer, '20.0.10.1');
			const found = await Promise.all(
				[1, 2, 3].map(async () => await search('coffees', '', newer)),
			);
			expect(found.map(({ results }) => results.length)).toEqual([1, 1, 1]);
			expect(descriptionsRead(newer)).toBe(1);
		});

		test('it is not read where the shipped catalogue suffices', async () => {
			await rows('ListUser', { limit: 1, on: newer });
			expect(descriptionsRead(newer)).toBe(0);
		});

		test('it is downloaded again only after the PBX has a new version', async () => {
			jest.useFakeTimers({
				doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'queueMicrotask'],
			});
			try {
				teach(newer, '20.0.10.1', 2);
				const count = async () => (await search('coffees', undefined, newer)).results.length;
				expect(await count()).toBe(1);
				jest.setSystemTime(Date.now() + 61_000);
				expect(await count()).toBe(1);
				expect(descriptionsRead(newer)).toBe(2);
				// Now the PBX answers for itself again: another version, without coffee.
				jest.setSystemTime(Date.now() + 61_000);
				expect(await count()).toBe(0);
				expect(descriptionsRead(newer)).toBe(3);
			} finally {
				jest.useRealTimers();
			}
		});

		test.each([
			['serves none', { status: 404 }],
			['serves something else', { status: 200, body: '<html>: [not: yaml' }],
			['serves another description', { status: 200, body: 'openapi: 3.0.0\npaths: {}' }],
			['cuts the connection', { resetConnection: true, times: 3 }],
		])('the shipped one is used where the PBX %s', async (_, fault) => {
			newer.faults.next({ path: /swagger\.yaml/, ...fault });
			expect((await search('reset queue', undefined, newer)).results).toHaveLength(1);
		});

		test('the shipped one is used before a credential is chosen', async () => {
			const nobody = loadOptionsContext({}, new CredentialStore({ pbxUrl: '' }));
			const { results } = await listSearch.searchXapiOperations.call(nobody, 'reset queue');
			expect(results).toHaveLength(1);
		});
	});
});
