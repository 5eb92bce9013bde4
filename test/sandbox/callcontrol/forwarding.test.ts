import { once } from 'node:events';
import WebSocket from 'ws';
import { startPbx, type Pbx } from '../../../sandbox/pbx';
import type { Participant } from '../../../sandbox/pbx/callcontrol';
import { session, type Json, type Session } from '../xapi/support';

/**
 * Extensions that do not take a call themselves, of the company that the sandbox begins with: set up over XAPI, looked at
 * over Call Control. 109, 119 and 129 have no phone on.
 */

const CALLER = '+441632960123';

let pbx: Pbx;
let at: Session;
let socket: WebSocket;
/** DNs that the socket has told of. */
let told: string[];

beforeEach(async () => {
	pbx = await startPbx({
		seedCallLogRows: 0,
		calls: { ringTimeoutMs: 600_000, pickUpAfterMs: 0, repeatUpsertEveryMs: 0 },
	});
	at = await session(pbx);
	told = [];
	socket = new WebSocket(`${pbx.url.replace('http', 'ws')}/callcontrol/ws`, {
		headers: { Authorization: `Bearer ${at.token}` },
	});
	socket.on('message', (data) => {
		const { event } = JSON.parse(String(data)) as { event: { entity: string } };
		told.push(event.entity.split('/')[2]!);
	});
	await once(socket, 'open');
});

afterEach(async () => {
	socket.terminate();
	await pbx.close();
});

async function callControl<T>(method: string, path: string, body?: object) {
	const response = await fetch(`${pbx.url}/callcontrol/${path}`, {
		method,
		headers: { Authorization: `Bearer ${at.token}`, 'Content-Type': 'application/json' },
		...(body && { body: JSON.stringify(body) }),
	});
	return { status: response.status, body: (await response.json()) as T };
}

const legs = async (dn: string) =>
	(await callControl<Participant[]>('GET', `${dn}/participants`)).body;

/** Where the legs of all calls are, as `dn status`. */
const everywhere = async () =>
	(await callControl<Array<{ dn: string; participants: Participant[] }>>('GET', '')).body
		.flatMap(({ participants }) => participants.map(({ dn, status }) => `${dn} ${status}`))
		.sort();

const to = (To: string, number?: string): Json => ({
	To,
	...(To === 'External' ? { External: number } : number === undefined ? {} : { Number: number }),
});

/** Changes the profile that a user has, or gets, over XAPI. */
async function profile(number: string, name: string, route: Record<string, Json> = {}) {
	const path = `Users(Number='${number}')`;
	const { body } = await at.get(`${path}?$expand=ForwardingProfiles`);
	const key = name === 'Available' ? 'AvailableRoute' : 'AwayRoute';
	const ForwardingProfiles = (body.ForwardingProfiles as Json[]).map((each) =>
		each.Name === name ? { ...each, [key]: { ...(each[key] as Json), ...route } } : each,
	);
	const { status, text } = await at.send('PATCH', `Users(${String(body.Id)})`, {
		CurrentProfileName: name,
		ForwardingProfiles,
	});
	if (status !== 204) throw new Error(`${number}: ${status} ${text}`);
}

const notRegistered = (internal: Json, external: Json) => ({
	NotRegisteredInternal: internal,
	NotRegisteredExternal: external,
});
const always = (internal: Json, external: Json) => ({ Internal: internal, External: external });

const END = to('None');

interface Row {
	what: string;
	setUp?: () => Promise<void>;
	dialled: string;
	/** Where somebody outside gets, and where 104 gets, who is a Dialing or Connected leg, too. */
	outside: string[];
	inside: string[];
	/** The number outside that is called, if one is. */
	away?: string;
}

test.each<Row>([
	{
		what: 'a phone that is on and a profile that takes calls: it rings',
		dialled: '100',
		outside: ['100 Ringing'],
		inside: ['100 Ringing', '104 Dialing'],
	},
	{
		what: 'no phone: the voicemail, as in a new PBX',
		dialled: '109',
		outside: ['999 Connected'],
		inside: ['104 Connected', '999 Connected'],
	},
	{
		what: 'no phone: another extension, or a number outside',
		setUp: async () =>
			await profile(
				'109',
				'Available',
				notRegistered(to('Extension', '101'), to('External', '+447700900123')),
			),
		dialled: '109',
		outside: [],
		inside: ['101 Ringing', '104 Dialing'],
		away: '+447700900123',
	},
	{
		what: 'no phone: the call ends',
		setUp: async () => await profile('109', 'Available', notRegistered(END, END)),
		dialled: '109',
		outside: [],
		inside: [],
	},
	{
		what: 'Away, though the phone is on: the voicemail',
		setUp: async () => await profile('100', 'Away'),
		dialled: '100',
		outside: ['999 Connected'],
		inside: ['104 Connected', '999 Connected'],
	},
	{
		what: 'Out of office without a phone: as its profile says, and not as the other one does',
		setUp: async () =>
			await profile('109', 'Out of office', always(to('Extension', '101'), to('IVR', '700'))),
		dialled: '109',
		outside: ['700 Connected'],
		inside: ['101 Ringing', '104 Dialing'],
	},
	{
		what: 'Away: everybody of a ring group',
		setUp: async () =>
			await profile('100', 'Away', always(to('RingGroup', '600'), to('RingGroup', '600'))),
		dialled: '100',
		outside: ['104 Ringing', '105 Ringing', '106 Ringing'],
		inside: ['104 Dialing', '104 Ringing', '105 Ringing', '106 Ringing'],
	},
	{
		what: 'one after the other',
		setUp: async () => {
			await profile('100', 'Away', always(to('Extension', '109'), to('Extension', '109')));
			await profile(
				'109',
				'Available',
				notRegistered(to('Extension', '102'), to('Extension', '102')),
			);
		},
		dialled: '100',
		outside: ['102 Ringing'],
		inside: ['102 Ringing', '104 Dialing'],
	},
	{
		what: 'in a circle: the call ends',
		setUp: async () => {
			await profile('100', 'Away', always(to('Extension', '101'), to('Extension', '101')));
			await profile('101', 'Away', always(to('Extension', '100'), to('Extension', '100')));
		},
		dialled: '100',
		outside: [],
		inside: [],
	},
	{
		what: 'to a number that is gone: the call ends',
		setUp: async () =>
			await profile('100', 'Away', always(to('Extension', '4711'), to('Extension', '4711'))),
		dialled: '100',
		outside: [],
		inside: [],
	},
	{
		what: 'Available again: it rings',
		setUp: async () => {
			await profile('100', 'Away');
			await profile('100', 'Available');
		},
		dialled: '100',
		outside: ['100 Ringing'],
		inside: ['100 Ringing', '104 Dialing'],
	},
])('$what', async ({ setUp, dialled, outside, inside, away }) => {
	await setUp?.();
	pbx.calls.incoming({ from: CALLER, to: dialled });
	expect(await everywhere()).toEqual(outside);
	// A call that nobody takes is over; one that is dialled outside has no leg of its own there.
	const calls = outside.length > 0 || away !== undefined ? 1 : 0;
	expect(await at.rows('ActiveCalls')).toHaveLength(calls);
	const dialling = pbx.calls.calls().some(({ status }) => status === 'Routing');
	expect(dialling).toBe(away !== undefined || outside.some((leg) => leg.endsWith('Ringing')));
	for (const { id } of pbx.calls.calls()) pbx.calls.hangUp({ callid: id });

	const { device_id } = pbx.calls.directory.dn('104')!.devices[0]!;
	await callControl('POST', `104/devices/${encodeURIComponent(device_id)}/makecall`, {
		destination: dialled,
	});
	expect(await everywhere()).toEqual(inside);
	if (!inside.some((leg) => leg.startsWith(dialled))) expect(told).not.toContain(dialled);
});

test('a leg says on whose behalf it is there, and the socket tells of it', async () => {
	await profile('100', 'Away', always(END, to('Extension', '101')));
	pbx.calls.incoming({ from: CALLER, to: '100' });
	expect(await legs('101')).toMatchObject([
		{ status: 'Ringing', party_caller_id: CALLER, on_behalf_of_dn: '100' },
	]);
	while (!told.includes('101')) await once(socket, 'message');
	expect(told).toEqual(['101']);
});

test('a transfer goes where the extension forwards to; 424 where it leads nowhere, and the leg stays', async () => {
	const callid = pbx.calls.incoming({ from: CALLER, to: '104' });
	pbx.calls.answer({ callid });
	const [{ id } = { id: 0 }] = await legs('104');
	const transfer = async (destination: string) =>
		await callControl<Json>('POST', `104/participants/${id}/transferto`, { destination });

	await profile('109', 'Available', notRegistered(END, END));
	expect(await transfer('109')).toMatchObject({
		status: 424,
		body: { finalstatus: 'Failed', reason: 'PhoneNotRegistered', reasontext: '109: unavailable' },
	});
	expect(await everywhere()).toEqual(['104 Connected']);

	expect(await transfer('119')).toMatchObject({ status: 200 });
	expect(await everywhere()).toEqual(['999 Connected']);
});

test('a queue rings its agents whatever their profile is', async () => {
	await profile('103', 'Away');
	pbx.calls.incoming({ from: CALLER, to: '800' });
	expect(await everywhere()).toContain('103 Ringing');
});

test('the call log has the voicemail as what it is, and nobody as having answered', async () => {
	const callid = pbx.calls.incoming({ from: CALLER, to: '109' });
	expect(pbx.calls.calls()[0]).not.toHaveProperty('establishedAt');
	pbx.calls.hangUp({ callid });
	const from = new Date(Date.now() - 60_000).toISOString();
	const until = new Date(Date.now() + 60_000).toISOString();
	const rows = await at.rows(
		`ReportCallLogData/Pbx.GetCallLogData(periodFrom=${from},periodTo=${until},sourceType=0,sourceFilter='',destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0,callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=true)`,
	);
	expect(rows).toMatchObject([{ CallType: 'Voicemail', DestinationDn: '999' }]);
});
