import type { IDataObject, IExecuteFunctions, INode, INodeExecutionData } from 'n8n-workflow';
import { onCredentialUse, type UsedBy } from '../../lib/http/credentialUse';
import { ThreeCxError } from '../../lib/http/errors';
import { stampOf } from '../../lib/http/stamps';
import type { Resource } from '../../nodes/shared/resource';
import { CREDENTIAL } from '../../nodes/shared/credential';
import { runOperations } from '../../nodes/shared/panel';
import { requestOptionsProperty } from '../../nodes/shared/requestOptions';
import { runItems, type ItemResult, type ItemRun } from '../../nodes/shared/router';

/** The loop over the items of the action nodes, without a PBX: what an operation gives becomes items. */

interface Setting {
	items?: IDataObject[];
	/** By item. */
	parameters?: Array<Record<string, unknown>>;
	/** By item. */
	pbxUrls?: string[];
	onError?: INode['onError'];
	/** Of the node. */
	type?: string;
}

/** n8n's context, as far as the loop reaches for it. */
function contextWith({
	items = [{}],
	parameters = [],
	pbxUrls = [],
	onError,
	type = 't',
}: Setting) {
	const node = {
		id: '1',
		name: '3CX',
		type,
		typeVersion: 1,
		position: [0, 0],
		parameters: {},
		credentials: { [CREDENTIAL]: { id: 'one', name: '3CX' } },
		onError,
	} as INode;
	return {
		getNode: () => node,
		getInputData: () => items.map((json) => ({ json })),
		getExecutionCancelSignal: () => undefined,
		continueOnFail: () => onError !== undefined,
		getNodeParameter: (name: string, index: number, fallback: unknown) =>
			parameters[index]?.[name] ?? fallback,
		getCredentials: async (_: string, index: number) =>
			await Promise.resolve({
				pbxUrl: pbxUrls[index] ?? 'https://pbx.example.com',
				clientId: 'n8n',
				clientSecret: 'secret',
			}),
		helpers: {},
		logger: {},
	} as unknown as IExecuteFunctions;
}

const outputOf = async (
	result: ItemResult | ((run: ItemRun) => Promise<ItemResult>),
	setting: Setting = {},
) => {
	const execute = typeof result === 'function' ? result : async () => await Promise.resolve(result);
	const outputs = await runItems(contextWith(setting), execute);
	expect(outputs).toHaveLength(1);
	return outputs[0]!;
};

const binary = { data: { data: 'id', mimeType: 'audio/wav' } };

test.each<[string, ItemResult, Array<Partial<INodeExecutionData>>]>([
	['a row', { a: 1 }, [{ json: { a: 1 } }]],
	['rows', [{ a: 1 }, { a: 2 }], [{ json: { a: 1 } }, { json: { a: 2 } }]],
	['nothing', [], []],
	['a file', [{ json: { name: 'a' }, binary }], [{ json: { name: 'a' }, binary }]],
	['a row with a field json', [{ json: '{}' }], [{ json: { json: '{}' } }]],
	['a row with a field binary', { binary: 'x' }, [{ json: { binary: 'x' } }]],
])('%s becomes items of the input item', async (_, result, items) => {
	expect(await outputOf(result)).toEqual(
		items.map((item) => ({ ...item, pairedItem: { item: 0 } })),
	);
});

test('that a credential is used is said to whoever waits for it to be mended', async () => {
	const used: UsedBy[] = [];
	const end = onCredentialUse((by) => used.push(by));
	await outputOf({});
	end();
	const client = { clientId: 'n8n', clientSecret: 'secret' };
	expect(used).toEqual([stampOf({ origin: 'https://pbx.example.com', ...client })]);
});

test('items keep their order, whoever is done first, and secrets stay hidden', async () => {
	const items = await outputOf(
		async ({ index }) => {
			if (index === 0) await new Promise((resolve) => setImmediate(resolve));
			return { index, AuthPassword: 'abc' };
		},
		{ items: [{}, {}, {}] },
	);
	expect(items.map(({ json: { index }, pairedItem }) => [index, pairedItem])).toEqual(
		[0, 1, 2].map((index) => [index, { item: index }]),
	);
	expect(JSON.stringify(items)).not.toContain('abc');
});

describe('an item that fails', () => {
	const fails = async (message: string, hint: string) =>
		await Promise.reject(new ThreeCxError({ kind: 'conflict', message, hint }));
	const [, url] = ['https://pbx.example.com', 'PBX: https://pbx.example.com.'];

	test.each<[string, string, string]>([
		['Taken', 'Choose another.', `Taken. Choose another. ${url}`],
		['Taken.', 'Choose another.', `Taken. Choose another. ${url}`],
		['pbx.wav is taken', '', `pbx.wav is taken. ${url}`],
	])('with "%s" and "%s" leaves by the error output in one text', async (message, hint, error) => {
		expect(
			await outputOf(async () => await fails(message, hint), { onError: 'continueErrorOutput' }),
		).toEqual([{ json: { error }, pairedItem: { item: 0 } }]);
	});

	test('goes on as an item with the error and what to do', async () => {
		const items = await outputOf(
			async ({ index }) => (index === 1 ? await fails('Taken', 'Choose another.') : { index }),
			{ items: [{}, {}, {}], onError: 'continueRegularOutput' },
		);
		expect(items.map(({ json }) => json)).toEqual([
			{ index: 0 },
			{ error: 'Taken', hint: `Choose another. ${url}` },
			{ index: 2 },
		]);
		expect(items[1]!.pairedItem).toEqual({ item: 1 });
	});

	test('ends the run unless told otherwise, and is named', async () => {
		await expect(
			outputOf(async ({ index }) => (index === 1 ? await fails('Taken', '') : {}), {
				items: [{}, {}],
			}),
		).rejects.toMatchObject({ message: 'Taken', context: { itemIndex: 1 } });
	});

	test('for want of an address holds up no other', async () => {
		const items = await outputOf(async () => await Promise.resolve({ fine: true }), {
			items: [{}, {}],
			pbxUrls: ['', 'https://pbx.example.com'],
			onError: 'continueRegularOutput',
		});
		expect(items[0]!.json.error).toEqual(expect.stringContaining('Server URL'));
		expect(items[1]!.json).toEqual({ fine: true });
	});
});

describe('Request Options', () => {
	/** The most items that were under way at a time. */
	const mostAtOnce = async (requestOptions: object, pbxUrls: string[] = []) => {
		let [now, most] = [0, 0];
		const items = Array.from({ length: 12 }, () => ({}));
		await outputOf(
			async () => {
				most = Math.max(most, (now += 1));
				await new Promise((resolve) => setImmediate(resolve));
				now -= 1;
				return {};
			},
			{ items, pbxUrls, parameters: items.map(() => ({ requestOptions })) },
		);
		return most;
	};

	test('limit the items at a time, by PBX and in all', async () => {
		expect(await mostAtOnce({ inFlight: 2 })).toBe(2);
		expect(await mostAtOnce({})).toBe(4);
		const two = Array.from({ length: 12 }, (_, n) => `https://pbx${n % 2}.example.com`);
		expect(await mostAtOnce({ inFlight: 2 }, two)).toBe(4);
		expect(await mostAtOnce({ inFlight: 2, inFlightToAll: 3 }, two)).toBe(3);
	});

	test('that cannot be understood fail each item', async () => {
		const items = await outputOf([], {
			items: [{}, {}],
			parameters: [1, 2].map(() => ({ requestOptions: { inFlight: 'many' } })),
			onError: 'continueRegularOutput',
		});
		expect(items.map(({ json: { error } }) => error)).toEqual([
			expect.stringContaining('"many"'),
			expect.stringContaining('"many"'),
		]);
	});

	test.each([
		[{ timeout: 0.5, largestAnswer: 2 }, { maxBytes: 2 * 1024 * 1024 }],
		[{}, { maxBytes: 16 * 1024 * 1024 }],
	])('%j say what a client may read', async (requestOptions, expected) => {
		const run = async ({ client: { maxBytes } }: ItemRun) => await Promise.resolve({ maxBytes });
		const [item] = await outputOf(run, { parameters: [{ requestOptions }] });
		expect(item!.json).toEqual(expected);
	});

	test('are read, all that the panel offers and no other', async () => {
		const read = new Set<unknown>();
		const requestOptions = new Proxy({}, { get: (_, name) => void read.add(name) });
		await outputOf([], { parameters: [{ requestOptions }] });
		expect(requestOptionsProperty.type).toBe('collection');
		const offered = requestOptionsProperty.options!.map(({ name }) => name);
		expect([...read].sort()).toEqual(offered.sort());
	});

	test('are not asked for where there are no items', async () => {
		expect(await outputOf([], { items: [] })).toEqual([]);
	});
});

describe('the operation of an item', () => {
	const resource = (name: string, ...operations: string[]): Resource => ({
		name,
		label: name.toUpperCase(),
		operations: operations.map((operation) => ({
			name: operation,
			label: operation,
			action: operation,
			description: operation,
			execute: async ({ index }) =>
				operation === 'fail'
					? await Promise.reject(new Error('odd'))
					: await Promise.resolve({ did: `${name} ${operation} ${index}` }),
		})),
	});
	const resources = [resource('user', 'get', 'fail'), resource('call', 'get', 'drop')];
	const run = async (
		parameters: Array<[resource: string, operation: string]>,
		explain?: Parameters<typeof runOperations>[2],
	) => {
		const context = contextWith({
			items: parameters.map(() => ({})),
			parameters: parameters.map(([name, operation]) => ({ resource: name, operation })),
			onError: 'continueRegularOutput',
		});
		return (await runOperations(context, { resources, properties: [] }, explain))[0]!.map(
			({ json }) => json,
		);
	};

	test('is the one that it names', async () => {
		expect(
			await run([
				['call', 'get'],
				['user', 'get'],
				['call', 'drop'],
			]),
		).toEqual([{ did: 'call get 0' }, { did: 'user get 1' }, { did: 'call drop 2' }]);
	});

	test('that is none is told, with what to choose', async () => {
		expect(
			await run([
				['user', 'drop'],
				['fax', 'get'],
			]),
		).toEqual([
			{
				error: expect.stringMatching(/USER.*"drop"/) as string,
				hint: expect.stringContaining('operation') as string,
			},
			{
				error: expect.stringMatching(/"fax"/) as string,
				hint: expect.stringContaining('resource') as string,
			},
		]);
	});

	test('that has no dry run is not carried out where one is asked for', async () => {
		const parameters = [{ resource: 'user', operation: 'get', dryRun: true }];
		const said = async (type: string) =>
			(
				await runOperations(contextWith({ parameters, type, onError: 'continueRegularOutput' }), {
					resources,
					properties: [],
				})
			)[0]!.map(({ json }) => json.error);
		expect(await said('t')).toEqual(['"get" has no dry run']);
		expect(await said('xTool')).toEqual([expect.stringContaining('(Parameter: dryRun)')]);
	});

	test('that fails may be explained by the node', async () => {
		expect((await run([['user', 'fail']]))[0]).toMatchObject({ error: 'odd' });
		const explain = (error: unknown, { index }: ItemRun) =>
			new Error(`${(error as Error).message}, item ${index}`);
		expect((await run([['user', 'fail']], explain))[0]).toMatchObject({ error: 'odd, item 0' });
	});
});
