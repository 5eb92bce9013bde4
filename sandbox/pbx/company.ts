/** A believable company to begin with. People, places and numbers are invented; numbers are from Ofcom's drama ranges. */
import type { Row } from './odata/model';
import type { CallRecording } from './callLog';
import { seeded } from './callcontrol/random';
import type { ApiClient, FinishedCall, Role } from './types';
import type { Context } from './xapi/context';
import { rulesOf } from './xapi/rules';
import { peer } from './xapi/rules/dn';
import { create } from './xapi/writes';

const MAIL_DOMAIN = 'larkfield.example.com';
const TRUNK = '10000';
const TRUNK_NAME = 'Northgate Telecom';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LOG_DAYS = 14;
const RECORDINGS = 12;

/** First name, last name, department, role: extensions 100 to 129 in this order. */
const PEOPLE: ReadonlyArray<[string, string, string, Role]> = [
	['Amelia', 'Hartley', 'Management', 'system_owners'],
	['Rhys', 'Bevan', 'Management', 'system_admins'],
	['Priya', 'Nair', 'Management', 'group_owners'],
	['Oscar', 'Lindqvist', 'Reception', 'managers'],
	['Keira', 'Doyle', 'Reception', 'receptionists'],
	['Tomasz', 'Wrona', 'Reception', 'receptionists'],
	['Hannah', 'Ashworth', 'Reception', 'receptionists'],
	['Jamal', 'Osei', 'Reception', 'users'],
	['Lucy', 'Pemberton', 'Reception', 'users'],
	['Femi', 'Adeyemi', 'Reception', 'users'],
	['Grace', "O'Malley", 'Dental Care', 'managers'],
	['Daniel', 'Rothwell', 'Dental Care', 'users'],
	['Sofia', 'Marchetti', 'Dental Care', 'users'],
	['Ewan', 'Kerr', 'Dental Care', 'users'],
	['Mei', 'Tanaka', 'Dental Care', 'users'],
	['Nadia', 'Rahman', 'Dental Care', 'users'],
	['Callum', 'Fraser', 'Dental Care', 'users'],
	['Ingrid', 'Sørensen', 'Dental Care', 'users'],
	['Victor', 'Almeida', 'Dental Care', 'users'],
	['Beth', 'Cartwright', 'Dental Care', 'users'],
	['Zoë', 'Whitfield', 'Dental Care', 'users'],
	['Arjun', 'Mehta', 'Billing', 'managers'],
	['Carys', 'Llewellyn', 'Billing', 'users'],
	['Peter', 'Van der Berg', 'Billing', 'users'],
	['Aisha', 'Siddiqui', 'Billing', 'users'],
	['Joel', 'Fairbanks', 'Billing', 'users'],
	['Martha', 'Quinn', 'Billing', 'users'],
	['Leon', 'Hoffmann', 'Billing', 'users'],
	['Ruby', 'Nightingale', 'Reception', 'users'],
	['Silas', 'Thorne', 'Management', 'users'],
];

const DEPARTMENTS = ['Reception', 'Dental Care', 'Billing', 'Management'];

const extension = (index: number) => String(100 + index);

const QUEUES = [
	{ Name: 'Appointments', Number: '800', agents: [103, 104, 105, 106], managers: [103] },
	{ Name: 'Emergencies', Number: '801', agents: [110, 111, 112], managers: [110] },
	{ Name: 'Billing Enquiries', Number: '802', agents: [121, 122, 123, 124], managers: [121] },
];
const RING_GROUPS = [
	{ Name: 'Front Desk', Number: '600', members: [104, 105, 106] },
	{ Name: 'Practice Managers', Number: '601', members: [100, 101, 102] },
];

/** DID, what it is for, and where it leads. */
const DIDS: ReadonlyArray<[string, string, { To: string; Number: string; Type: string }]> = [
	['+442079460800', 'Main line', { To: 'IVR', Number: '700', Type: 'IVR' }],
	['+442079460801', 'Appointments', { To: 'Queue', Number: '800', Type: 'Queue' }],
	['+442079460802', 'Emergencies', { To: 'Queue', Number: '801', Type: 'Queue' }],
	['+442079460803', 'Billing', { To: 'Queue', Number: '802', Type: 'Queue' }],
	['+442079460804', 'Front desk', { To: 'RingGroup', Number: '600', Type: 'RingGroup' }],
	['+442079460805', 'Amelia Hartley direct', { To: 'Extension', Number: '100', Type: 'Extension' }],
];

/** First name, last name, company, main number, mobile: in the notations that people really type. */
const CONTACTS: ReadonlyArray<[string, string, string, string, string]> = [
	['Nora', 'Winslow', '', '+442079460101', '07700 900101'],
	['Gareth', 'Pugh', '', '020 7946 0102', ''],
	['Yvonne', 'Castle', '', '(020) 7946 0103', '+44 7700 900103'],
	['Samir', 'Haddad', '', '+44 20 7946 0104', ''],
	['Olive', 'Branagh', '', '+44 (0)20 7946 0105', '07700900105'],
	['Dexter', 'Moody', '', '02079460106', ''],
	['Felicity', 'Grange', '', '020-7946-0107', ''],
	['Hugo', 'Sterling', '', '0044 20 7946 0108', '+447700900108'],
	['Paula', 'Reyes', '', '07700 900109', ''],
	['Conor', 'McBride', '', '+44 7700 900110', ''],
	['Dr Lena', 'Fischer', 'Brightwater Orthodontics', '0161 496 0111', ''],
	['Simon', 'Tait', 'Brightwater Orthodontics', '+441614960112', ''],
	['', '', 'Clearview Dental Laboratory', '0113 496 0113', ''],
	['Imogen', 'Slater', 'Clearview Dental Laboratory', '+44 113 496 0114', '07700 900114'],
	['', '', 'Mercer & Vale Solicitors', '0121 496 0115', ''],
	['Rowan', 'Pike', 'Kestrel IT Services', '08081 570116', '07700 900116'],
	['Tessa', 'Birch', 'Kestrel IT Services', '+448081570117', ''],
	['', '', 'Harbour Medical Supplies', '+44 117 496 0118', ''],
	['Edmund', 'Crane', 'Harbour Medical Supplies', '0117 4960119', ''],
	['Anya', 'Petrova', '', '+44 20 7946 0120', ''],
	['Miles', 'Okafor', '', '020 7946 0121', '+44 (0) 7700 900121'],
	['Celia', "D'Arcy", '', '07700-900122', ''],
	['Wilf', 'Tremaine', '', '+1 202-555-0123', ''],
	['Marguerite', 'Dubois', 'Atelier Sourire', '+33 1 99 00 01 24', ''],
	['Bruno', 'Keller', 'Keller Keramik', '+49 30 23125 125', ''],
];

type Random = () => number;
const pick = <T>(random: Random, items: readonly T[]): T => {
	const item = items[Math.floor(random() * items.length)];
	if (item === undefined) throw new Error('Nothing to pick from.');
	return item;
};
const between = (random: Random, low: number, high: number) =>
	Math.round(low + random() * (high - low));

const add = (context: Context, set: string, body: Row) => create(context, set, body, rulesOf(set));

/** What every PBX has before anybody configures it: the default department, a trunk, the API clients. */
export function seedEssentials(context: Context, clients: readonly ApiClient[]): void {
	const home = add(context, 'Groups', { Name: 'DEFAULT', IsDefault: true, Language: 'EN' });
	add(context, 'Trunks', {
		Number: TRUNK,
		Gateway: { Name: TRUNK_NAME, Host: 'sip.northgate.example.com', Type: 'Provider', Lines: 10 },
		ExternalNumber: DIDS[0]?.[0],
		OutboundCallerID: DIDS[0]?.[0],
	});
	for (const client of clients) {
		add(context, 'ServicePrincipals', {
			Number: client.clientId,
			XAPIEnabled: client.xapiEnabled,
			CallControlEnabled: client.callControlEnabled,
			Groups: [{ GroupId: home.Id, Rights: { RoleName: client.role } }],
			Peers: client.monitored === 'all' ? [] : client.monitored.map((Number) => ({ Number })),
		});
	}
}

const asExtensions = (numbers: number[]) => numbers.map((number) => ({ Number: String(number) }));

function seedPeople(context: Context): void {
	const departments = new Map(
		DEPARTMENTS.map((Name) => [Name, add(context, 'Groups', { Name }).Id] as const),
	);
	PEOPLE.forEach(([FirstName, LastName, department, RoleName], index) => {
		add(context, 'Users', {
			Number: extension(index),
			FirstName,
			LastName,
			EmailAddress: `${FirstName}.${LastName}@${MAIL_DOMAIN}`
				.toLowerCase()
				.normalize('NFD')
				.replace('ø', 'o')
				.replace(/[^a-z0-9@.]/g, ''),
			Mobile: `+447700900${String(200 + index)}`,
			Groups: [{ GroupId: departments.get(department), Rights: { RoleName } }],
		});
	});
}

function seedDestinations(context: Context): void {
	for (const { agents, managers, ...queue } of QUEUES) {
		add(context, 'Queues', {
			...queue,
			Agents: asExtensions(agents),
			Managers: asExtensions(managers),
		});
	}
	for (const { members, ...group } of RING_GROUPS) {
		add(context, 'RingGroups', { ...group, Members: asExtensions(members) });
	}
	add(context, 'Receptionists', {
		Name: 'Welcome',
		Number: '700',
		Forwards: [
			{ Input: '1', ForwardType: 'Queue', ForwardDN: '800', PeerType: 'Queue' },
			{ Input: '2', ForwardType: 'Queue', ForwardDN: '801', PeerType: 'Queue' },
			{ Input: '3', ForwardType: 'Queue', ForwardDN: '802', PeerType: 'Queue' },
			{ Input: '0', ForwardType: 'RingGroup', ForwardDN: '600', PeerType: 'RingGroup' },
		],
	});
	for (const Number of ['SP11', 'SP12', 'SP13', 'SP14']) add(context, 'Parkings', { Number });
}

function seedNumbers(context: Context): void {
	const trunk = context.store.find('Trunks', 'Number', TRUNK);
	if (trunk) context.store.update('Trunks', trunk, { DidNumbers: DIDS.map(([number]) => number) });
	for (const [Data, RuleName, destination] of DIDS) {
		const target = { ...destination, Tags: [] };
		add(context, 'InboundRules', {
			RuleName,
			Data,
			OfficeHoursDestination: target,
			OutOfOfficeHoursDestination: target,
			HolidaysDestination: target,
			TrunkDN: {
				Id: trunk?.Id,
				Number: TRUNK,
				Name: TRUNK_NAME,
				Type: 'ExternalLine',
				MemberOf: [],
				Tags: [],
			},
		});
	}
	for (const [FirstName, LastName, CompanyName, PhoneNumber, Mobile2] of CONTACTS) {
		add(context, 'Contacts', { FirstName, LastName, CompanyName, PhoneNumber, Mobile2 });
	}
}

/** Desk phones as they registered: extension number, MAC, model. */
const PHONES: ReadonlyArray<[string, string, string]> = [
	['103', '0015650A0B0C', 'T54W'],
	['104', '0015650A0B0D', 'T54W'],
];

/** What hangs on the routing of calls: a way out, phones, announcements. */
function seedEquipment(context: Context): void {
	const { store } = context;
	add(context, 'OutboundRules', {
		Name: 'UK numbers',
		Prefix: '0',
		NumberLengthRanges: '10-11',
		Routes: [{ TrunkId: store.find('Trunks', 'Number', TRUNK)?.Id, StripDigits: 0 }],
	});
	for (const [number, MAC, Model] of PHONES) {
		const dn = store.dn(number);
		store.insert('SipDevices', {
			Id: store.nextId(),
			DN: dn && peer(dn),
			PhoneWebPassword: context.secret(10),
			ProvLink: `https://${context.fqdn}/provisioning/${context.secret(12)}`,
			Registrar: {
				MAC,
				Vendor: 'Yealink',
				Model,
				UserAgent: `Yealink SIP-${Model} 96.86.0.70`,
				FirmwareVersion: '96.86.0.70',
				FirmwareAvailable: '96.86.0.75',
				IpAddress: '192.0.2.31',
			},
		});
	}
	store.insert('DeviceInfos', {
		Id: store.nextId(),
		MAC: '0015650A0BFF',
		Vendor: 'Yealink',
		Model: 'T46U',
		FirmwareVersion: '108.86.0.45',
		NetworkAddress: '192.0.2.77',
		Assigned: false,
		ViaSBC: false,
		DetectedAt: context.now().toISOString(),
	});
	store.insert('CustomPrompts', {
		Filename: 'onboardivr.wav',
		DisplayName: 'Welcome menu',
		FileLink: '/xapi/v1/CustomPrompts/onboardivr.wav',
		CanBeDeleted: false,
		PromptType: 'File',
	});
	add(context, 'Playlists', { Name: 'Calm Piano', Files: ['morning.wav', 'evening.wav'] });
}

interface Extension {
	number: string;
	name: string;
}

const staff: readonly Extension[] = PEOPLE.map(([first, last], index) => ({
	number: extension(index),
	name: `${first} ${last}`,
}));

interface Outsider {
	number: string;
	name: string;
}

/** Callers from the phone book, and some whom nobody knows. */
function outsider(random: Random): Outsider {
	if (random() < 0.3) return { number: `+442079460${between(random, 500, 799)}`, name: '' };
	const [first, last, company, number] = pick(random, CONTACTS);
	return {
		number: number
			.replace(/\(0\)/g, '')
			.replace(/^00/, '+')
			.replace(/[^+\d]/g, '')
			.replace(/^0/, '+44'),
		name: [first, last].filter(Boolean).join(' ') || company,
	};
}

type Shape = (random: Random, callid: number, startedAt: Date) => FinishedCall;

const later = (at: Date, seconds: number) => new Date(at.getTime() + seconds * 1000);

interface RingOn {
	to: Extension;
	from: Date;
	answers: boolean;
	random: Random;
}

function ring({ to, from, answers, random }: RingOn): FinishedCall['legs'][number] {
	const answeredAt = answers ? later(from, between(random, 3, 20)) : undefined;
	return {
		dn: to.number,
		name: to.name,
		rangAt: from,
		answeredAt,
		endedAt: answeredAt ? later(answeredAt, between(random, 20, 600)) : later(from, 20),
	};
}

/** A call from the legs that rang one after the other. */
function finished(
	base: Pick<FinishedCall, 'callid' | 'startedAt' | 'direction' | 'from' | 'to' | 'did'>,
	legs: FinishedCall['legs'],
): FinishedCall {
	const answered =
		legs.find((leg) => leg.answeredAt && leg.dn !== base.to.dn) ??
		legs.find((leg) => leg.answeredAt);
	const endedAt = legs.reduce(
		(end, leg) => (leg.endedAt > end ? leg.endedAt : end),
		base.startedAt,
	);
	return { ...base, legs, answeredAt: answered?.answeredAt, endedAt };
}

const inboundFrom = (random: Random) => ({ ...outsider(random), dn: TRUNK });

const direct: Shape = (random, callid, startedAt) => {
	const to = pick(random, staff);
	const legs = [ring({ to, from: startedAt, answers: random() < 0.75, random })];
	return finished(
		{
			callid,
			startedAt,
			direction: 'Inbound',
			from: inboundFrom(random),
			to: { ...to, dn: to.number },
			did: DIDS[5]?.[0],
		},
		legs,
	);
};

const queued: Shape = (random, callid, startedAt) => {
	const queue = pick(random, QUEUES);
	const agents = staff.filter(({ number }) => queue.agents.includes(Number(number)));
	const entered = later(startedAt, 1);
	const missed =
		random() < 0.3
			? [ring({ to: pick(random, agents), from: entered, answers: false, random })]
			: [];
	const taken = ring({
		to: pick(random, agents),
		from: later(entered, missed.length * 22),
		answers: random() < 0.85,
		random,
	});
	const self = {
		dn: queue.Number,
		name: queue.Name,
		rangAt: startedAt,
		answeredAt: startedAt,
		endedAt: taken.rangAt,
	};
	return finished(
		{
			callid,
			startedAt,
			direction: 'Inbound',
			from: inboundFrom(random),
			to: { number: queue.Number, name: queue.Name, dn: queue.Number },
			did: DIDS.find(([, , { Number: number }]) => number === queue.Number)?.[0],
		},
		[self, ...missed, taken],
	);
};

const outbound: Shape = (random, callid, startedAt) => {
	const from = pick(random, staff);
	const to = outsider(random);
	const leg = ring({
		to: { number: TRUNK, name: to.name || to.number },
		from: startedAt,
		answers: random() < 0.7,
		random,
	});
	return finished(
		{
			callid,
			startedAt,
			direction: 'Outbound',
			from: { ...from, dn: from.number },
			to: { ...to, dn: TRUNK },
		},
		[leg],
	);
};

const internal: Shape = (random, callid, startedAt) => {
	const from = pick(random, staff);
	const to = pick(
		random,
		staff.filter((other) => other !== from),
	);
	return finished(
		{
			callid,
			startedAt,
			direction: 'Internal',
			from: { ...from, dn: from.number },
			to: { ...to, dn: to.number },
		},
		[ring({ to, from: startedAt, answers: random() < 0.8, random })],
	);
};

/** As often as they stand here. */
const SHAPES: readonly Shape[] = [
	queued,
	queued,
	queued,
	direct,
	direct,
	outbound,
	outbound,
	internal,
];

/** Seeded calls have ids far above those of the live engine, which begins at 1. */
const FIRST_CALL_ID = 1_000_000;

/** Calls over the last days, oldest first, that make exactly so many rows. */
function pastCalls(rows: number, now: Date): FinishedCall[] {
	const random = seeded(20);
	// An hour short of now, so that the last call is over.
	const span = LOG_DAYS * DAY_MS - HOUR_MS;
	const begin = now.getTime() - LOG_DAYS * DAY_MS;
	const calls: FinishedCall[] = [];
	for (let left = rows; left > 0; ) {
		const startedAt = new Date(begin + ((rows - left + random() * 0.9) / rows) * span);
		const shape = left < 3 ? internal : pick(random, SHAPES);
		const call = shape(random, FIRST_CALL_ID + calls.length, startedAt);
		calls.push(call);
		left -= call.legs.length;
	}
	return calls;
}

const digits = (text: string) => text.replace(/\D/g, '');

/** Recordings of the latest answered calls with the outside. */
function record(context: Context, calls: readonly FinishedCall[]): Map<number, CallRecording> {
	const chosen = calls
		.filter(({ direction, answeredAt }) => direction !== 'Internal' && answeredAt)
		.slice(-RECORDINGS);
	return new Map(
		chosen.map((call) => {
			const spoken =
				call.legs.find((leg) => leg.answeredAt && leg.dn !== call.to.dn) ?? call.legs[0];
			const inbound = call.direction === 'Inbound';
			const stamp = digits(call.startedAt.toISOString()).slice(0, 14);
			const url = `${inbound ? spoken?.dn : call.from.dn}/${stamp}(${call.callid}).wav`;
			const row = add(context, 'Recordings', {
				CallType: inbound ? 'InboundExternal' : 'OutboundExternal',
				StartTime: call.answeredAt?.toISOString(),
				EndTime: call.endedAt.toISOString(),
				FromCallerNumber: call.from.number,
				FromDisplayName: call.from.name,
				FromDn: call.from.dn,
				FromDnType: inbound ? 1 : 0,
				// Bare digits, without plus (protocol 4.7).
				FromDidNumber: inbound && call.did ? digits(call.did) : undefined,
				ToCallerNumber: inbound ? spoken?.dn : call.to.number,
				ToDisplayName: spoken?.name,
				ToDn: spoken?.dn,
				ToDnType: inbound ? 0 : 1,
				RecordingUrl: url,
				IsArchived: false,
				IsTranscribed: false,
			});
			return [call.callid, { id: Number(row.Id), url }];
		}),
	);
}

/**
 * Fills the PBX with the company: 30 users, 4 departments besides DEFAULT, 3 queues, 2 ring groups, an IVR, 6 DIDs, 25
 * contacts, a call log of the last fortnight and 12 recordings. The same every time, but for the secrets.
 * @param callLogRows rows that the call log begins with
 */
export function seedCompany(context: Context, callLogRows: number): void {
	seedPeople(context);
	seedDestinations(context);
	seedNumbers(context);
	const calls = pastCalls(callLogRows, context.now());
	context.callLog.add(calls, record(context, calls));
	seedEquipment(context);
}
