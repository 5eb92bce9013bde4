import type { IDataObject } from 'n8n-workflow';
import { invoke } from '../../../../lib/xapi/invoke';
import { getQueues } from '../../../shared/dnLists';
import { destinationLists } from '../../fields/destination';
import { memberOperations } from '../../fields/members';
import { onRow } from '../../onRow';
import type { EntityResource, OwnOperation } from '../../resource';
import { getAgents } from './agents';
import { getLiveStatus } from './liveStatus';
import { rows } from './rows';

const uses = ['GetQueue', 'UpdateQueue'];

const resetStatistics: OwnOperation = {
	name: 'resetStatistics',
	label: 'Reset Statistics',
	action: 'Reset the statistics of a queue',
	description: 'Reset the queue counters in the 3CX apps to zero',
	onRow: true,
	uses: ['ResetQueueStatistics'],
	execute: async (run): Promise<IDataObject> =>
		await onRow(run, rows, async ({ id }) => {
			const { client, signal } = run;
			await invoke(client, 'ResetQueueStatistics', { parameters: { Id: id }, signal });
			return { Id: id, reset: true };
		}),
};

/** Call queues: XAPI `Queues`. */
export const queue: EntityResource = {
	...rows,
	operations: [
		...memberOperations({
			rows,
			property: 'Agents',
			label: 'Agent',
			owner: 'a queue',
			uses,
			detail: {
				property: 'SkillGroup',
				parameter: {
					displayName: 'Skill Group',
					name: 'skillGroup',
					type: 'string',
					default: '',
					placeholder: 'e.g. 1',
					description:
						'For queues with skill-based routing; leave empty to keep it. Existing agents get the new skill group.',
				},
			},
		}),
		...memberOperations({ rows, property: 'Managers', label: 'Manager', owner: 'a queue', uses }),
		getAgents,
		getLiveStatus,
		resetStatistics,
	],
	loadOptions: { ...destinationLists, getQueues },
};
