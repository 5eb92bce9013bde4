import type { IDataObject } from 'n8n-workflow';
import { queryString } from '../../../../lib/odata/query';
import { getEntity } from '../../../../lib/xapi/entities';
import { nestedRows } from '../../../../lib/xapi/nested';
import { onRow } from '../../onRow';
import { pick } from '../../operations/output';
import type { OwnOperation } from '../../resource';
import { usersNumbered } from '../../usersNumbered';
import { rows } from './rows';

/** What tells whether an agent can take a call now. It is kept with the user, not with the queue (protocol 4.6). */
const STATE = ['IsRegistered', 'CurrentProfileName', 'QueueStatus'];

/** Brings the agents along. */
const AGENTS = { property: 'Agents', select: ['Number', 'Name', 'SkillGroup'] };

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
			const query = queryString({ select: ['Number', 'Agents'], expand: [AGENTS] });
			const queue = await getEntity(client, path, query, { signal });
			const agents = nestedRows(queue, AGENTS);
			const numbers = agents.map(({ Number: number }) => String(number));
			const users = await usersNumbered(run, numbers, ['Number', ...STATE]);
			return agents.map((agent) => ({
				Queue: queue.Number as string,
				...(pick(agent, AGENTS.select) as IDataObject),
				...(pick(users.get(String(agent.Number)) ?? {}, STATE) as IDataObject),
			}));
		}),
};
