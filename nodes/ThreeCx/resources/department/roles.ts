import { listEntities } from '../../../../lib/xapi/entities';
import { onRow } from '../../onRow';
import { asOutput } from '../../operations/output';
import type { OwnOperation } from '../../resource';
import { rows } from './rows';

export const getRoles: OwnOperation = {
	name: 'getRoles',
	label: 'Get Roles',
	action: 'Get the roles of a department',
	description: 'List the roles for members of the department, and the rights of each',
	onRow: true,
	uses: ['ListRights'],
	execute: async (run) =>
		await onRow(run, rows, async ({ path }) => {
			const { client, signal } = run;
			return asOutput(await listEntities(client, `${path}/Rights`, { signal }));
		}),
};
