import type { IDataObject } from 'n8n-workflow';
import { queryString } from '../../../../lib/odata/query';
import { getEntity, type Entity } from '../../../../lib/xapi/entities';
import { onRow } from '../../onRow';
import { pick } from '../../operations/output';
import type { OwnOperation } from '../../resource';
import { usersNumbered } from '../../usersNumbered';
import { rows } from './rows';

/** What tells whether an agent can take a call now. It is kept with the user, not with the queue (protocol 4.6). */
const STATE = ['IsRegistered', 'CurrentProfileName', 'QueueStatus'];

export const getAgents: OwnOperation = {
	name: 'getAgents',
	label: 'Get Agents',
	action: 'Get the agents of a queue with their state',
	description:
		'List the agents in queue order, with their status, and whether they are logged in to queues and their phone is registered',
	onRow: true,
	uses: ['GetQueue', 'ListUser'],
	execute: async (run): Promise<IDataObject[]> =>
		await onRow(run, rows, async ({ path }) => {
			const { client, signal } = run;
			const query = queryString({
				select: ['Number', 'Agents'],
				expand: [{ property: 'Agents', select: ['Number', 'Name', 'SkillGroup'] }],
			});
			const queue = await getEntity(client, path, query, { signal });
			const agents = (queue.Agents ?? []) as Entity[];
			const numbers = agents.map(({ Number: number }) => String(number));
			const users = await usersNumbered(run, numbers, ['Number', ...STATE]);
			return agents.map((agent) => ({
				Queue: queue.Number as string,
				...(pick(agent, ['Number', 'Name', 'SkillGroup']) as IDataObject),
				...(pick(users.get(String(agent.Number)) ?? {}, STATE) as IDataObject),
			}));
		}),
};
