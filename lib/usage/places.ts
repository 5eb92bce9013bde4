import type { Expand } from '../odata/expand';
import { described, type Destination } from '../xapi/destination';
import type { Entity } from '../xapi/entities';
import { CALLERS, forwardingRoutes, REASONS } from '../xapi/forwarding';

/*
 * Where a PBX names an extension or another destination of calls: the table of all places, and what reads and writes
 * them. Pure: `change.ts` reads the rows and sends what is made here.
 */

/** A place that sends calls somewhere. */
export interface Route {
	/** In words, such as "If No Agent Answers" or "Key 3". */
	place: string;
	/** The property that it writes. */
	property: string;
	/** Where it leads, as XAPI's `Destination`; see {@link atNumber}. */
	to: Entity;
	/**
	 * Writes another destination into the properties to send.
	 *
	 * @returns false, and writes nothing, where such a place cannot lead there
	 */
	write: (draft: Entity, destination: Destination) => boolean;
}

/** A list of extensions that a row has. */
export interface MemberList {
	property: string;
	/** What somebody in it is, such as "Agent". */
	role: string;
	/** What is written back of those who stay, besides their numbers. */
	details?: readonly string[];
}

/** A set of rows that name destinations or extensions. */
export interface PlaceSet {
	/** Value of a choice. */
	name: string;
	/** What one of its rows is called. */
	label: string;
	entitySet: string;
	/** It is one row of settings, without a key; a part that a PBX need not have, or show to everybody. */
	singleton?: boolean;
	/** Properties that name a row in the output. */
	number?: string;
	title: readonly string[];
	/** What else to read. */
	select: readonly string[];
	expand?: readonly Expand[];
	members?: readonly MemberList[];
	/** The lists among the properties that lead somewhere: each is written as a whole, so it is read again just before. */
	lists?: readonly string[];
	routes: (row: Entity) => Route[];
}

type Places = PlaceSet['routes'];

/** A property that is a destination. */
const direct =
	(property: string, place: string): Places =>
	(row) => {
		const to = row[property] as Entity | null | undefined;
		const write: Route['write'] = (draft, destination) => {
			draft[property] = destination;
			return true;
		};
		return to ? [{ place, property, to, write }] : [];
	};

/** A property that has a destination inside, beside a prompt which stays. */
const wrapped =
	(property: string, place: string): Places =>
	(row) => {
		const to = (row[property] as { Route?: Entity } | null | undefined)?.Route;
		const write: Route['write'] = (draft, destination) => {
			draft[property] = { Route: destination };
			return true;
		};
		return to ? [{ place, property, to, write }] : [];
	};

const CLOSED = [
	wrapped('OutOfOfficeRoute', 'Outside Office Hours'),
	wrapped('HolidaysRoute', 'On Holidays'),
	wrapped('BreakRoute', 'During Breaks'),
];
const CLOSED_PROPERTIES = ['OutOfOfficeRoute', 'HolidaysRoute', 'BreakRoute'];

const all =
	(...places: Places[]): Places =>
	(row) =>
		places.flatMap((place) => place(row));

/** `IVRForwardType` by `DestinationType` (protocol 4.6); what a menu has no word for, it cannot lead to. */
const MENU_KINDS: Readonly<Record<string, string>> = {
	Extension: 'Extension',
	IVR: 'IVR',
	None: 'EndCall',
	Queue: 'Queue',
	RingGroup: 'RingGroup',
	VoiceMail: 'VoiceMail',
};

/** What can stand where XAPI has a number and no kind, such as for a wrong key. */
const NUMBERED_KINDS = ['Extension', 'IVR', 'Queue', 'RingGroup'];

/**
 * Where XAPI has only a number: which kind of DN has it, nobody says. All are of one range of numbers, so it is found by
 * whatever kind somebody looks for.
 */
const atNumber = (number: unknown): Entity => ({
	To: 'Extension',
	Number: number,
	External: '',
	isAnyKind: true,
});

/** Writes a number into a property that has no kind. */
const writeNumber =
	(property: string): Route['write'] =>
	(draft, { To, Number }) => {
		if (!NUMBERED_KINDS.includes(To)) return false;
		draft[property] = Number;
		return true;
	};

/** A menu's own words as a destination. */
const fromMenu = (type: unknown, number: unknown): Entity => ({
	To: Object.entries(MENU_KINDS).find(([, word]) => word === type)?.[0] ?? type,
	Number: number,
	External: '',
});

/** The keys of a menu, what happens without one, and on a wrong one. */
function menuRoutes(row: Entity): Route[] {
	const forwards = (row.Forwards ?? []) as Entity[];
	const keys = forwards.map(
		(forward, at): Route => ({
			place: `Key ${String(forward.Input)}`,
			property: 'Forwards',
			to: fromMenu(forward.ForwardType, forward.ForwardDN),
			write: (draft, { To, Number, Type }) => {
				if (!Object.hasOwn(MENU_KINDS, To)) return false;
				const list = (draft.Forwards ??= [...forwards]) as Entity[];
				list[at] = { ...forward, ForwardType: MENU_KINDS[To], ForwardDN: Number, PeerType: Type };
				return true;
			},
		}),
	);
	const timeout: Route = {
		place: 'After Timeout',
		property: 'TimeoutForwardDN',
		to: fromMenu(row.TimeoutForwardType, row.TimeoutForwardDN),
		write: (draft, { To, Number, Type }) => {
			if (!Object.hasOwn(MENU_KINDS, To)) return false;
			draft.TimeoutForwardType = MENU_KINDS[To];
			draft.TimeoutForwardDN = Number;
			draft.TimeoutForwardPeerType = Type;
			return true;
		},
	};
	const otherKeys: Route = {
		place: 'Other Keys',
		property: 'InvalidKeyForwardDN',
		to: atNumber(row.InvalidKeyForwardDN),
		write: writeNumber('InvalidKeyForwardDN'),
	};
	return [
		...keys,
		...(row.TimeoutForwardDN ? [timeout] : []),
		...(row.InvalidKeyForwardDN ? [otherKeys] : []),
	];
}

/** The forwarding of a user in every status. */
function forwardingOf(row: Entity): Route[] {
	const profiles = (row.ForwardingProfiles ?? []) as Entity[];
	return profiles.flatMap((profile, at) =>
		forwardingRoutes(profile).map(({ reason, caller, route, name, destination }): Route => {
			const why = REASONS[reason].label;
			const whose = caller === CALLERS.internal[0] ? 'Internal' : 'From Outside';
			return {
				place: `${String(profile.Name)}: ${why}, ${whose}`,
				property: 'ForwardingProfiles',
				to: destination,
				write: (draft, to) => {
					const list = (draft.ForwardingProfiles ??= [...profiles]) as Entity[];
					const held = list[at]!;
					list[at] = { ...held, [route]: { ...(held[route] as Entity), [name]: to } };
					return true;
				},
			};
		}),
	);
}

/** The exceptions of a user's forwarding: for some callers or hours, calls go elsewhere in every status. */
function exceptionsOf(row: Entity): Route[] {
	const rules = (row.ForwardingExceptions ?? []) as Entity[];
	return rules.flatMap((rule, at): Route[] => {
		const to = rule.Destination as Entity | null | undefined;
		if (!to) return [];
		const write: Route['write'] = (draft, destination) => {
			const list = (draft.ForwardingExceptions ??= [...rules]) as Entity[];
			list[at] = { ...rule, Destination: destination };
			return true;
		};
		const place = ['Forwarding Exception', rule.Data].filter(Boolean).join(' ');
		return [{ place, property: 'ForwardingExceptions', to, write }];
	});
}

/** `TypeOfAutoPickupForward` by `DestinationType`; all other kinds of DN are `DN`. */
const PICKUP_KINDS: Readonly<Record<string, string>> = {
	External: 'ExternalNumber',
	RoutePoint: 'RoutePoint',
	VoiceMail: 'ExtensionVoiceMail',
};

/** Where a parked call goes that nobody picks up; `TransferBack` is to whoever parked it. */
function pickupRoutes(row: Entity): Route[] {
	const type = row.AutoPickupForwardType;
	const kind = Object.keys(PICKUP_KINDS).find((each) => PICKUP_KINDS[each] === type);
	if (kind === undefined && type !== 'DN') return [];
	const External = row.AutoPickupForwardExternalNumber;
	const to =
		kind === 'External'
			? { To: kind, Number: '', External }
			: { ...atNumber(row.AutoPickupForwardDN), ...(kind ? { To: kind, isAnyKind: false } : {}) };
	const write: Route['write'] = (draft, destination) => {
		if (destination.To === 'None') return false;
		draft.AutoPickupForwardType = PICKUP_KINDS[destination.To] ?? 'DN';
		draft.AutoPickupForwardDN = destination.Number;
		draft.AutoPickupForwardExternalNumber = destination.External;
		return true;
	};
	return [{ place: 'If Nobody Picks Up', property: 'AutoPickupForwardDN', to, write }];
}

/** The operator: whom callers reach who press 0 in a voicemail, and where calls go that lead nowhere else. */
const operatorRoutes: Places = ({ OperatorExtension: number }) =>
	number
		? [
				{
					place: 'Operator',
					property: 'OperatorExtension',
					to: atNumber(number),
					write: writeNumber('OperatorExtension'),
				},
			]
		: [];

/** Everything that can name a destination of calls or have an extension as a member, in the order of the output. */
export const PLACES: readonly PlaceSet[] = [
	{
		name: 'departments',
		label: 'Department',
		entitySet: 'Groups',
		title: ['Name'],
		select: ['OfficeRoute', ...CLOSED_PROPERTIES, 'CustomOperator'],
		routes: all(
			wrapped('OfficeRoute', 'In Office Hours'),
			...CLOSED,
			direct('CustomOperator', 'Operator'),
		),
	},
	{
		name: 'users',
		label: 'User',
		entitySet: 'Users',
		number: 'Number',
		title: ['FirstName', 'LastName'],
		select: ['ForwardingProfiles', 'ForwardingExceptions'],
		expand: [{ property: 'ForwardingProfiles' }, { property: 'ForwardingExceptions' }],
		lists: ['ForwardingProfiles', 'ForwardingExceptions'],
		routes: all(forwardingOf, exceptionsOf),
	},
	{
		name: 'inboundRules',
		label: 'Inbound Rule',
		entitySet: 'InboundRules',
		number: 'Data',
		title: ['RuleName'],
		select: ['OfficeHoursDestination', 'OutOfOfficeHoursDestination', 'HolidaysDestination'],
		routes: all(
			direct('OfficeHoursDestination', 'In Office Hours'),
			direct('OutOfOfficeHoursDestination', 'Outside Office Hours'),
			direct('HolidaysDestination', 'On Holidays'),
		),
	},
	{
		name: 'ivrs',
		label: 'IVR',
		entitySet: 'Receptionists',
		number: 'Number',
		title: ['Name'],
		select: [
			'Forwards',
			'TimeoutForwardType',
			'TimeoutForwardDN',
			'InvalidKeyForwardDN',
			...CLOSED_PROPERTIES,
		],
		expand: [{ property: 'Forwards' }],
		lists: ['Forwards'],
		routes: all(menuRoutes, ...CLOSED),
	},
	{
		name: 'queues',
		label: 'Queue',
		entitySet: 'Queues',
		number: 'Number',
		title: ['Name'],
		select: ['Agents', 'Managers', 'ForwardNoAnswer', ...CLOSED_PROPERTIES],
		expand: [{ property: 'Agents' }, { property: 'Managers' }],
		members: [
			{ property: 'Agents', role: 'Agent', details: ['SkillGroup'] },
			{ property: 'Managers', role: 'Manager' },
		],
		routes: all(direct('ForwardNoAnswer', 'If No Agent Answers'), ...CLOSED),
	},
	{
		name: 'ringGroups',
		label: 'Ring Group',
		entitySet: 'RingGroups',
		number: 'Number',
		title: ['Name'],
		select: ['Members', 'ForwardNoAnswer', ...CLOSED_PROPERTIES],
		expand: [{ property: 'Members' }],
		members: [{ property: 'Members', role: 'Member' }],
		routes: all(direct('ForwardNoAnswer', 'If Nobody Answers'), ...CLOSED),
	},
	{
		name: 'parking',
		label: 'Call Parking',
		entitySet: 'CallParkingSettings',
		singleton: true,
		title: [],
		select: ['AutoPickupForwardType', 'AutoPickupForwardDN', 'AutoPickupForwardExternalNumber'],
		routes: pickupRoutes,
	},
	{
		name: 'hotel',
		label: 'Hotel Services',
		entitySet: 'HotelServices',
		singleton: true,
		title: [],
		select: ['NoAnswerDestination'],
		routes: direct('NoAnswerDestination', 'If Nobody Answers'),
	},
	{
		name: 'settings',
		label: 'General Settings',
		entitySet: 'GeneralSettingsForPbx',
		singleton: true,
		title: [],
		select: ['OperatorExtension'],
		routes: operatorRoutes,
	},
];

/** The row that something stands in, as properties of the output. */
export interface Whose {
	/** What it is, such as "Queue". */
	in: string;
	/** Null where it has none. */
	number: string | null;
	name: string;
}

/** @returns how the output names a row */
export const whose = (
	{ label, number, title }: Pick<PlaceSet, 'label' | 'number' | 'title'>,
	row: Entity,
): Whose => ({
	in: label,
	number: number === undefined || !row[number] ? null : String(row[number]),
	name: title
		.map((property) => row[property])
		.filter(Boolean)
		.join(' '),
});

/** Where something is used. */
export interface Use extends Whose {
	/** Such as "Agent", "Key 3" or "If No Agent Answers". */
	as: string;
	/** What stands there, such as "Voice Mail 100". */
	is: string;
}

/** @returns whether a destination is at this number: an extension or its voicemail, a queue, a menu */
export const isAt =
	(number: string) =>
	({ To, Number: held }: Entity): boolean =>
		To !== 'None' && To !== 'External' && String(held ?? '') === number;

/** @returns whether a list of members has this number */
export const hasMember = (members: unknown, number: string): boolean =>
	Array.isArray(members) && members.some((member: Entity) => member.Number === number);

/**
 * Where a row leads to a number, and as what it has it among its members.
 *
 * @param set what kind of row
 * @param row as `change.ts` reads it
 * @param number of the extension
 */
export function usesIn(set: PlaceSet, row: Entity, number: string): Use[] {
	const of = whose(set, row);
	const members = (set.members ?? [])
		.filter(({ property }) => hasMember(row[property], number))
		.map(({ role }) => ({ ...of, as: role, is: `Extension ${number}` }));
	const routes = set
		.routes(row)
		.filter(({ to }) => isAt(number)(to))
		.map(({ place, to }) => ({ ...of, as: place, is: described(to) }));
	return [...members, ...routes];
}

/** A range of extensions that may use an outbound rule. */
interface Range extends Entity {
	From?: string | null;
	To?: string | null;
}

/**
 * Which extensions an outbound rule names: a single one is a range from itself to itself.
 *
 * @returns the ranges of this number alone, those that it shares with others, and all others
 */
export function rangesOf(row: Entity, number: string) {
	const ranges = (Array.isArray(row.DNRanges) ? row.DNRanges : []) as Range[];
	const isAlone = ({ From, To }: Range) => From === number && (!To || To === number);
	// Numbers of equal length are in the same order as texts.
	const isShared = (range: Range) => {
		const [from, to] = [range.From ?? '', range.To ?? ''];
		const isAsLong = from.length === number.length && to.length === number.length;
		return !isAlone(range) && isAsLong && from <= number && number <= to;
	};
	return {
		alone: ranges.filter(isAlone),
		shared: ranges.filter(isShared),
		others: ranges.filter((range) => !isAlone(range)),
	};
}
