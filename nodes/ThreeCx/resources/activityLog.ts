import { queryString } from '../../../lib/odata/query';
import { isRows } from '../../../lib/xapi/answer';
import { listFunction } from '../../../lib/xapi/functions';
import { invokeEntity } from '../../../lib/xapi/invoke';
import { limitOf, limitProperties } from '../../shared/fields/limit';
import { periodOf, periodProperties } from '../fields/period';
import { asOutput } from '../operations/output';
import type { XapiResource } from '../resource';

/** What the services of the PBX write while they work: XAPI `ActivityLog`. */
export const activityLog: XapiResource = {
	name: 'activityLog',
	label: 'Activity Log',
	plural: 'Activity Log Entries',
	description: 'A detailed log of what the PBX did, such as how it routed a call',
	operations: [
		{
			name: 'getAll',
			label: 'Get Many',
			action: 'Get many activity log entries',
			description: 'List what the PBX did in a period',
			uses: ['GetLogs'],
			properties: [
				...periodProperties(),
				{
					displayName: 'Extension Name or ID',
					name: 'extension',
					type: 'options',
					typeOptions: { loadOptionsMethod: 'getExtensions' },
					default: '',
					description:
						'Only entries about this extension. Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
				},
				{
					displayName: 'Call ID',
					name: 'call',
					type: 'string',
					default: '',
					placeholder: 'e.g. 12',
					description: 'Only entries about this call, as listed by Get Filter',
				},
				{
					displayName: 'Severity',
					name: 'severity',
					type: 'string',
					default: '',
					description: 'Only entries with this severity, as spelled by 3CX; leave empty for all',
				},
				...limitProperties(),
			],
			execute: async (run) => {
				const { context, index, client, signal } = run;
				const text = (name: string) => String(context.getNodeParameter(name, index, '') ?? '');
				const { from, to } = periodOf(run);
				const rows = await listFunction(
					client,
					'GetLogs',
					{
						startDate: from,
						endDate: to,
						extension: text('extension'),
						call: text('call'),
						severity: text('severity'),
					},
					{
						query: queryString({ orderBy: [{ field: 'Index' }] }),
						limit: limitOf(run),
						signal,
					},
				);
				return asOutput(rows);
			},
		},
		{
			name: 'getFilter',
			label: 'Get Filter',
			action: 'Get the filter values of the activity log',
			description: 'List the extensions in the activity log and the calls of each',
			uses: ['GetFilter'],
			execute: async ({ client, signal }) => {
				const { Extensions } = await invokeEntity(client, 'GetFilter', { signal });
				return asOutput(isRows(Extensions) ? Extensions : []);
			},
		},
	],
};
