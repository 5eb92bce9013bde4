import type { IDataObject } from 'n8n-workflow';
import { mapInOrder } from '../../../../lib/waiting/concurrency';
import { ThreeCxError } from '../../../../lib/http/errors';
import { queryString } from '../../../../lib/odata/query';
import { getEntity } from '../../../../lib/xapi/entities';
import type { ItemRun } from '../../../shared/router';
import { extensionsOf, extensionsParameter } from '../../fields/extensions';
import {
	changeDepartments,
	membershipOf,
	membersOutput,
	roleParameter,
} from '../../fields/members';
import { onRow } from '../../onRow';
import type { OwnOperation } from '../../resource';
import { usersNumbered } from '../../usersNumbered';
import { rows } from './rows';

const extensions = extensionsParameter({
	displayName: 'User Names or IDs',
	name: 'extensions',
	required: true,
});

/** Adds to or removes from a department, on the side of each user; gives one item a user. */
const change = async (
	run: ItemRun,
	verb: 'add' | 'remove',
	role?: string,
): Promise<IDataObject[]> => {
	const { client, signal } = run;
	const numbers = extensionsOf(run, 'extensions');
	const GroupId = await onRow(run, rows, async ({ id, path }) => {
		// An ID is taken as it is: only a look tells a wrong one, and before any user is changed.
		await getEntity(client, path, queryString({ select: ['Id'] }), { signal });
		return Number(id);
	});
	const users = await usersNumbered(run, numbers, ['Id', 'Number']);
	const missing = numbers.filter((number) => !users.has(number));
	if (missing.length > 0) throw unknown(missing);
	return await mapInOrder(
		[...numbers],
		() => client.inFlight,
		async (number) => {
			const { Id } = users.get(number)!;
			const membership = role === undefined ? { GroupId } : membershipOf(GroupId, role);
			const result = await changeDepartments(
				client,
				`/Users(${String(Id)})`,
				{ [verb]: [membership] },
				{ signal },
			);
			return {
				Id: Id as number,
				Number: number,
				GroupId,
				...(role === undefined ? {} : { RoleName: role }),
				// The department's member is the user.
				...membersOutput(result, () => number),
			};
		},
	);
};

const unknown = (numbers: string[]) =>
	new ThreeCxError({
		kind: 'notFound',
		field: 'extensions',
		message: `This PBX has no user with Number ${numbers.join(', ')}`,
		hint: 'Choose users from the list, or create them first. No user was added or removed.',
	});

const uses = ['GetGroup', 'ListUser', 'GetUser', 'UpdateUser'];

export const departmentMemberOperations: OwnOperation[] = [
	{
		name: 'addMember',
		label: 'Add Member',
		action: 'Add users to a department',
		description:
			'Give one or more users a role in the department and keep their other departments; existing members get the new role',
		onRow: true,
		uses,
		dryRun: true,
		properties: [extensions, roleParameter],
		execute: async (run) =>
			await change(run, 'add', run.context.getNodeParameter('role', run.index) as string),
	},
	{
		name: 'removeMember',
		label: 'Remove Member',
		action: 'Remove users from a department',
		description: 'Remove one or more users from the department and keep their other departments',
		onRow: true,
		uses,
		dryRun: true,
		properties: [extensions],
		execute: async (run) => await change(run, 'remove'),
	},
];
