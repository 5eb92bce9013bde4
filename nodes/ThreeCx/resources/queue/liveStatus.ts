import type { IDataObject } from 'n8n-workflow';
import { readQueueStatus } from '../../../../lib/status/queues';
import { numbersIn } from '../../fields/extensions';
import { numbersNamed } from '../../fields/named';
import { notFound } from '../../locator';
import type { OwnOperation } from '../../resource';
import { rows } from './rows';

export const getLiveStatus: OwnOperation = {
	name: 'getLiveStatus',
	label: 'Get Live Status',
	action: 'Get the live status of queues',
	description:
		'Get waiting callers with their waiting time, what each agent does, and counts: one item per queue, as for a wallboard',
	uses: ['ListQueue', 'ListUser', 'ListActiveCall'],
	properties: [
		{
			displayName: 'Queue Names or IDs',
			name: 'queueNumbers',
			type: 'multiOptions',
			typeOptions: { loadOptionsMethod: 'getQueues' },
			default: [],
			description:
				'Leave empty for all queues. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
			hint: 'In an expression, the IDs are the queue numbers or names, such as 800 or Support',
		},
	],
	execute: async (run): Promise<IDataObject[]> => {
		const { context, index, client, signal } = run;
		const texts = numbersIn(context.getNodeParameter('queueNumbers', index, []));
		const naming = { what: 'queue', field: 'queueNumbers' };
		const wanted = await numbersNamed(run, texts, '/Queues', naming);
		const found = await readQueueStatus(client, wanted, signal);
		const missing = wanted.find((number) => !found.some(({ queue }) => queue === number));
		if (missing !== undefined) throw notFound(rows, `Number ${missing}`);
		return found.map((queue) => ({ ...queue }));
	},
};
