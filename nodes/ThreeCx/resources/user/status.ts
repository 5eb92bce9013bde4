import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { ThreeCxError } from '../../../../lib/http/errors';
import { queryString } from '../../../../lib/odata/query';
import { changesTo } from '../../../../lib/xapi/difference';
import { getEntity, outcomeOf, updateEntity, type Entity } from '../../../../lib/xapi/entities';
import { setProperties } from '../../../../lib/xapi/members';
import { nestedRows } from '../../../../lib/xapi/nested';
import { byName, rowsOf } from '../../lists';
import { locatorFilter } from '../../locator';
import { onRow } from '../../onRow';
import type { LoadOptionsMethod, OwnOperation } from '../../resource';
import { rows } from './rows';

/** The statuses of a user, which XAPI calls forwarding profiles, and whether they are logged in to their queues. */

/** What every 3CX user has (protocol 4.6), for the list while no user is chosen. */
const STATUSES = ['Available', 'Away', 'Custom 1', 'Custom 2', 'Out of office'];

/** Brings the names of a user's statuses along. */
const NAMES = { property: 'ForwardingProfiles', select: ['Id', 'Name', 'CustomName'] };

/** The parameter that names a status of the user whom the locator names. */
const statusParameter: INodeProperties = {
	displayName: 'Status Name or ID',
	name: 'status',
	type: 'options',
	typeOptions: {
		loadOptionsMethod: 'getStatuses',
		loadOptionsDependsOn: ['user.value', 'user.mode'],
	},
	default: 'Available',
	description:
		'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
	hint: 'In an expression, the ID is the name of the status',
};

/** Stands for all statuses of a user. */
const ALL = '*';

/** As {@link statusParameter}, with all of them as a choice. */
export const statusesParameter: INodeProperties = {
	...statusParameter,
	typeOptions: { ...statusParameter.typeOptions, loadOptionsMethod: 'getStatusesOrAll' },
	hint: 'In an expression, the ID is the name of the status, or * for all',
};

/** @returns whether a {@link statusesParameter} names all of them */
export const isAllStatuses = (wanted: string): boolean => wanted.trim() === ALL;

/**
 * The statuses that a {@link statusesParameter} names.
 *
 * @throws ThreeCxError as {@link statusNamed}
 */
export const statusesNamed = (profiles: readonly Entity[], wanted: string): readonly Entity[] =>
	isAllStatuses(wanted) ? profiles : [statusNamed(profiles, wanted)];

/**
 * The status with this name, as 3CX calls it or as the user renamed it, in any case.
 *
 * @param profiles the user's ForwardingProfiles
 * @throws ThreeCxError of kind `input`, listing those that there are
 */
function statusNamed(profiles: readonly Entity[], wanted: string): Entity {
	const isIt = (name: unknown) => String(name ?? '').toLowerCase() === wanted.trim().toLowerCase();
	const found =
		profiles.find(({ Name }) => isIt(Name)) ??
		profiles.find(({ CustomName }) => wanted.trim() !== '' && isIt(CustomName));
	if (found) return found;
	throw new ThreeCxError({
		kind: 'input',
		field: 'status',
		message: `This user has no status "${wanted}"`,
		hint: `Use one of: ${profiles.map(({ Name }) => String(Name)).join(', ')}.`,
	});
}

export const setStatus: OwnOperation = {
	name: 'setStatus',
	label: 'Set Status',
	action: 'Set the status of a user',
	description: 'Set a user to available, away or another status, which sets where calls go',
	onRow: true,
	uses: ['GetUser', 'UpdateUser'],
	dryRun: true,
	properties: [statusParameter],
	execute: async (run): Promise<IDataObject> => {
		const { context, index, client, signal } = run;
		const wanted = String(context.getNodeParameter('status', index));
		return await onRow(run, rows, async ({ path }) => {
			const query = queryString({
				select: ['Id', 'Number', 'CurrentProfileName', 'ForwardingProfiles'],
				expand: [NAMES],
			});
			const user = await getEntity(client, path, query, { signal });
			const name = String(statusNamed(nestedRows(user, NAMES), wanted).Name);
			const previous = String(user.CurrentProfileName ?? '');
			const wantedNow = { CurrentProfileName: name };
			const isNew = name !== previous;
			if (isNew) await updateEntity(client, path, wantedNow, { signal });
			return {
				outcome: isNew ? outcomeOf(client, 'updated') : 'unchanged',
				changed: changesTo(user, wantedNow) as IDataObject,
				Id: user.Id as number,
				Number: user.Number as string,
				CurrentProfileName: name,
				previous,
			};
		});
	},
};

/** QueueStatus is one switch for all queues of a user; XAPI has none for a single queue (protocol 4.6). */
const queueLogin = (
	status: 'LoggedIn' | 'LoggedOut',
	words: Pick<OwnOperation, 'name' | 'label' | 'action' | 'description'>,
): OwnOperation => ({
	...words,
	onRow: true,
	uses: ['GetUser', 'UpdateUser'],
	dryRun: true,
	execute: async (run): Promise<IDataObject> =>
		await onRow(run, rows, async ({ path }) => {
			const { client, signal } = run;
			const select = ['Id', 'Number'];
			const settled = await setProperties(
				client,
				path,
				{ QueueStatus: status },
				{ select, signal },
			);
			const { Id, Number: number, QueueStatus: previous } = settled.before as IDataObject;
			const { outcome, changed } = settled;
			return {
				outcome,
				changed: changed as IDataObject,
				Id,
				Number: number,
				QueueStatus: status,
				previous,
			};
		}),
});

export const queueLogins: OwnOperation[] = [
	queueLogin('LoggedIn', {
		name: 'logInToQueues',
		label: 'Log In to Queues',
		action: 'Log a user in to their queues',
		description: 'Let the user get calls from all their queues',
	}),
	queueLogin('LoggedOut', {
		name: 'logOutOfQueues',
		label: 'Log Out of Queues',
		action: 'Log a user out of their queues',
		description: 'Stop calls from all queues to the user',
	}),
];

/** The statuses of the chosen user under the names that the user gave them. */
const getStatuses: LoadOptionsMethod = async function () {
	const wanted = locatorFilter(
		rows,
		(this.getCurrentNodeParameter('user') ?? {}) as { mode?: string },
	);
	const [user] =
		wanted === undefined
			? []
			: await rowsOf(this, '/Users', {
					filter: wanted,
					select: ['Id', 'ForwardingProfiles'],
					expand: [NAMES],
				});
	const profiles = (user?.ForwardingProfiles ?? STATUSES.map((Name) => ({ Name }))) as Entity[];
	return profiles
		.map(({ Name, CustomName }) => ({
			name: CustomName ? `${String(CustomName)} (${String(Name)})` : String(Name),
			value: String(Name),
		}))
		.sort(byName);
};

export const statusLists: Record<string, LoadOptionsMethod> = {
	getStatuses,
	async getStatusesOrAll() {
		return [{ name: 'All Statuses', value: ALL }, ...(await getStatuses.call(this))];
	},
};
