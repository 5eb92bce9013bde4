import type { IDataObject } from 'n8n-workflow';
import { liveCallsIn } from '../../../lib/callcontrol/calls/liveCalls';
import { createCallControl } from '../../../lib/callcontrol/rest/client';
import type { Operation } from '../operation';

export const getManyCalls: Operation = {
	name: 'getMany',
	label: 'Get Many',
	action: 'Get many calls',
	description:
		'All calls that are going on, one item each: direction, other party, and in "legs" the side of each extension',
	fields: [
		{
			displayName: 'Return All',
			name: 'returnAll',
			type: 'boolean',
			default: true,
			description: 'Whether to return all results or only up to a given limit',
		},
		{
			displayName: 'Limit',
			name: 'limit',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 50,
			displayOptions: { show: { returnAll: [false] } },
			description: 'Max number of results to return',
		},
		{
			displayName: 'Filters',
			name: 'filters',
			type: 'collection',
			placeholder: 'Add filter',
			default: {},
			options: [
				{
					displayName: 'Direction',
					name: 'direction',
					type: 'options',
					options: [
						{ name: 'Inbound', value: 'inbound', description: 'From outside' },
						{ name: 'Internal', value: 'internal', description: 'Between extensions' },
						{ name: 'Outbound', value: 'outbound', description: 'To the outside' },
					],
					default: 'inbound',
				},
				{
					displayName: 'Extension',
					name: 'extension',
					type: 'string',
					default: '',
					placeholder: 'e.g. 100',
					description: 'Only calls that this extension, queue or route point takes part in',
				},
			],
		},
	],

	async execute({ context, index, client, signal }) {
		const { direction, extension } = context.getNodeParameter('filters', index, {}) as {
			direction?: string;
			extension?: string | number;
		};
		const dn = String(extension ?? '').trim();
		const calls = liveCallsIn(await createCallControl(client).list(signal)).filter(
			(call) =>
				(direction === undefined || call.direction === direction) &&
				(dn === '' || call.extensions.includes(dn)),
		);
		const isAll = context.getNodeParameter('returnAll', index, true) as boolean;
		const limit = isAll ? calls.length : (context.getNodeParameter('limit', index, 50) as number);
		return calls.slice(0, limit) as IDataObject[];
	},
};
