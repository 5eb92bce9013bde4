import type { IDataObject } from 'n8n-workflow';
import { queryString } from '../../../../lib/odata/query';
import { getEntity, type Entity } from '../../../../lib/xapi/entities';
import { nestedRows, requiredText } from '../../../../lib/xapi/nested';
import {
	carryOut,
	leave,
	noted,
	OUTBOUND_RULE,
	readOutboundRules,
	readPlaces,
	redirect,
	removeFromRanges,
	removeMember,
	replacing,
	type Placed,
	type Step,
} from '../../../../lib/usage/change';
import { isAt, rangesOf, usesIn, whose, type Use } from '../../../../lib/usage/places';
import type { ItemRun } from '../../../shared/router';
import {
	assertReachable,
	destinationFrom,
	destinationProperty,
	type DestinationValue,
} from '../../fields/destination';
import { changeDepartments, MEMBERSHIPS } from '../../fields/members';
import { onRow } from '../../onRow';
import type { OwnOperation } from '../../resource';
import { rows } from './rows';

/** Where a user is used, and how to take the user out of all of it. */

const USES = [
	'GetUser',
	'ListUser',
	'ListGroup',
	'ListInboundRule',
	'ListOutboundRule',
	'ListQueue',
	'ListReceptionist',
	'ListRingGroup',
	'GetCallParkingSettings',
	'GetGeneralSettingsForPbx',
	'GetHotelServices',
];

interface Found {
	user: Entity;
	number: string;
	/** Rows that may name the user; the user's own forwarding is not among them. */
	placed: Placed[];
	rules: Entity[];
	departments: Entity[];
	/** What could not be read, for the output; nothing for most. */
	notes: { notes?: Record<string, string> };
}

/** Reads the user, and all that may name the user. */
async function find(run: ItemRun, id: string | number, path: string): Promise<Found> {
	const { client, signal } = run;
	const query = queryString({
		select: ['Id', 'Number', 'FirstName', 'LastName', 'PrimaryGroupId', 'Groups'],
		expand: [MEMBERSHIPS],
	});
	const user = await getEntity(client, path, query, { signal });
	const number = requiredText(user, 'Number');
	const [{ placed, notes }, rules] = await Promise.all([
		readPlaces(client, { signal }),
		readOutboundRules(client, { signal }),
	]);
	const isOwn = ({ set, row }: Placed) => set.name === 'users' && row.Id === id;
	return {
		user,
		number,
		placed: placed.filter((one) => !isOwn(one)),
		rules,
		departments: nestedRows(user, MEMBERSHIPS),
		notes: noted(notes),
	};
}

/** The user, as each item names them. */
const named = ({ Id, Number: number, FirstName, LastName }: Entity): IDataObject => ({
	Id: Id as number,
	Number: number as string,
	name: [FirstName, LastName].filter(Boolean).join(' '),
});

const inDepartment = ({ Name, Rights }: Entity) => ({
	in: 'Department',
	number: null,
	name: String(Name ?? ''),
	as: `Role: ${String((Rights as Entity | undefined)?.RoleName ?? '')}`,
});

export const getUsage: OwnOperation = {
	name: 'getUsage',
	label: 'Get Usage',
	action: 'Get where a user is used',
	description:
		'List where a user is used: queues, ring groups, departments with role, inbound and outbound rules, IVR keys, the forwarding of others, and the settings of parking, hotel and operator',
	onRow: true,
	uses: USES,
	execute: async (run): Promise<IDataObject> =>
		await onRow(run, rows, async ({ id, path }) => {
			const { user, number, placed, rules, departments, notes } = await find(run, id, path);
			const callers = rules.flatMap((rule): Use[] => {
				const { alone, shared } = rangesOf(rule, number);
				const of = { ...whose(OUTBOUND_RULE, rule), as: 'Caller' };
				return [
					...alone.map(() => ({ ...of, is: `Extension ${number}` })),
					...shared.map(({ From, To }) => ({ ...of, is: `${From} to ${To}` })),
				];
			});
			const uses: Use[] = [
				...departments.map((one) => ({ ...inDepartment(one), is: `Extension ${number}` })),
				...placed.flatMap(({ set, row }) => usesIn(set, row, number)),
				...callers,
			];
			return {
				...named(user),
				used: uses.length,
				uses: uses as unknown as IDataObject[],
				...notes,
			};
		}),
};

/** The steps out of all departments but the user's own: 3CX has no user without one (protocol 8.20 [?]). */
function leaveDepartments({ user, departments }: Found, path: string): Step[] {
	const own = user.PrimaryGroupId ?? departments[0]?.GroupId;
	return departments
		.filter(({ GroupId }) => GroupId !== own)
		.map((one) => {
			const { as, ...of } = inDepartment(one);
			const remove = [{ GroupId: one.GroupId }];
			return {
				changes: [{ ...of, as: 'Member', from: as, to: null }],
				act: async (client, options) => await changeDepartments(client, path, { remove }, options),
			};
		});
}

const NO_DESTINATION = 'Calls still go to this user: choose a destination under Send Calls To';

export const removeFromEverything: OwnOperation = {
	name: 'removeFromEverything',
	label: 'Remove From Everything',
	action: 'Remove a user from everything',
	description:
		'Take a user out of all queues, ring groups, other departments and outbound rules, and send calls of rules, menus, settings and the forwarding of others elsewhere. The user stays. Returns a list of what was changed.',
	onRow: true,
	uses: [
		...USES,
		'UpdateUser',
		'UpdateGroup',
		'UpdateInboundRule',
		'UpdateOutboundRule',
		'UpdateQueue',
		'UpdateReceptionist',
		'UpdateRingGroup',
		'UpdateCallParkingSettings',
		'UpdateGeneralSettingsForPbx',
		'UpdateHotelServices',
	],
	dryRun: true,
	properties: [
		destinationProperty(
			'insteadOfUser',
			'Send Calls To',
			'Where calls go that rules, menus, queues and the forwarding of others send to the user or their voicemail. If empty, they stay, and the output lists them.',
		),
		{
			displayName: 'Leave Departments',
			name: 'leaveDepartments',
			type: 'boolean',
			default: true,
			description: 'Whether the user also leaves all departments but their own',
		},
	],
	execute: async (run): Promise<IDataObject> => {
		const { context, index, client, signal } = run;
		const instead = context.getNodeParameter('insteadOfUser', index, {}) as DestinationValue;
		const isLeaving = context.getNodeParameter('leaveDepartments', index, true) === true;
		const destination = destinationFrom(instead, 'Send Calls To');
		if (destination) await assertReachable(run, destination, 'Send Calls To');
		return await onRow(run, rows, async ({ id, path }) => {
			const found = await find(run, id, path);
			const { user, number, placed, rules, notes } = found;
			const matches = isAt(number);
			const result = await carryOut(
				client,
				[
					// Calls first: then nobody is sent to somebody who is not there any more.
					...(destination
						? redirect(placed, replacing(matches, destination))
						: leave(placed, matches, NO_DESTINATION)),
					...removeMember(placed, number),
					...removeFromRanges(rules, number),
					...(isLeaving ? leaveDepartments(found, path) : []),
				],
				{ signal },
			);
			const touched = result.touched as unknown as IDataObject[];
			return { ...named(user), ...result, touched, ...notes };
		});
	},
};
