import { deviceLabel, firstOfKind, deviceKind } from '../../lib/callcontrol/rest/devices';
import { createCallControl } from '../../lib/callcontrol/rest/client';
import { readParticipant, readResult } from '../../lib/callcontrol/rest/types';
import { createPbxClient } from '../../lib/http/client';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { fixedToken } from '../support/fixedToken';
import { json, startServer, type TestServer } from '../support/httpServer';
import { leg } from './samples';

describe('what 3CX answers to an action', () => {
	test.each([
		['a word', { finalstatus: 'Success', reason: 'None' }, true],
		['a number', { finalstatus: 1 }, true],
		['a number as text', { finalstatus: '1' }, true],
		['nothing', undefined, true],
		['a leg only', { result: { id: 4 } }, true],
		['failure', { finalstatus: 'Failed', reason: 'PhoneBusy' }, false],
		['failure as a number', { finalstatus: -1 }, false],
		['rejection as a number', { finalstatus: 0 }, false],
	])('%s', (_, body, succeeded) => {
		expect(readResult(body).succeeded).toBe(succeeded);
	});

	test('a leg is complete, whatever was left out or sent as text', () => {
		expect(
			readParticipant({ id: '4', callid: '7', status: 'Ringing', party_caller_id: 4930 }),
		).toEqual({
			...leg({ id: 4, callid: 7, dn: '', legid: 0, party_caller_id: '4930' }),
			party_caller_name: '',
			party_dn: '',
			party_dn_type: 'None',
			device_id: '',
		});
		expect(readParticipant({ status: 'Ringing' })).toBeUndefined();
		expect(readParticipant([])).toBeUndefined();
	});
});

describe('an endpoint', () => {
	let server: TestServer;
	let answer: unknown;
	const control = () =>
		createCallControl(
			createPbxClient({
				connection: { origin: server.origin, ignoreSslIssues: false },
				tokens: fixedToken('token'),
			}),
		);

	beforeEach(async () => {
		server = await startServer((_, response) => json(response, 200, answer));
	});
	afterEach(async () => {
		await closeDispatchers();
		await server.close();
	});

	test('of an action without fields still gets a body', async () => {
		answer = {};
		await control().act('100', 4, 'drop');
		expect(server.received).toMatchObject([
			{ method: 'POST', url: '/callcontrol/100/participants/4/drop', body: '{}' },
		]);
		expect(server.received[0]!.headers['content-type']).toBe('application/json; charset=utf-8');
	});

	test('takes names with any characters, and fields in lower case', async () => {
		answer = { finalstatus: 'Success' };
		await control().makeCall('a/b', {
			device: 'sip:1@h:5;x=y',
			destination: '101',
			timeout: 9,
			attachedData: { K: 'v' },
		});
		expect(server.received[0]).toMatchObject({
			url: '/callcontrol/a%2Fb/devices/sip%3A1%40h%3A5%3Bx%3Dy/makecall',
		});
		expect(JSON.parse(server.received[0]!.body)).toEqual({
			destination: '101',
			timeout: 9,
			attacheddata: { K: 'v' },
		});
	});

	test('that says 200 and failure fails, in the words of 3CX', async () => {
		answer = { finalstatus: 'Failed', reason: 'PhoneBusy', reasontext: 'The phone is busy' };
		await expect(control().makeCall('100', { destination: '101' })).rejects.toMatchObject({
			kind: 'impossible',
			message: '3CX could not do it: The phone is busy',
			code: 'PhoneBusy',
		});
	});

	test.each<[string, (of: ReturnType<typeof control>) => Promise<unknown>]>([
		['the whole state', async (of) => await of.list()],
		['a DN', async (of) => await of.dn('100')],
		['devices', async (of) => await of.devices('100')],
		['a device', async (of) => await of.device('100', 'sip:100@h')],
		['participants', async (of) => await of.participants('100')],
		['a participant', async (of) => await of.participant('100', 4)],
	])('that should give %s refuses what is no such thing', async (_, ask) => {
		answer = 'hello';
		await expect(ask(control())).rejects.toMatchObject({ kind: 'malformed' });
	});
});

describe('a phone', () => {
	const device = (device_id: string, user_agent = '') => ({ dn: '100', device_id, user_agent });

	test.each([
		['sip:100@127.0.0.1:5483', 'app'],
		['sip:100@[::1]:5483', 'app'],
		['sip:100@localhost;transport=tcp', 'app'],
		['sip:100@192.168.27.40:5065', 'deskPhone'],
		['sip:100@127.example.com:5065', 'deskPhone'],
	])('%s is an %s', (id, kind) => {
		expect(deviceKind(device(id))).toBe(kind);
	});

	test('is shown by what it is and where', () => {
		expect(deviceLabel(device('sip:100@192.168.27.40:5065', 'Yealink T54W'))).toBe(
			'Yealink T54W (192.168.27.40)',
		);
		expect(deviceLabel(device('sip:100@127.0.0.1:5483', '3CX Web Client'))).toBe(
			'3CX Web Client (app)',
		);
		expect(deviceLabel(device('sip:100@192.168.27.40:5065'))).toBe('sip:100@192.168.27.40:5065');
	});

	test('of a kind that is not there: says what is', () => {
		expect(() =>
			firstOfKind([device('sip:100@127.0.0.1:1', '3CX Web Client')], 'deskPhone'),
		).toThrow(
			expect.objectContaining({
				message: 'No desk phone of this extension is registered',
				hint: expect.stringContaining('3CX Web Client'),
			}),
		);
		expect(() => firstOfKind([], 'app')).toThrow(
			expect.objectContaining({ hint: expect.stringContaining('None of its phones is') }),
		);
	});
});
