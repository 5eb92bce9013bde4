/** The configuration as the call engine reads it: live, so that a user created over XAPI can be rung at once. */
import type { Row } from './odata/model';
import type { Device, Directory, Dn, ForwardTo } from './types';
import { dnName } from './xapi/rules/dn';
import type { DnSet, Store } from './xapi/store';

const WEB_CLIENT = '3CX Web Client';
const DESK_PHONE = 'Yealink SIP-T54W 96.86.0.100';

const deskPhone = (number: string): Device => ({
	device_id: `sip:${number}@192.0.2.${20 + (Number(number.slice(-2)) % 200)}:5065`,
	user_agent: DESK_PHONE,
	directControl: true,
});
/** Apps register from the PBX itself, on a port of their own (protocol 2.2). */
const webClient = (number: string): Device => ({
	device_id: `sip:${number}@127.0.0.1:${5483 + (Number(number) % 1000)}`,
	user_agent: WEB_CLIENT,
	directControl: false,
});

/** By the last digit of the extension: 9 has no phone on, 8 only the web client, 7 only a desk phone, all others both. */
const BY_LAST_DIGIT: Record<string, Array<(number: string) => Device>> = {
	9: [],
	8: [webClient],
	7: [deskPhone],
};

/** The devices that are registered for an extension. */
export function devicesOf(number: string): Device[] {
	const make = BY_LAST_DIGIT[number.slice(-1)] ?? [deskPhone, webClient];
	return make.map((device) => device(number));
}

const routePointDevice = (number: string): Device => ({
	device_id: `sip:${number}@127.0.0.1:5060`,
	user_agent: '3CX Call Flow Designer',
	directControl: true,
});
/** Queues and IVRs have one, too: 3CX's campaign sample dials from it (protocol 2.2). What it calls itself is not known. */
const ownDevice = (number: string): Device => ({
	device_id: `sip:${number}@127.0.0.1:5060`,
	user_agent: '3CX',
	directControl: false,
});

const numbers = (rows: unknown) =>
	((rows ?? []) as Row[]).map(({ Number: number }) => String(number));

/** The voicemail menu, which every PBX has. */
const VOICEMAIL_MENU: Dn = { number: '999', name: 'Voicemail', type: 'Wspecialmenu', devices: [] };

/** Kinds of destinations that are a number outside; those that are a mailbox; all others are the number of a DN. */
const OUTSIDE = new Set(['External', 'Boomerang', 'Deflect']);
const MAILBOX = new Set(['VoiceMail', 'VoiceMailOfDestination']);

/** The number that a destination of the configuration stands for; none for `None`, which ends the call. */
function numberOf(destination: unknown): string | undefined {
	const { To = 'None', Number: number, External } = (destination ?? {}) as Record<string, string>;
	if (To === 'None') return undefined;
	if (MAILBOX.has(To)) return VOICEMAIL_MENU.number;
	return (OUTSIDE.has(To) ? External : number) || undefined;
}

/** A pair of destinations, such as `NotRegisteredInternal` and `NotRegisteredExternal`. */
const forwardTo = (route: Row, prefix = ''): ForwardTo => ({
	Internal: numberOf(route[`${prefix}Internal`]),
	External: numberOf(route[`${prefix}External`]),
});

/** What the current forwarding profile of a user says (protocol 4.6). Busy and unanswered phones forward nothing here. */
function forwardingOf({ CurrentProfileName, ForwardingProfiles }: Row): Dn['forwarding'] {
	const profiles = (ForwardingProfiles ?? []) as Row[];
	const { AwayRoute, AvailableRoute } =
		profiles.find(({ Name }) => Name === CurrentProfileName) ?? {};
	return {
		...(AwayRoute ? { always: forwardTo(AwayRoute as Row) } : {}),
		...(AvailableRoute ? { notRegistered: forwardTo(AvailableRoute as Row, 'NotRegistered') } : {}),
	};
}

type Part = (row: Row, store: Store) => Omit<Dn, 'number' | 'name'>;

/** What each kind of row is for Call Control. Departments and faxes take no calls here. */
const PARTS: Partial<Record<DnSet, Part>> = {
	Users: (row) => ({
		type: 'Wextension',
		devices: devicesOf(String(row.Number)),
		forwarding: forwardingOf(row),
	}),
	ServicePrincipals: (row) => ({
		type: 'Wroutepoint',
		devices: [routePointDevice(String(row.Number))],
	}),
	Queues: (row, store) => ({
		type: 'Wqueue',
		devices: [ownDevice(String(row.Number))],
		pollingStrategy: String(row.PollingStrategy),
		// Being logged in to queues is one switch on the user, not one per queue (protocol 4.6).
		members: numbers(row.Agents).filter(
			(number) => store.find('Users', 'Number', number)?.QueueStatus === 'LoggedIn',
		),
	}),
	RingGroups: (row) => ({ type: 'Wringgroup', devices: [], members: numbers(row.Members) }),
	Receptionists: (row) => ({
		type: 'Wivr',
		devices: [ownDevice(String(row.Number))],
		keys: Object.fromEntries(
			((row.Forwards ?? []) as Row[])
				.filter(({ ForwardDN }) => typeof ForwardDN === 'string' && ForwardDN !== '')
				.map(({ Input, ForwardDN }) => [String(Input), String(ForwardDN)]),
		),
	}),
	Parkings: () => ({ type: 'Wparkextension', devices: [] }),
	Trunks: () => ({ type: 'Wexternalline', devices: [] }),
};

const SETS = Object.keys(PARTS) as DnSet[];

const FALLBACK_TRUNK: Dn = { number: '10000', name: 'Trunk', type: 'Wexternalline', devices: [] };

const digits = (text: unknown) => String(text ?? '').replace(/\D/g, '');

export function createDirectory(store: Store): Directory {
	const toDn = (set: DnSet, row: Row): Dn | undefined => {
		const part = PARTS[set]?.(row, store);
		return part && { number: String(row.Number), name: dnName(set, row), ...part };
	};
	return {
		dn(number) {
			const found = store.dn(number);
			if (found) return toDn(found.set, found.row);
			return number === VOICEMAIL_MENU.number ? VOICEMAIL_MENU : undefined;
		},
		dns: () => [
			...SETS.flatMap((set) => store.rows(set).flatMap((row) => toDn(set, row) ?? [])),
			VOICEMAIL_MENU,
		],
		didTarget(did) {
			const rule = store
				.rows('InboundRules')
				.find(({ Condition, Data }) => Condition === 'BasedOnDID' && digits(Data) === digits(did));
			const target = (rule?.OfficeHoursDestination as Row | undefined)?.Number;
			return typeof target === 'string' && target !== '' ? target : undefined;
		},
		trunk() {
			const [row] = store.rows('Trunks');
			return (row && toDn('Trunks', row)) ?? FALLBACK_TRUNK;
		},
	};
}
