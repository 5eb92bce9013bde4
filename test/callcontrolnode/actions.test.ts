import type { INodeParameters } from 'n8n-workflow';
import { ThreeCxCallControl } from '../../nodes/ThreeCxCallControl/ThreeCxCallControl.node';
import { loadOptionsContext } from '../support/n8n';
import { APP, by, CALLER, legOf, nodeAndPbx, TYPE, type NodeAndPbx } from './node';

let node: NodeAndPbx;

beforeEach(async () => {
	node = await nodeAndPbx();
});
afterEach(async () => await node.close());

const DESK_PHONE_ONLY = '107';
const APP_ONLY = '108';

/** A call from outside that rings at an extension, or has come to a route point. */
const incoming = (to: string) => {
	const { calls } = node.pbx;
	const callid = calls.incoming({ from: CALLER, fromName: 'Ada', to });
	const leg = calls.participants(to).find((each) => each.callid === callid)!;
	return { callid, ...legOf(to, leg.id), id: leg.id };
};
/** One that is answered. */
const answered = (to: string) => {
	const call = incoming(to);
	node.pbx.calls.answer({ callid: call.callid, dn: to });
	return call;
};
const parametersOf = ({ callExtension, participantId }: INodeParameters) => ({
	callExtension,
	participantId,
});
const statuses = (callid: number) =>
	node.pbx.calls.legsOf(callid).map(({ dn, status }) => `${dn} ${status}`);

describe('an action on a call', () => {
	const act = async (operation: string, leg: object, more: INodeParameters = {}) =>
		await node.one({
			resource: 'call',
			operation,
			...parametersOf(leg as INodeParameters),
			...more,
		});

	test('answers on a desk phone', async () => {
		const call = incoming(DESK_PHONE_ONLY);
		expect(await act('answer', call)).toMatchObject({
			success: true,
			extension: DESK_PHONE_ONLY,
			participantId: call.id,
			callId: call.callid,
			status: 'Connected',
		});
		expect(statuses(call.callid)).toEqual([`${DESK_PHONE_ONLY} Connected`]);
	});

	test('dials a number that is written for people to read', async () => {
		const call = incoming('100');
		const output = await act('divert', call, { destination: '+44 (0)20 7946-0018' });
		expect(output).toMatchObject({ destination: '+442079460018' });
	});

	test('diverts a ringing call', async () => {
		const call = incoming('100');
		const output = await act('divert', call, {
			destination: '101',
			options: { reason: 'NoAnswer' },
		});
		expect(output).toMatchObject({ success: true, destination: '101' });
		expect(statuses(call.callid)).toEqual(['101 Ringing']);
		expect(node.pbx.calls.participants('101')).toMatchObject([{ referred_by_dn: '100' }]);
	});

	test('routes a call: both are there until somebody takes it', async () => {
		const call = incoming(APP);
		await act('routeTo', call, {
			destination: '101',
			options: {
				giveUpAfter: 12,
				reason: 'OfficeHours',
				attachedData: { entry: [{ key: 'ticket', value: 'T-1' }] },
			},
		});
		expect(statuses(call.callid)).toEqual([`${APP} Connected`, '101 Ringing']);
		expect(node.pbx.calls.attachedTo({ participant: call.id, dn: APP })).toEqual({ ticket: 'T-1' });
	});

	test('transfers an answered call', async () => {
		const call = answered('100');
		const output = await act('transfer', call, { destination: '101' });
		expect(output).toMatchObject({ success: true, destination: '101', callId: call.callid });
		expect(output).not.toHaveProperty('outcome');
		expect(statuses(call.callid)).toEqual(['100 Connected', '101 Ringing']);
	});

	test.each([
		['participant', '100'],
		['party', '101'],
	])('attaches data to the %s', async (side, dn) => {
		const callid = node.pbx.calls.internal({ from: '101', to: '100' });
		node.pbx.calls.answer({ callid, dn: '100' });
		const [leg] = node.pbx.calls.participants('100');
		await act('attachData', legOf('100', leg!.id), {
			side,
			attachedData: { entry: [{ key: 'ticket', value: '={{ 40 + 2 }}' }] },
		});
		const [set] = node.pbx.calls.participants(dn);
		expect(node.pbx.calls.attachedTo({ participant: set!.id, dn })).toEqual({ ticket: '42' });
	});

	test('takes extension and participant from the item unless told otherwise', async () => {
		const call = incoming('100');
		const output = await node.one(
			{ resource: 'call', operation: 'drop' },
			{ items: [{ extension: '100', participantId: call.id }] },
		);
		expect(output).toEqual({ success: true, extension: '100', participantId: call.id });
		expect(statuses(call.callid)).toEqual([]);
	});
});

describe('a refusal', () => {
	const refused = async (operation: string, leg: INodeParameters, more: INodeParameters = {}) =>
		(await node.run({ resource: 'call', operation, ...parametersOf(leg), ...more })).error;

	test('422: an app cannot be answered by the API', async () => {
		expect(await refused('answer', incoming(APP_ONLY))).toMatchObject({
			message: 'This phone cannot be answered by the API (not uaCSTA)',
			httpCode: '422',
			description: expect.stringContaining('Divert'),
		});
	});

	test('422: a call that is answered already', async () => {
		expect(await refused('answer', answered(DESK_PHONE_ONLY))).toMatchObject({
			message: 'The call is no longer ringing: it is Connected',
			httpCode: '422',
		});
	});

	test.each([
		['divert', answered, 'This call cannot be diverted now', /can be transferred.*not Ringing/],
		['transfer', incoming, 'This call cannot be transferred now', /be diverted.*not Connected/],
	])('422: %s at the wrong time, with the words of 3CX', async (operation, make, message, hint) => {
		expect(await refused(operation, make('100'), { destination: '101' })).toMatchObject({
			message,
			httpCode: '422',
			description: expect.stringMatching(hint),
		});
	});

	test.each(['answer', 'drop', 'get'])('404 of %s: the call has ended', async (operation) => {
		const call = incoming('100');
		node.pbx.calls.hangUp({ callid: call.callid });
		expect(await refused(operation, call)).toMatchObject({
			message: 'The call has ended',
			httpCode: '404',
			description: expect.stringMatching(/valid only during its call.*3CX says/s),
		});
	});

	test('403: a leg of an extension that is not on the list of the API client', async () => {
		const call = incoming('100');
		node.pbx.clients[0]!.monitored = ['101'];
		expect(await refused('drop', call)).toMatchObject({
			message: 'This call leg is not yours to control',
			httpCode: '403',
			description: expect.stringContaining('Add the extension to the list of the API client'),
		});
	});

	test('no licence: 404 for everything is not taken for an ended call', async () => {
		await node.close();
		node = await nodeAndPbx({ licence: 'professional' });
		expect(await refused('drop', legOf('100', 1))).toMatchObject({
			message: 'This PBX has no Call Control',
			httpCode: '404',
			description: expect.stringContaining('licence has Call Control (Enterprise)'),
		});
	});

	test.each<[string, string, INodeParameters, string]>([
		[
			'no participant',
			'drop',
			legOf('100', '={{ "" }}'),
			'The field "Call (Participant ID)" is empty',
		],
		['no number', 'drop', legOf('100', 'x'), '"x" is not a participant ID'],
		['no data', 'attachData', legOf('100', 1), 'There is no data to attach'],
		[
			'a row that is left empty',
			'attachData',
			{ ...legOf('100', 1), attachedData: { entry: [{ key: '', value: '' }] } },
			'There is no data to attach',
		],
		[
			'a value without a name',
			'attachData',
			{ ...legOf('100', 1), attachedData: { entry: [{ key: ' ', value: 'x' }] } },
			'An entry in "Attached Data" has no name',
		],
	])('before anything is sent: %s', async (_, operation, parameters, message) => {
		const { error } = await node.run({ resource: 'call', operation, ...parameters });
		expect(error).toMatchObject({ message });
		expect(node.pbx.requests.filter(({ method }) => method === 'POST')).toHaveLength(0);
	});
});

describe('what is going on', () => {
	test('get: one leg, simplified and raw', async () => {
		const call = incoming('100');
		const parameters = { resource: 'call', operation: 'get', ...parametersOf(call) };
		expect(await node.one(parameters)).toMatchObject({
			callId: call.callid,
			participantId: call.id,
			status: 'Ringing',
			callerName: 'Ada',
			number: CALLER,
		});
		expect(await node.one({ ...parameters, simplify: false })).toEqual(
			node.pbx.calls.participants('100')[0],
		);
	});

	test('get many: legs grouped to calls, with direction and other party', async () => {
		const { calls } = node.pbx;
		const inbound = answered('100').callid;
		calls.transfer({ dn: '100', to: '101' });
		const outbound = calls.internal({ from: '102', to: '+442079460000' });
		const internal = calls.internal({ from: '103', to: '104' });
		calls.answer({ callid: internal, dn: '104' });
		const list = async (more: INodeParameters = {}) =>
			(await node.run({ resource: 'call', operation: 'getMany', ...more })).items.map(
				({ json }) => json,
			);
		const all = await list();
		expect(all).toMatchObject([
			{
				callId: inbound,
				direction: 'inbound',
				external: true,
				status: 'Connected',
				answered: true,
				number: CALLER,
				callerName: 'Ada',
				extensions: ['100', '101'],
				legs: [
					{ extension: '100', status: 'Connected' },
					{ extension: '101', status: 'Ringing', referredBy: '100' },
				],
			},
			{
				callId: outbound,
				direction: 'outbound',
				external: true,
				status: 'Dialing',
				answered: false,
				number: '+442079460000',
				startedBy: '102',
				extensions: ['102'],
			},
			{
				callId: internal,
				direction: 'internal',
				external: false,
				status: 'Connected',
				answered: true,
				number: '103',
				startedBy: '103',
				extensions: ['103', '104'],
			},
		]);
		const ids = async (more: INodeParameters) => (await list(more)).map(({ callId }) => callId);
		expect(await ids({ filters: { direction: 'internal' } })).toEqual([internal]);
		expect(await ids({ filters: { extension: 101 } })).toEqual([inbound]);
		expect(await ids({ filters: { extension: '109' } })).toEqual([]);
		expect(await ids({ returnAll: false, limit: 2 })).toEqual([inbound, outbound]);
	});

	test('a call in a queue names the queue, and nobody has answered yet', async () => {
		const queue = node.pbx.store.rows('Queues')[0]!;
		const number = String(queue.Number);
		const callid = node.pbx.calls.incoming({ from: CALLER, to: number });
		const [call] = (await node.run({ resource: 'call', operation: 'getMany' })).items;
		expect(call!.json).toMatchObject({ callId: callid, queue: number, answered: false });
	});

	test('an extension: phones and calls', async () => {
		const call = incoming('100');
		const parameters = { resource: 'extension', operation: 'get', extension: by('100') };
		expect(await node.one(parameters)).toMatchObject({
			extension: '100',
			extensionType: 'Wextension',
			registered: true,
			busy: true,
			devices: [{ kind: 'deskPhone' }, { kind: 'app' }],
			participants: [{ participantId: call.id, callId: call.callid }],
		});
		expect(await node.one({ ...parameters, simplify: false })).toMatchObject({ dn: '100' });
		expect(await node.one({ ...parameters, extension: by('109') })).toMatchObject({
			registered: false,
			busy: false,
		});
	});

	test('all extensions that the API client may control, and no other', async () => {
		node.pbx.clients[0]!.monitored = ['100', '101'];
		const { items } = await node.run({ resource: 'extension', operation: 'getMany' });
		expect(items.map(({ json }) => json.extension)).toEqual(['100', '101', APP]);
	});

	test('a device, and the calls that it is in', async () => {
		const call = incoming('100');
		const [device] = node.pbx.calls.directory.dn('100')!.devices;
		const parameters = { resource: 'device', operation: 'get', extension: by('100') };
		expect(await node.one({ ...parameters, deviceId: device!.device_id })).toEqual({
			extension: '100',
			deviceId: device!.device_id,
			userAgent: device!.user_agent,
			kind: 'deskPhone',
			participantIds: [call.id],
		});
		const { error } = await node.run({ ...parameters, deviceId: 'sip:100@192.0.2.99:1' });
		expect(error).toMatchObject({
			httpCode: '404',
			description: expect.stringContaining('choose it anew'),
		});
	});
});

describe('the pickers', () => {
	const { listSearch } = new ThreeCxCallControl().methods;
	const context = (parameters: INodeParameters) =>
		loadOptionsContext(
			{ resource: 'call', operation: 'get', ...parameters },
			node.credentials,
			TYPE,
		);

	test('of calls show who is on the line', async () => {
		const call = incoming('100');
		const all = await listSearch.searchLegs.call(context({ callExtension: by('100') }));
		expect(all.results).toEqual([
			{ name: `Ringing: Ada ${CALLER} (participant ${call.id})`, value: String(call.id) },
		]);
		const none = await listSearch.searchLegs.call(context({ callExtension: by('100') }), 'grace');
		expect(none.results).toEqual([]);
		for (const unknown of ['', '={{ $json.extension }}']) {
			const { results } = await listSearch.searchLegs.call(context({ callExtension: by(unknown) }));
			expect(results).toEqual([]);
		}
	});

	test('of route points show nothing else', async () => {
		const { results } = await listSearch.searchRoutePoints.call(context({}));
		expect(results.map(({ value }) => value)).toEqual([APP]);
	});
});
