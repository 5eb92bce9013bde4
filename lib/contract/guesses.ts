import * as access from './questions/access';
import * as calls from './questions/calls';
import * as history from './questions/history';
import * as xapi from './questions/xapi';
import type { Ask } from './subject';
import type { Fact } from './words';

const { DN_TYPES, CALL_STATES } = calls;
const { DIRECTIONS, CALL_TYPES, CALL_STATUSES } = history;

/** What an answer is expected to be: this value, one or several of a list, or a list that has these. */
export type Allowed = Fact | { within: readonly Fact[] } | { including: readonly string[] };

/** By the names of the facts of the answer. Facts that are not named here are told for what they are worth. */
export type Expected = Readonly<Record<string, Allowed>>;

/** What an expectation may depend on. */
export interface Circumstances {
	/** Such as `20.0.10.1000`. */
	version?: string;
	/** Strongest role of the API client. */
	role?: string;
}

/** A guess of docs/protocol.md, and how a PBX is asked about it. */
export interface Guess {
	/** `G1` and so on, as in the document. */
	id: string;
	/** What we take for true, in the words of the document. */
	claim: string;
	/** Sections of the document. */
	sections: readonly string[];
	/** What the answer is if the guess is right. */
	expected?: (circumstances: Circumstances) => Expected;
	ask?: Ask;
	/** Why it is not asked. */
	why?: string;
}

const within = (list: readonly Fact[]): Allowed => ({ within: list });
const including = (list: readonly string[]): Allowed => ({ including: list });

const asked = (
	id: string,
	claim: string,
	sections: readonly string[],
	ask: Ask,
	expected: Expected | ((circumstances: Circumstances) => Expected),
): Guess => ({
	id,
	claim,
	sections,
	ask,
	expected: typeof expected === 'function' ? expected : () => expected,
});

const notAsked = (id: string, claim: string, sections: readonly string[], why: string): Guess => ({
	id,
	claim,
	sections,
	why,
});

/** Whether a version is known, and older than another. */
function isBefore(version: string | undefined, other: readonly number[]): boolean {
	const numbers = version?.split('.').map(Number) ?? [];
	const [at] = other
		.map((part, index) => (numbers[index] ?? part) - part)
		.filter((step) => step !== 0);
	return (at ?? 0) < 0;
}

const OWNERS_ONLY = ['Recordings', 'CallHistoryView', 'ChatHistoryView', 'ReportCallLogData'];
const ADMINS = ['Users', 'Groups', 'Queues', 'Trunks', 'Contacts', 'ActiveCalls', 'EventLogs'];

const answering = (roots: readonly string[], answer: string): Expected =>
	Object.fromEntries(roots.map((root) => [root, answer]));

/** What a role may read (protocol 1.6); of those below the administrators only the weakest is known. */
function readableBy(role: string | undefined): Expected {
	const everybody = { Defs: 'ok' };
	if (role === 'system_owners')
		return { ...everybody, ...answering([...ADMINS, ...OWNERS_ONLY], 'ok') };
	if (role === 'system_admins')
		return { ...everybody, ...answering(ADMINS, 'ok'), ...answering(OWNERS_ONLY, '403') };
	return role === 'users'
		? { ...everybody, ...answering(['Users', ...OWNERS_ONLY], '403') }
		: everybody;
}

/** Of other roles it is not known what they see. */
const everyUserFor = (role: string | undefined): Expected =>
	role === 'system_owners' ? answering(['everyUser'], 'yes') : {};

const NO_DIFFERENCE: Expected = Object.fromEntries(
	['operations', 'types', 'enums'].flatMap((part) =>
		['Added', 'Gone', 'Changed'].map((change) => [part + change, []]),
	),
);

const PROVEN_FILTERS = [
	'eq',
	'ne',
	'and',
	'or',
	'not',
	'contains',
	'startswith',
	'endswith',
	'tolower',
	'toupper',
	'gt',
	'le',
	'null',
	'enum',
];

/** Every guess of docs/protocol.md, in its order; a test compares the two. */
export const GUESSES: readonly Guess[] = [
	asked(
		'G1',
		'expires_in counts seconds since 20.0.9, minutes before',
		['1.2', '8.1'],
		access.expiryUnit,
		({ version }) => ({ unit: isBefore(version, [20, 0, 9]) ? 'minutes' : 'seconds' }),
	),
	asked(
		'G2',
		'The token is a JWT with sub, iss, exp, iat, role, and sub is the client ID',
		['1.3'],
		access.tokenClaimNames,
		{ sub: true, iss: true, exp: true, iat: true, role: true, subIsClientId: true },
	),
	asked(
		'G3',
		'A new token ends the older one of the same client ID at once',
		['1.4'],
		access.olderToken,
		{ olderToken: '401' },
	),
	asked(
		'G4',
		'It also closes the sockets of the older token',
		['3.1', '8.12'],
		access.olderSocket,
		{ socket: 'closed' },
	),
	notAsked(
		'G5',
		'A client ID may hold letters, digits, - and _',
		['1.5', '8.4'],
		'needs a new API client',
	),
	asked(
		'G6',
		'The role decides what can be read: call history and recordings need System Owner',
		['1.6'],
		access.readable,
		({ role }) => readableBy(role),
	),
	asked('G7', 'A 401 has an empty body', ['1.8', '8.11'], access.refusalBodies, {
		xapi: 'empty',
		callControl: 'empty',
		xapiStatus: 401,
		callControlStatus: 401,
	}),
	asked('G8', 'Each XAPI answer has the header X-3CX-Version', ['1.9'], access.versionHeader, {
		header: true,
		isStatusVersion: true,
	}),
	asked('G9', 'No answer speaks of rate limits', ['4.4'], access.rateLimits, {
		headers: [],
		tooManyRequests: false,
	}),
	asked('G10', 'The types of DNs are those that we know', ['2.2', '2.4'], calls.typesOfDns, {
		types: within(DN_TYPES),
	}),
	asked(
		'G11',
		"A System Owner's client sees the DNs of all users",
		['2.2'],
		calls.scope,
		({ role }) => everyUserFor(role),
	),
	asked(
		'G12',
		'Devices have dn, device_id (a SIP contact) and user_agent',
		['2.2'],
		calls.devices,
		{ fields: ['device_id', 'dn', 'user_agent'], areSipContacts: true },
	),
	asked(
		'G13',
		'Participants have the fields of 2.3, and the statuses are Dialing, Ringing, Connected',
		['2.3'],
		calls.legs,
		{
			missing: [],
			further: within(['participant_uid']),
			statuses: within(['Connected', 'Dialing', 'Ringing']),
			partyTypes: within([...DN_TYPES, 'None']),
		},
	),
	asked(
		'G14',
		'party_did is filled on legs of route points only',
		['2.3', '8.8'],
		calls.dialledDid,
		{ extensions: 'empty', routePoints: 'filled' },
	),
	asked(
		'G15',
		'The participants of a DN that is not monitored can be listed, but not read one by one',
		['2.9', '3.4'],
		calls.strangers,
		{ list: 'ok' },
	),
	notAsked(
		'G16',
		"finalstatus is a word; 3CX's own types say number",
		['2.6', '8.2'],
		'needs a call',
	),
	notAsked(
		'G17',
		'routeto and transferto answer when the outcome is known',
		['2.5'],
		'needs a call',
	),
	notAsked('G18', 'What timeout is when it is not given', ['2.5', '8.13'], 'needs a call'),
	notAsked(
		'G19',
		'Voicemail of an extension is no documented destination',
		['2.5', '8.15'],
		'needs a call',
	),
	asked(
		'G20',
		'Socket messages have the envelope of 3.2 in snake case, with a number as type, as text',
		['3.2'],
		calls.envelope,
		{
			keys: ['event', 'sequence'],
			eventKeys: ['attached_data', 'entity', 'event_type'],
			typeIs: ['number'],
			dataOfChanges: ['null'],
			entities: within(['dn', 'device', 'participant']),
			binary: false,
		},
	),
	asked('G21', 'sequence grows by one with each message', ['3.2'], calls.sequences, {
		growsByOne: true,
	}),
	asked(
		'G22',
		'Type 3 tells that a prompt has ended; there is no type 5',
		['3.2', '8.3'],
		calls.eventTypes,
		{ types: within([0, 1, 2, 3, 4]) },
	),
	asked('G23', 'swagger.yaml and $metadata are served on every build', ['4.1'], xapi.descriptions, {
		swagger: 'ok',
		metadata: 'ok',
	}),
	asked(
		'G24',
		"The PBX's own description is that of our catalogue (20.0.10)",
		['4.1', '5'],
		xapi.description,
		NO_DIFFERENCE,
	),
	asked('G25', 'There is no @odata.nextLink', ['4.1', '8.9'], xapi.nextLinks, { nextLink: false }),
	asked('G26', 'Properties that are null are left out', ['4.1'], xapi.nulls, { properties: [] }),
	asked('G27', 'Values have the JSON types of the description', ['4.1'], xapi.types, {
		misfits: [],
		unknown: [],
	}),
	asked('G28', '$count=true gives @odata.count as a number', ['4.3'], xapi.counts, {
		count: 'number',
	}),
	asked('G29', "The alternate key Users(Number='100') works", ['4.2', '8.5'], xapi.alternateKey, {
		alternateKey: 'ok',
	}),
	asked('G30', 'Pbx.GetByNumber still answers on some builds', ['4.2', '8.5'], xapi.getByNumber, {
		getByNumber: within(['ok', '404']),
	}),
	asked('G31', 'Recordings(5) is 404', ['4.2'], xapi.recordingByKey, { byKey: '404' }),
	asked('G32', 'Entity sets refuse $top above 100', ['4.3'], xapi.largestTop, {
		top100: 'ok',
		top101: '400',
		limit: 100,
	}),
	asked('G33', 'Report functions take larger pages', ['4.3'], history.functionPages, {
		top500: 'ok',
	}),
	asked('G34', 'Without $top, a page has 100 rows', ['4.3', '8.9'], xapi.defaultPage, {
		page: 100,
	}),
	asked(
		'G35',
		'The filter operators and functions of 4.3 work; lambdas are not known to',
		['4.3'],
		xapi.filters,
		answering(PROVEN_FILTERS, 'ok'),
	),
	asked('G36', '$search finds users by their number', ['4.3'], xapi.search, {
		search: 'ok',
		finds: true,
	}),
	asked('G37', 'Dates can be compared on EventLogs and Recordings', ['4.3'], history.dateFilters, {
		eventLogs: 'ok',
		recordings: 'ok',
	}),
	asked(
		'G38',
		'CallHistoryView: comparing with a time works on some builds and is a 500 on others; date() always works',
		['4.3', '8.7'],
		history.oldViewFilters,
		{ instant: within(['ok', '500']), day: 'ok' },
	),
	asked(
		'G39',
		'Errors have the body of 4.4, with error.code and error.message',
		['4.4'],
		xapi.errors,
		{
			badFilter: '400',
			badFilterMembers: including(['code', 'message']),
			unknownSet: '404',
			unknownRow: '404',
			functionWithoutParameters: '404',
		},
	),
	notAsked(
		'G40',
		'Actions take ids as the description spells it, not Ids',
		['4.5', '8.6'],
		'needs a write',
	),
	notAsked('G41', 'A PATCH merges objects such as Props key by key', ['4.5'], 'needs a write'),
	asked(
		'G42',
		'ActiveCalls.Id is the callid of Call Control',
		['4.6', '8.10'],
		calls.activeCallIds,
		{ same: true },
	),
	asked(
		'G43',
		'Statuses of active calls are Dialing, Ringing, Routing, Talking, Transferring',
		['4.6'],
		calls.activeCallStates,
		{ statuses: within(CALL_STATES) },
	),
	asked(
		'G44',
		'Caller and Callee of active calls begin with the number',
		['4.6'],
		calls.activeCallParties,
		{ caller: true, callee: true },
	),
	asked(
		'G45',
		'GetCallLogData takes \'0:00:0\' as "no limit of time"; an empty text is not proven',
		['4.7'],
		history.timeFilter,
		{ zero: 'ok' },
	),
	asked(
		'G46',
		'Times of the call log are UTC, the begin of a period belongs to it and its end does not',
		['4.7'],
		history.periods,
		{ times: 'instant with Z', beginBelongs: true, endBelongs: false },
	),
	asked(
		'G47',
		'The codes and words of the call log are those that we know',
		['4.7', '8.14'],
		history.callLogWords,
		{
			directions: within(DIRECTIONS),
			callTypes: within(CALL_TYPES),
			statuses: within(CALL_STATUSES),
		},
	),
	asked('G48', 'CallHistoryView gets no new rows since Update 6', ['4.7'], history.oldView, {
		getsNewRows: false,
	}),
	asked(
		'G49',
		'clientTimeZone takes IANA names with the slash as %2F',
		['4.7'],
		history.timeZones,
		{ zone: 'ok' },
	),
	notAsked(
		'G50',
		'Old ways in (customer-portal, X-3CX-Tenant) are gone',
		['1.7', '8.16'],
		'needs other credentials',
	),
	notAsked(
		'G51',
		'A download ticket replaces the token for one download',
		['1.7'],
		'needs a write',
	),
	notAsked(
		'G52',
		'A waiting caller has no EstablishedAt; LastChangeStatus is when the call came to the queue',
		['4.6', '8.17'],
		'needs a call',
	),
	notAsked(
		'G53',
		'What the event log says of a failed backup has the word "backup" in it',
		['4.6', '8.18'],
		'needs a failed backup',
	),
	notAsked(
		'G54',
		'POST Sbcs needs a Name and a Password from the client',
		['4.6', '8.19'],
		'needs a write',
	),
	notAsked(
		'G55',
		'A user is always in a department: the primary one stays',
		['4.5', '8.20'],
		'needs a write',
	),
];
