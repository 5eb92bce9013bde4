import {
	NodeHelpers,
	type IDataObject,
	type INodeParameters,
	type INodePropertyOptions,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { ThreeCxCallControl } from '../../nodes/ThreeCxCallControl/ThreeCxCallControl.node';
import { resources } from '../../nodes/ThreeCxCallControl/resources';
import { ThreeCxTrigger } from '../../nodes/ThreeCxTrigger/ThreeCxTrigger.node';
import type { Pbx, PbxOptions } from '../../sandbox/pbx';
import { CredentialStore, loadOptionsContext, runNode, type NodeRunInput } from '../support/n8n';
import { quietPbx } from '../callcontrol/link';

const TYPE = 'n8n-nodes-threecx.threeCxCallControl';
const CALLER = '+441632960123';

describe('the 3CX Call Control node', () => {
	let pbx: Pbx;
	let credentials: CredentialStore;

	const start = async (options: PbxOptions = {}) => {
		pbx = await quietPbx(options);
		const { clientId, clientSecret } = pbx.defaultClient;
		credentials = new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret });
	};
	const run = async (parameters: INodeParameters, more: Partial<NodeRunInput> = {}) =>
		await runNode({ type: TYPE, credentials, parameters, ...more });
	const extension = (value: string, mode = 'number') => ({ __rl: true, mode, value });
	const call = (more: INodeParameters) => ({
		resource: 'call',
		operation: 'makeCall',
		extension: extension('100'),
		destination: '101',
		...more,
	});
	const sent = (path: RegExp) =>
		pbx.requests.filter((request) => request.method === 'POST' && path.test(request.path));

	afterEach(async () => {
		await pbx.close();
		await closeDispatchers();
	});

	describe('makes a call', () => {
		test.each<[string, INodeParameters, RegExp]>([
			[
				'from the desk phone',
				{ device: 'deskPhone' },
				/^\/callcontrol\/100\/devices\/sip%3A100%40192\.0\.2\.\d+%3A5065\/makecall$/,
			],
			[
				'from the app',
				{ device: 'app' },
				/^\/callcontrol\/100\/devices\/sip%3A100%40127\.0\.0\.1%3A\d+\/makecall$/,
			],
			[
				'from a chosen device',
				{ device: 'chosen', deviceId: 'sip:100@192.0.2.20:5065' },
				/\/devices\/sip%3A100%40192\.0\.2\.20%3A5065\/makecall$/,
			],
		])('%s', async (_, more, path) => {
			await start();
			const { items, error } = await run(call(more));
			expect(error).toBeUndefined();
			expect(items[0]!.json).toMatchObject({
				success: true,
				extension: '100',
				destination: '101',
				callId: expect.any(Number),
				participantId: expect.any(Number),
				device: expect.stringMatching(/^sip:100@/),
			});
			expect(items[0]!.pairedItem).toEqual({ item: 0 });
			expect(sent(path)).toHaveLength(1);
		});

		test('from any device: 3CX names no leg, and that is no failure', async () => {
			await start();
			const { items, error } = await run(call({}));
			expect(error).toBeUndefined();
			expect(items[0]!.json).toMatchObject({ success: true, participantId: null });
			expect(sent(/^\/callcontrol\/100\/makecall$/)).toHaveLength(1);
		});

		test('from an extension without a phone of that kind says what there is', async () => {
			await start();
			const { error } = await run(call({ extension: extension('108'), device: 'deskPhone' }));
			expect(error).toMatchObject({
				message: 'No desk phone of this extension is registered',
				description: expect.stringContaining('3CX Web Client'),
			});
		});

		test('with attached data, for each item its own', async () => {
			await start();
			const { items } = await run(
				call({
					destination: '={{ $json.to }}',
					device: 'deskPhone',
					options: { attachedData: { entry: [{ key: 'ticket', value: '={{ $json.ticket }}' }] } },
				}),
				{
					items: [
						{ to: '101', ticket: 'A' },
						{ to: '102', ticket: 'B' },
					],
				},
			);
			const attached = items.map(({ json }) =>
				pbx.calls.attachedTo({ participant: json.participantId as number, dn: '100' }),
			);
			expect(attached).toEqual([{ ticket: 'A' }, { ticket: 'B' }]);
			expect(items.map(({ json, pairedItem }) => [json.destination, pairedItem])).toEqual([
				['101', { item: 0 }],
				['102', { item: 1 }],
			]);
		});
	});

	test('drops a call', async () => {
		await start();
		const callid = pbx.calls.incoming({ from: CALLER, to: '100' });
		const [leg] = pbx.calls.participants('100');
		const { items } = await run({
			resource: 'call',
			operation: 'drop',
			callExtension: extension('100'),
			participantId: `=${leg!.id}`,
		});
		expect(items[0]!.json).toEqual({ success: true, extension: '100', participantId: leg!.id });
		expect(pbx.calls.legsOf(callid)).toEqual([]);
	});

	test('gets the participants of an extension, simplified and raw', async () => {
		await start();
		const callid = pbx.calls.incoming({ from: CALLER, fromName: 'Ada', to: '100' });
		const parameters = {
			resource: 'extension',
			operation: 'getParticipants',
			extension: extension('100'),
		};
		const simple = await run(parameters);
		expect(simple.items.map(({ json }) => json)).toMatchObject([
			{
				callId: callid,
				extension: '100',
				extensionType: 'Wextension',
				status: 'Ringing',
				direction: 'inbound',
				external: true,
				callerName: 'Ada',
				number: CALLER,
			},
		]);
		const raw = await run({ ...parameters, simplify: false });
		expect(raw.items.map(({ json }) => json)).toEqual(pbx.calls.participants('100'));
	});

	test.each<[string, INodeParameters, (item: IDataObject) => unknown]>([
		['Call > Get Many', { resource: 'call', operation: 'getMany' }, (call) => call.numberE164],
		[
			'Call > Get',
			{ resource: 'call', operation: 'get', callExtension: extension('100'), participantId: '=' },
			(leg) => leg.numberE164,
		],
		[
			'Extension > Get Participants',
			{ resource: 'extension', operation: 'getParticipants', extension: extension('100') },
			(leg) => leg.numberE164,
		],
		[
			'Extension > Get',
			{ resource: 'extension', operation: 'get', extension: extension('100') },
			({ participants }) => (participants as IDataObject[])[0]!.numberE164,
		],
		[
			'Extension > Get Many',
			{ resource: 'extension', operation: 'getMany' },
			(dn) => (dn.participants as IDataObject[]).find((leg) => leg.extension === '100')?.numberE164,
		],
	])('%s reads numbers as in the country of the PBX', async (_, parameters, numberOf) => {
		await start();
		pbx.store.singleton('E164Settings', () => ({ CountryName: 'United Kingdom' }));
		pbx.calls.incoming({ from: '020 7946 0018', to: '100' });
		const [leg] = pbx.calls.participants('100');
		const asked = {
			...parameters,
			...(parameters.participantId ? { participantId: `=${leg!.id}` } : {}),
		};
		const numbers = async () =>
			(await run(asked)).items
				.map(({ json }) => numberOf(json))
				.filter((e164) => e164 !== undefined);
		expect(await numbers()).toEqual(['+442079460018']);
		// A PBX that does not tell has no country; that is no error.
		pbx.faults.next({ path: /E164Settings/, status: 403 });
		expect(await numbers()).toEqual([null]);
	});

	test('takes the country that was chosen, and none where none was wanted', async () => {
		await start();
		pbx.store.singleton('E164Settings', () => ({ CountryName: 'United Kingdom' }));
		pbx.calls.incoming({ from: '030 901820', to: '100' });
		const numberIn = async (defaultCountry: string) =>
			(await run({ resource: 'call', operation: 'getMany', defaultCountry })).items[0]?.json
				.numberE164;
		expect(await numberIn('DE')).toBe('+4930901820');
		expect(await numberIn('none')).toBeNull();
	});

	test('gets the devices of an extension', async () => {
		await start();
		const { items } = await run({
			resource: 'device',
			operation: 'getMany',
			extension: extension('100'),
		});
		expect(items.map(({ json }) => json)).toEqual([
			{
				extension: '100',
				deviceId: expect.stringContaining('192.0.2.'),
				userAgent: expect.stringContaining('Yealink'),
				kind: 'deskPhone',
			},
			{
				extension: '100',
				deviceId: expect.stringContaining('127.0.0.1'),
				userAgent: '3CX Web Client',
				kind: 'app',
			},
		]);
	});

	test.each<[string, INodeParameters, PbxOptions, IDataObject]>([
		[
			'an empty extension',
			{ extension: extension('={{ "" }}') },
			{},
			{ message: 'The field "From Extension" is empty' },
		],
		[
			'an empty destination',
			{ destination: ' ' },
			{},
			{ message: 'The field "To Number" is empty' },
		],
		[
			'an extension that does not exist',
			{ extension: extension('9999') },
			{},
			{ httpCode: '404', message: 'There is no extension 9999 to call from' },
		],
		[
			'a device that is gone',
			{ device: 'chosen', deviceId: 'sip:100@192.0.2.99:1' },
			{},
			{
				httpCode: '404',
				message: 'Extension 100 has no such phone now',
				description: expect.stringContaining('choose it anew from the list'),
			},
		],
		[
			'no licence',
			{},
			{ licence: 'professional' },
			{ httpCode: '404', description: expect.stringContaining('licence has Call Control') },
		],
		[
			'no phone registered',
			{ extension: extension('109') },
			{},
			{ httpCode: '422', message: 'Extension 109 could not make the call' },
		],
	])('with %s says what is wrong', async (_, more, options, expected) => {
		await start(options);
		const { error } = await run(call(more));
		expect(error).toMatchObject(expected);
		expect(error?.description).toBeTruthy();
	});

	test('fails for one item alone when it is set to continue', async () => {
		await start();
		const { items } = await run(
			{
				resource: 'call',
				operation: 'drop',
				callExtension: extension('100'),
				participantId: '={{ $json.id }}',
			},
			{ items: [{ id: 'x' }, { id: 987654 }], onError: 'continueRegularOutput' },
		);
		expect(items.map(({ json }) => json.error)).toEqual([
			'"x" is not a participant ID',
			expect.stringMatching(/./),
		]);
	});

	describe('offers', () => {
		test('extensions by number and name, and only those that the client sees', async () => {
			await start();
			pbx.clients[0]!.monitored = ['100', '101'];
			const context = loadOptionsContext({}, credentials);
			const { searchExtensions } = new ThreeCxCallControl().methods.listSearch;
			const all = await searchExtensions.call(context);
			expect(all.results.map(({ value }) => value)).toEqual(['100', '101', 'n8n']);
			const byWords = await searchExtensions.call(context, ' hartley  100 ');
			expect(byWords.results.map(({ value }) => value)).toEqual(['100']);
			expect((await searchExtensions.call(context, 'hartley 101')).results).toEqual([]);
			const found = await searchExtensions.call(context, 'hartley');
			expect(found.results).toEqual([{ name: '100 Amelia Hartley', value: '100' }]);
		});

		test('extensions without names where the client may not read them', async () => {
			await start();
			pbx.clients[0]!.xapiEnabled = false;
			const { results } = await new ThreeCxCallControl().methods.listSearch.searchExtensions.call(
				loadOptionsContext({}, credentials),
				'100',
			);
			expect(results).toContainEqual({ name: '100', value: '100' });
		});

		test('what a call can be sent to: also what the client may not listen to, with its kind', async () => {
			await start();
			pbx.clients[0]!.monitored = ['100'];
			const { searchDestinations } = new ThreeCxCallControl().methods.listSearch;
			const find = async (filter?: string) =>
				(await searchDestinations.call(loadOptionsContext({}, credentials), filter)).results;
			expect(await find('hartley')).toEqual([{ name: '100 Amelia Hartley', value: '100' }]);
			expect(await find('queue')).toContainEqual({
				name: expect.stringMatching(/^800 .*\(queue\)$/),
				value: '800',
			});
			expect(await find('ring group')).not.toEqual([]);
			const numbers = (await find()).map(({ value }) => value);
			expect(numbers).toContain('101');
			expect(numbers).not.toContain('10000');
			pbx.clients[0]!.xapiEnabled = false;
			expect((await find()).map(({ value }) => value)).toEqual(['100', 'n8n']);
		});

		test('the devices of the chosen extension', async () => {
			await start();
			const { getDevices } = new ThreeCxCallControl().methods.loadOptions;
			const list = await getDevices.call(
				loadOptionsContext({ extension: extension('100') }, credentials, TYPE),
			);
			expect(list.map(({ name }) => name)).toEqual([
				expect.stringMatching(/^Yealink .*\(192\.0\.2\.\d+\)$/),
				'3CX Web Client (app)',
			]);
			expect(
				await getDevices.call(loadOptionsContext({ extension: extension('') }, credentials, TYPE)),
			).toEqual([]);
		});
	});
});

/** Every resource with each of its operations; a panel without has one empty pair. */
function operationsIn({ properties }: INodeTypeDescription): Array<[string, string]> {
	const pairs = properties
		.filter(({ name }) => name === 'operation')
		.flatMap(({ displayOptions, options }) =>
			(options as INodePropertyOptions[]).map(({ value }): [string, string] => [
				String(displayOptions?.show?.resource?.[0]),
				String(value),
			]),
		);
	return pairs.length > 0 ? pairs : [['', '']];
}

test('the action node has these operations, each in words of its own', () => {
	const { description } = new ThreeCxCallControl();
	expect(operationsIn(description).map((pair) => pair.join(' '))).toEqual([
		'audio askByPhone',
		'audio collectDigits',
		'audio play',
		'audio record',
		'call answer',
		'call attachData',
		'call divert',
		'call drop',
		'call get',
		'call getMany',
		'call makeCall',
		'call routeTo',
		'call transfer',
		'call waitFor',
		'device get',
		'device getMany',
		'extension get',
		'extension getMany',
		'extension getParticipants',
	]);
	const actions = resources.flatMap(({ operations }) => operations.map(({ action }) => action));
	expect(actions).toEqual([...new Set(actions)]);
	expect(description.usableAsTool).toBe(true);
});

describe('the panels', () => {
	test.each([new ThreeCxCallControl(), new ThreeCxTrigger()])(
		'of $description.displayName give every field once',
		({ description }) => {
			for (const [resource, operation] of operationsIn(description)) {
				// Everything open that one choice opens.
				const choices = {
					device: 'chosen',
					waitUntil: 'answered',
					stopOnKey: true,
					playPrompt: true,
					endOn: ['key'],
					happenings: ['keyPressed'],
					record: true,
					returnAll: false,
				};
				const shown = description.properties.filter((property) =>
					NodeHelpers.displayParameter(
						{ resource, operation, ...choices },
						property,
						{ typeVersion: 1 },
						description,
					),
				);
				const names = shown.map(({ name }) => name);
				expect(names).toEqual([...new Set(names)]);
				expect(names.length).toBeGreaterThan(0);
			}
		},
	);
});
