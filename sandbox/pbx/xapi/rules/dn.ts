/** What all DNs have in common: numbers, names, departments and the roles held in them. */
import { rejected } from '../../odata/errors';
import type { Row } from '../../odata/model';
import { ROLES } from '../../types';
import type { Context, Violations } from '../context';
import { DN_SETS, type DnSet } from '../store';

/** PeerType of the DNs in a set. */
const PEER_TYPE: Record<DnSet, string> = {
	Users: 'Extension',
	Queues: 'Queue',
	RingGroups: 'RingGroup',
	Receptionists: 'IVR',
	Parkings: 'Parking',
	Fax: 'Fax',
	Trunks: 'ExternalLine',
	ServicePrincipals: 'RoutePoint',
	Groups: 'Group',
};

/** Where free numbers are looked for: the defaults of a three-digit plan, then four digits when users run out. */
const NUMBERS: Record<
	DnSet,
	{ prefix: string; ranges: ReadonlyArray<[number, number]>; digits: number }
> = {
	Users: {
		prefix: '',
		digits: 3,
		ranges: [
			[100, 599],
			[1000, 5999],
		],
	},
	RingGroups: { prefix: '', digits: 3, ranges: [[600, 699]] },
	Receptionists: { prefix: '', digits: 3, ranges: [[700, 799]] },
	Queues: { prefix: '', digits: 3, ranges: [[800, 899]] },
	Fax: { prefix: '', digits: 3, ranges: [[900, 949]] },
	Trunks: { prefix: '', digits: 5, ranges: [[10_000, 10_999]] },
	Parkings: { prefix: 'SP', digits: 2, ranges: [[11, 99]] },
	Groups: { prefix: 'GRP', digits: 4, ranges: [[0, 9999]] },
	ServicePrincipals: { prefix: '', digits: 4, ranges: [[9000, 9999]] },
};

/**
 * The first number that no DN of any kind has.
 * @throws ODataError 400 `WARNINGS.NO_MORE_NUMBERS_AVAILABLE`
 */
export function firstFreeNumber({ store }: Context, set: DnSet): string {
	const { prefix, digits, ranges } = NUMBERS[set];
	for (const [from, to] of ranges) {
		for (let value = from; value <= to; value += 1) {
			const number = prefix + String(value).padStart(digits, '0');
			if (!store.dn(number)) return number;
		}
	}
	throw rejected({ Number: 'WARNINGS.NO_MORE_NUMBERS_AVAILABLE' });
}

/** Sets whose numbers are words: parking slots, departments, and client IDs, whose characters are not known (protocol 8.4). */
const NAMED: ReadonlySet<DnSet> = new Set<DnSet>(['Groups', 'Parkings', 'ServicePrincipals']);

/** A Number is unique among all DNs and fixed once given; sending the same one again is fine (protocol 4.5). */
export function numberViolations(
	context: Context,
	body: Row,
	existing?: Row,
	set?: DnSet,
): Violations {
	const number = body.Number;
	if (number === undefined || number === null || number === '') return {};
	if (existing)
		return number === existing.Number ? {} : { Number: 'WARNINGS.XAPI.FORBIDDEN_CHANGE' };
	if (set !== undefined && !NAMED.has(set) && !/^\d+$/.test(String(number))) {
		return { Number: 'WARNINGS.INVALID' };
	}
	return context.store.dn(String(number)) ? { Number: 'WARNINGS.XAPI.ALREADY_IN_USE' } : {};
}

/** Name of a DN as lists show it. */
export function dnName(set: DnSet, row: Row): string {
	if (set === 'Users') return [row.FirstName, row.LastName].filter(Boolean).join(' ');
	if (set === 'Trunks') return String((row.Gateway as Row | undefined)?.Name ?? row.Number);
	return String(row.Name ?? row.Number ?? '');
}

/** The rights that go with a role: those of the stronger roles include those of the weaker. */
export function rightsOf(roleName: string): Row {
	const rank = ROLES.length - (ROLES as readonly string[]).indexOf(roleName);
	const [user, receptionist, manager, owner] = [1, 2, 4, 5];
	return {
		RoleName: roleName,
		ShowMyPresence: rank >= user,
		ShowMyPresenceOutside: rank >= manager,
		ShowMyCalls: rank >= user,
		CanSeeGroupMembers: rank >= user,
		CanSeeGroupCalls: rank >= receptionist,
		PerformOperations: rank >= receptionist,
		CanIntercom: rank >= receptionist,
		AllowIVR: true,
		AllowParking: true,
		AllowToChangePresence: rank >= user,
		AllowToManageCompanyBook: rank >= manager,
		AssignClearOperations: rank >= manager,
		CanBargeIn: rank >= manager,
		CanSeeGroupRecordings: rank >= owner,
		Invalid: false,
	};
}

/** A DN's place in a department, as a UserGroup row. */
function membership(
	{ set, row }: { set: DnSet; row: Row },
	group: Row,
	rights: { RoleName: string },
): Row {
	return {
		Id: row.Id,
		Number: row.Number,
		MemberName: dnName(set, row),
		GroupId: group.Id,
		Name: group.Name,
		Type: PEER_TYPE[set],
		CanDelete: true,
		Rights: { ...rightsOf(rights.RoleName), ...rights },
		GroupRights: rightsOf(rights.RoleName),
		Tags: [],
	};
}

type WrittenRights = { RoleName: string } | undefined;
const rightsIn = (entry: Row | undefined) => entry?.Rights as WrittenRights;

/**
 * Fills in the rows of a written `Groups` array. The role comes from `Rights.RoleName`; `GroupRights` alone changes nothing
 * (protocol 4.5): the role held so far stays, or `users`.
 */
export function fillGroups(
	{ store }: Context,
	dn: { set: DnSet; row: Row },
	written: Row[],
	held: Row[],
): Row[] {
	return written.map((entry) => {
		const group = store.find('Groups', 'Id', entry.GroupId);
		const before = held.find(({ GroupId }) => GroupId === entry.GroupId);
		const rights = rightsIn(entry) ?? rightsIn(before) ?? { RoleName: 'users' };
		return group ? membership(dn, group, rights) : entry;
	});
}

/** Departments must exist and offer the role. */
export function groupViolations({ store }: Context, groups: unknown): Violations {
	const violations: Violations = {};
	((groups ?? []) as Row[]).forEach((entry, index) => {
		const group = store.find('Groups', 'Id', entry.GroupId);
		const role = rightsIn(entry)?.RoleName;
		if (!group) violations[`Groups[${index}].GroupId`] = 'WARNINGS.XAPI.NOT_FOUND';
		else if (
			role !== undefined &&
			!(group.Rights as Row[]).some(({ RoleName }) => RoleName === role)
		) {
			violations[`Groups[${index}].Rights.RoleName`] = 'WARNINGS.XAPI.NOT_FOUND';
		}
	});
	return violations;
}

/** Makes every department's Members what the Groups of all DNs say. */
export function rebuildMembers({ store }: Context): void {
	const members = new Map<unknown, Row[]>();
	for (const set of DN_SETS) {
		if (set === 'Groups') continue;
		for (const row of store.rows(set)) {
			for (const entry of (row.Groups ?? []) as Row[]) {
				const others = members.get(entry.GroupId);
				if (others) others.push(entry);
				else members.set(entry.GroupId, [entry]);
			}
		}
	}
	for (const group of store.rows('Groups')) {
		const own = members.get(group.Id) ?? [];
		store.update('Groups', group, { Members: own, HasMembers: own.length > 0 });
	}
}

/** `{Id, Name, Number, Type}` of a DN. */
export function peer({ set, row }: { set: DnSet; row: Row }): Row {
	return {
		Id: row.Id,
		Number: row.Number,
		Name: dnName(set, row),
		Type: PEER_TYPE[set],
		Hidden: false,
		MemberOf: [],
		Tags: [],
	};
}

/** Fills in agents, managers and members, which are written as `{Number}` only. */
export function fillExtensions({ store }: Context, written: Row[]): Row[] {
	return written.map((entry) => {
		const user = store.find('Users', 'Number', entry.Number);
		return user ? { Tags: [], ...entry, Id: user.Id, Name: dnName('Users', user) } : entry;
	});
}

/** Agents, managers and members must be existing extensions, each once. */
export function extensionViolations(
	{ store }: Context,
	field: string,
	written: unknown,
): Violations {
	const violations: Violations = {};
	const seen = new Set<unknown>();
	((written ?? []) as Row[]).forEach(({ Number: number }, index) => {
		const target = `${field}[${index}].Number`;
		if (number === undefined || number === null) violations[target] = 'WARNINGS.XAPI.REQUIRED';
		else if (!store.find('Users', 'Number', number)) violations[target] = 'WARNINGS.XAPI.NOT_FOUND';
		else if (seen.has(number)) violations[target] = 'WARNINGS.XAPI.DUPLICATE';
		seen.add(number);
	});
	return violations;
}

/** The fields of each set that hold extensions, to keep them true when a user is renamed or deleted. */
export const EXTENSION_FIELDS: ReadonlyArray<[DnSet, string]> = [
	['Queues', 'Agents'],
	['Queues', 'Managers'],
	['RingGroups', 'Members'],
];
