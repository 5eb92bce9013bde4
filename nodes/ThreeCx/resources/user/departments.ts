import type { IDataObject } from 'n8n-workflow';
import type { Entity } from '../../../../lib/xapi/entities';
import {
	changeDepartments,
	departmentOf,
	departmentParameter,
	membershipOf,
	membersOutput,
	roleParameter,
} from '../../fields/members';
import { onRow } from '../../onRow';
import type { OwnOperation } from '../../resource';
import { rows } from './rows';

const byGroup = ({ GroupId }: Entity) => GroupId as number;

const uses = ['GetUser', 'UpdateUser'];

export const departmentOperations: OwnOperation[] = [
	{
		name: 'addToDepartment',
		label: 'Add to Department',
		action: 'Add a user to a department',
		description:
			'Give the user a role in a department and keep all other departments; an existing member gets the new role',
		onRow: true,
		uses,
		dryRun: true,
		properties: [departmentParameter, roleParameter],
		execute: async (run): Promise<IDataObject> => {
			const { context, index, client, signal } = run;
			const GroupId = await departmentOf(run);
			const role = context.getNodeParameter('role', index) as string;
			return await onRow(run, rows, async ({ id, path }) => {
				const add = [membershipOf(GroupId, role)];
				const result = await changeDepartments(client, path, { add }, { signal });
				return { Id: id, GroupId, RoleName: role, ...membersOutput(result, byGroup) };
			});
		},
	},
	{
		name: 'removeFromDepartment',
		label: 'Remove From Department',
		action: 'Remove a user from a department',
		description: 'Remove the user from a department and keep all others',
		onRow: true,
		uses,
		dryRun: true,
		properties: [departmentParameter],
		execute: async (run): Promise<IDataObject> => {
			const { client, signal } = run;
			const GroupId = await departmentOf(run);
			return await onRow(run, rows, async ({ id, path }) => {
				const remove = [{ GroupId }];
				const result = await changeDepartments(client, path, { remove }, { signal });
				return { Id: id, GroupId, ...membersOutput(result, byGroup) };
			});
		},
	},
];
