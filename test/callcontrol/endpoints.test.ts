import { Readable } from 'node:stream';
import { explainNotFound } from '../../lib/callcontrol/rest/available';
import {
	createCallControl,
	type Action,
	type CallControl,
} from '../../lib/callcontrol/rest/client';
import { deviceKind, deviceLabel, firstOfKind } from '../../lib/callcontrol/rest/devices';
import { listNamedDns } from '../../lib/callcontrol/rest/names';
import {
	readDevice,
	readDn,
	readList,
	readParticipant,
	readResult,
} from '../../lib/callcontrol/rest/types';
import type { PbxClient, PbxRequest } from '../../lib/http/client';
import { ThreeCxError } from '../../lib/http/errors';
import { Secrets } from '../../lib/http/mask';
import { withPbx, type Answer, type Asked } from '../support/recordingPbx';

/** What is sent to each endpoint of Call Control, and what is read of its answers. */

const LEG = {
	id: 4,
	status: 'Connected',
	dn: '100',
	party_caller_name: 'Ada',
	party_dn: '10000',
	party_caller_id: '+4930',
	party_did: '+44',
	device_id: 'sip:1',
	party_dn_type: 'Wexternalline',
	direct_control: true,
	originated_by_dn: '101',
	originated_by_type: 'Wextension',
	referred_by_dn: '102',
	referred_by_type: 'Wqueue',
	on_behalf_of_dn: '103',
	on_behalf_of_type: 'Wivr',
	callid: 7,
	legid: 2,
	participant_uid: 'u',
};

describe('a leg', () => {
	test('is read whole, however its names are spelled', () => {
		expect(readParticipant(LEG)).toEqual(LEG);
		const pascal = Object.fromEntries(
			Object.entries(LEG).map(([name, value]) => [
				name.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase()),
				value,
			]),
		);
		expect(readParticipant(pascal)).toEqual(LEG);
	});

	test('of which only the id is known has every other field', () => {
		expect(readParticipant({ id: 0 })).toEqual({
			id: 0,
			status: '',
			dn: '',
			party_caller_name: '',
			party_dn: '',
			party_caller_id: '',
			party_did: '',
			device_id: '',
			party_dn_type: 'None',
			direct_control: false,
			originated_by_dn: '',
			originated_by_type: 'None',
			referred_by_dn: '',
			referred_by_type: 'None',
			on_behalf_of_dn: '',
			on_behalf_of_type: 'None',
			callid: 0,
			legid: 0,
		});
	});

	test.each<[unknown, number | undefined]>([
		[4, 4],
		['4', 4],
		[' 4 ', 4],
		['', undefined],
		[' ', undefined],
		['x', undefined],
		[4.5, undefined],
		[null, undefined],
		[true, undefined],
		[[4], undefined],
		[undefined, undefined],
	])('with the id %p', (id, expected) => {
		expect(readParticipant({ id })?.id).toBe(expected);
	});

	test.each([
		['Wextension', 'Wextension'],
		['wExtension', 'Wextension'],
		['extension', 'Wextension'],
		['Extension', 'Wextension'],
		['WQUEUE', 'Wqueue'],
		['None', 'None'],
		['', 'None'],
	])('at a %s', (party_dn_type, expected) => {
		expect(readParticipant({ id: 1, party_dn_type })?.party_dn_type).toBe(expected);
	});

	test.each(['true', 1, 'yes', undefined])('is not controlled directly by %p', (direct_control) => {
		expect(readParticipant({ id: 1, direct_control })?.direct_control).toBe(false);
	});
});

test('a DN has the phones and legs that can be read, each by its number', () => {
	expect(
		readDn({
			dn: '100',
			type: 'extension',
			devices: [{ dn: '9', device_id: 'a', user_agent: 'Yealink' }, { device_id: '' }, 'x', null],
			participants: [{ id: 1, dn: '9' }, {}, 5],
		}),
	).toEqual({
		dn: '100',
		type: 'Wextension',
		devices: [{ dn: '100', device_id: 'a', user_agent: 'Yealink' }],
		participants: [readParticipant({ id: 1, dn: '100' })],
	});
	expect(readDn({ dn: 100 })).toEqual({ dn: '100', type: '', devices: [], participants: [] });
	for (const none of [undefined, null, 'x', [], {}, { dn: '' }, { dn: null }])
		expect(readDn(none)).toBeUndefined();
});

test('a phone has an id', () => {
	expect(readDevice({ dn: 100, device_id: 5 })).toEqual({
		dn: '100',
		device_id: '5',
		user_agent: '',
	});
	for (const none of [undefined, null, 'x', [], {}, { device_id: '' }, { device_id: {} }])
		expect(readDevice(none)).toBeUndefined();
	expect(readList('x', readDevice)).toEqual([]);
});

test('a result has a reason and a leg, where there are any', () => {
	expect(
		readResult({ finalstatus: 'SUCCESS', reason: 'None', reasontext: 'Fine', result: LEG }),
	).toEqual({ succeeded: true, reason: 'None', reasonText: 'Fine', participant: LEG });
	expect(readResult(null)).toEqual({
		succeeded: true,
		reason: '',
		reasonText: '',
		participant: undefined,
	});
	for (const finalstatus of ['2', 2, 'Succeeded', 'x'])
		expect(readResult({ finalstatus }).succeeded).toBe(false);
});

/** A client that notes what it is asked, and gives what it is told to. */
const noting = (body: unknown, secrets = new Secrets()) => {
	const requests: PbxRequest[] = [];
	const client = {
		connection: { origin: 'https://pbx', ignoreSslIssues: false },
		secrets,
		request: async (request: PbxRequest) => {
			requests.push(request);
			return await Promise.resolve({ status: 200, headers: {}, body, size: 1 });
		},
		stream: async (request: PbxRequest) => {
			requests.push(request);
			return await Promise.resolve({
				status: 200,
				headers: {},
				body: Readable.from(['a']),
				size: 0,
			});
		},
	} as unknown as PbxClient;
	return { client, requests };
};

describe('what is sent', () => {
	const stop = new AbortController().signal;

	test.each<[string, (of: CallControl) => Promise<unknown>, object, unknown]>([
		[
			'the whole state',
			async (of) => await of.list(stop),
			{ method: 'GET', path: '/callcontrol' },
			[],
		],
		[
			'a DN',
			async (of) => await of.dn('1 0', stop),
			{ method: 'GET', path: '/callcontrol/1%200' },
			{ dn: '1' },
		],
		[
			'phones',
			async (of) => await of.devices('100', stop),
			{ method: 'GET', path: '/callcontrol/100/devices' },
			[],
		],
		[
			'a phone',
			async (of) => await of.device('100', 'sip:1', stop),
			{ method: 'GET', path: '/callcontrol/100/devices/sip%3A1' },
			{ device_id: 'a' },
		],
		[
			'legs',
			async (of) => await of.participants('100', stop),
			{ method: 'GET', path: '/callcontrol/100/participants' },
			[],
		],
		[
			'a leg',
			async (of) => await of.participant('100', 0, stop),
			{ method: 'GET', path: '/callcontrol/100/participants/0' },
			{ id: 1 },
		],
		[
			'a call',
			async (of) => await of.makeCall('100', { destination: '101' }, stop),
			{ method: 'POST', path: '/callcontrol/100/makecall', body: { destination: '101' } },
			{},
		],
		[
			'a call from a phone',
			async (of) =>
				await of.makeCall(
					'100',
					{ destination: '1', device: 'a', reason: '', timeout: 0, attachedData: {} },
					stop,
				),
			{
				method: 'POST',
				path: '/callcontrol/100/devices/a/makecall',
				body: { destination: '1', reason: '', timeout: 0, attacheddata: {} },
			},
			{},
		],
		[
			'an action',
			async (of) => await of.act('100', 4, 'answer', undefined, stop),
			{ method: 'POST', path: '/callcontrol/100/participants/4/answer', body: {} },
			{},
		],
		[
			'data',
			async (of) => await of.act('100', 4, 'attach_party_data', { attachedData: { a: 'b' } }, stop),
			{
				method: 'POST',
				path: '/callcontrol/100/participants/4/attach_party_data',
				body: { attacheddata: { a: 'b' } },
			},
			{},
		],
	])('for %s', async (_, ask, expected, answer) => {
		const { client, requests } = noting(answer);
		await ask(createCallControl(client, 1_234));
		expect(requests).toEqual([{ ...expected, signal: stop, timeoutMs: 1_234 }]);
	});

	test.each<[Action, number | undefined, number]>([
		['divert', undefined, 600_000],
		['routeto', 30, 600_000],
		['transferto', 540, 600_000],
		['transferto', 541, 601_000],
		['routeto', 3_600, 3_660_000],
	])(
		'%s that rings for %p s is awaited for %d ms, whatever else is patient',
		async (action, timeout, timeoutMs) => {
			const { client, requests } = noting({});
			await createCallControl(client, 1_234).act('100', 4, action, { destination: '1', timeout });
			expect(requests).toMatchObject([{ awaited: true, timeoutMs }]);
			expect(requests[0]!.body).toEqual({
				destination: '1',
				...(timeout === undefined ? {} : { timeout }),
			});
		},
	);

	test.each<Action>(['answer', 'drop', 'attach_participant_data', 'attach_party_data'])(
		'%s is not',
		async (action) => {
			const { client, requests } = noting({});
			await createCallControl(client).act('100', 4, action);
			expect(requests[0]).not.toHaveProperty('awaited');
		},
	);

	test('for audio lasts as long as a call, and a minute', async () => {
		const { client, requests } = noting({});
		const path = '/callcontrol/app/participants/4/stream';
		const control = createCallControl(client, 1_234);
		const upload = () => Readable.from(['a']);
		await control.listen('app', 4, stop);
		await control.speak('app', 4, upload, 5_000, stop);
		expect(requests).toEqual([
			{ method: 'GET', path, signal: stop, timeoutMs: 60_000, lasting: true },
			{ method: 'POST', path, upload, signal: stop, timeoutMs: 65_000, lasting: true },
		]);
	});

	test.each(['', '\ud800'])('for the extension %j is nothing', async (dn) => {
		const { client, requests } = noting({});
		await expect(createCallControl(client).dn(dn)).rejects.toMatchObject({ kind: 'input' });
		await expect(createCallControl(client).device('100', dn)).rejects.toMatchObject({
			kind: 'input',
		});
		expect(requests).toEqual([]);
	});
});

describe('an answer', () => {
	test.each<[unknown, object]>([
		[
			{ finalstatus: 'Failed' },
			{ message: '3CX could not do it: no reason given', code: undefined, said: 'no reason given' },
		],
		[
			{ finalstatus: 0, reason: 'PhoneBusy' },
			{ message: '3CX could not do it: PhoneBusy', code: 'PhoneBusy', said: 'PhoneBusy' },
		],
		[
			{ finalstatus: 0, reason: 'A', reasontext: 'Busy' },
			{ message: '3CX could not do it: Busy', code: 'A', said: 'Busy' },
		],
		[
			{ finalstatus: 0, reasontext: 'PIN 1234' },
			{ message: '3CX could not do it: PIN [hidden]', said: 'PIN [hidden]' },
		],
	])('%j is a refusal', async (body, expected) => {
		const secrets = new Secrets();
		secrets.addRequest({ path: '/x', body: { AuthPassword: '1234' } });
		const { client } = noting(body, secrets);
		await expect(createCallControl(client).act('100', 4, 'drop')).rejects.toMatchObject({
			kind: 'impossible',
			status: 200,
			request: 'POST /callcontrol/100/participants/4/drop',
			...expected,
		});
	});

	test.each<unknown>(['x', undefined, {}, { value: [] }])('%j is no list', async (body) => {
		const { client } = noting(body);
		await expect(createCallControl(client).participants('100')).rejects.toMatchObject({
			kind: 'malformed',
			request: 'GET /callcontrol/100/participants',
		});
	});

	test('of a list has what can be read', async () => {
		const { client } = noting([{ dn: '100' }, {}, 'x', { dn: '101' }]);
		expect((await createCallControl(client).list()).map(({ dn }) => dn)).toEqual(['100', '101']);
	});
});

describe('where something is not found', () => {
	const error = new ThreeCxError({
		kind: 'notFound',
		message: 'gone',
		hint: '',
		status: 404,
		request: 'GET /callcontrol/100',
	});
	const explained = async (thrown: unknown, answer: Answer) =>
		await withPbx(
			({ path }) => (path === '/callcontrol' ? answer : undefined),
			async (client) => await explainNotFound(thrown, client),
		);

	test.each<[string, Answer]>([
		['there is Call Control', [200, []]],
		['the API client may not see it', [403]],
		['the PBX has trouble', [500]],
	])('and %s, it stays the same', async (_, answer) => {
		expect((await explained(error, answer)).result).toBe(error);
	});

	test('and there is no Call Control, that is said', async () => {
		expect((await explained(error, [404])).result).toMatchObject({
			kind: 'forbidden',
			message: 'This PBX has no Call Control',
			status: 404,
			request: 'GET /callcontrol/100',
		});
	});

	test.each<[string, unknown]>([
		[
			'another refusal',
			new ThreeCxError({ kind: 'forbidden', message: '', hint: '', status: 403 }),
		],
		['no refusal', Object.assign(new Error('x'), { status: 404 })],
		['nothing', undefined],
	])('%s asks nobody', async (_, thrown) => {
		const { result, asked } = await explained(thrown, [404]);
		expect(result).toBe(thrown);
		expect(asked).toEqual([]);
	});
});

describe('the DNs to choose from', () => {
	const named = async (
		peers: Answer,
		dns: Answer = [200, [{ dn: '1000' }, { dn: '99' }, { dn: '100' }]],
	) =>
		await withPbx(
			({ path }: Asked) =>
				path === '/callcontrol' ? dns : path === '/xapi/v1/Peers' ? peers : undefined,
			listNamedDns,
		);

	test('are by number, with names', async () => {
		const { result, asked } = await named([
			200,
			{
				value: [
					{ Number: '99', Name: 'Ada' },
					{ Number: '100', Name: '' },
				],
			},
		]);
		expect(result.map(({ dn, label }) => [dn, label])).toEqual([
			['99', '99 Ada'],
			['100', '100'],
			['1000', '1000'],
		]);
		expect(result[0]).toMatchObject({ devices: [], participants: [] });
		expect(asked.find(({ path }) => path.endsWith('/Peers'))!.query).toContain(
			'$select=Number,Name',
		);
	});

	test('have none where names may not be read', async () => {
		expect((await named([403])).result.map(({ label }) => label)).toEqual(['99', '100', '1000']);
	});

	test('are an error where Call Control refuses', async () => {
		await expect(named([200, { value: [] }], [403])).rejects.toMatchObject({ kind: 'forbidden' });
	});
});

describe('a phone', () => {
	const device = (device_id: string, user_agent = '') => ({ dn: '100', device_id, user_agent });
	const [app, desk, other] = [
		device('sip:1@127.0.0.1:1', 'Web'),
		device('sip:1@10.0.0.1', 'Yealink'),
		device('sip:2@10.0.0.2'),
	];

	test.each([
		['sip:100@127.1.22.255', 'app'],
		['SIP:100@LOCALHOST', 'app'],
		['<sip:100@127.0.0.1>', 'app'],
		['sip:100@127.0.0.1.example.com', 'deskPhone'],
		['sip:100@1127.0.0.1', 'deskPhone'],
		['sip:127.0.0.1', 'deskPhone'],
		['sip:100@localhosts', 'deskPhone'],
		['sip:100@127.0.0', 'deskPhone'],
	])('%s is an %s', (id, kind) => {
		expect(deviceKind(device(id))).toBe(kind);
	});

	test('of a kind is the first of it', () => {
		expect(firstOfKind([app!, desk!, other!], 'deskPhone')).toBe(desk);
		expect(firstOfKind([desk!, app!], 'app')).toBe(app);
	});

	test('that is not there: its kind, and what is there', () => {
		const refusal = (devices: Array<typeof app>, kind: 'app' | 'deskPhone') => {
			try {
				return firstOfKind(devices as never, kind);
			} catch (error) {
				return error as ThreeCxError;
			}
		};
		expect(refusal([desk, other], 'app')).toMatchObject({
			kind: 'impossible',
			field: 'device',
			message: 'No app of this extension is registered',
			hint: expect.stringContaining(
				'Registered now: Yealink, sip:2@10.0.0.2. Switch the app on',
			) as string,
		});
	});

	test.each([
		['sip:1@[2001:db8::1]:5060', 'X', 'X (2001:db8::1)'],
		['sip:1@10.0.0.1>', 'X', 'X (10.0.0.1)'],
		['sip:1', 'X', 'X (sip:1)'],
		['sip:1@10.0.0.1;x', 'X', 'X (10.0.0.1)'],
		['<sip:1@10.0.0.1>', '', '<sip:1@10.0.0.1>'],
	])('%s of %s is shown as %s', (id, agent, label) => {
		expect(deviceLabel(device(id, agent))).toBe(label);
	});
});
