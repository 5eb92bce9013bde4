import type { INodeProperties } from 'n8n-workflow';
import { filter, type Condition } from '../../../lib/odata/filter';
import { queryString } from '../../../lib/odata/query';
import { listFunction } from '../../../lib/xapi/functions';
import type { ItemRun } from '../../shared/router';
import { csvOperation, downloadCsv } from '../csvFile';
import { limitOf, limitProperties } from '../../shared/fields/limit';
import {
	periodOf,
	periodOrAllOf,
	periodOrAllProperties,
	periodProperties,
	within,
	type Period,
} from '../fields/period';
import { asOutput } from '../operations/output';
import type { XapiResource } from '../resource';

/** The function itself takes no dates (protocol 4.7), `$filter` does. */
function filterOf(run: ItemRun, period: Period | undefined): string | undefined {
	const userName = String(run.context.getNodeParameter('userName', run.index, '')).trim();
	const byUser: Condition = {
		field: 'UserName',
		type: 'string',
		operator: 'contains',
		value: userName,
		ignoreCase: true,
	};
	return filter({
		match: 'all',
		conditions: [...within('Timestamp', period), ...(userName === '' ? [] : [byUser])],
	});
}

const userNameProperty: INodeProperties = {
	displayName: 'User Name Contains',
	name: 'userName',
	type: 'string',
	default: '',
	placeholder: 'e.g. anna',
	description: 'Only changes by users with this name; leave empty for all',
};

/** Who changed what: XAPI `ReportAuditLog`. */
export const auditLog: XapiResource = {
	name: 'auditLog',
	label: 'Audit Log',
	plural: 'Audit Log Entries',
	description: 'A log of who changed what in the PBX configuration',
	operations: [
		{
			name: 'getAll',
			label: 'Get Many',
			action: 'Get many audit log entries',
			description: 'List the changes in a period, newest first. Requires the System Owner role.',
			uses: ['GetAuditLogData'],
			properties: [...periodProperties(), userNameProperty, ...limitProperties()],
			execute: async (run) =>
				asOutput(
					await listFunction(
						run.client,
						'GetAuditLogData',
						{},
						{
							query: queryString({
								filter: filterOf(run, periodOf(run)),
								orderBy: [{ field: 'Id', direction: 'desc' }],
							}),
							limit: limitOf(run),
							signal: run.signal,
						},
					),
				),
		},
		csvOperation({
			action: 'Download the audit log as CSV',
			description: 'Get the audit log as a CSV file. Requires the System Owner role.',
			uses: ['DownloadAuditLog'],
			properties: [...periodOrAllProperties, userNameProperty],
			execute: async (run) => [
				await downloadCsv(
					run,
					'DownloadAuditLog',
					{
						parameters: { clientTimeZone: run.context.getTimezone() },
						query: queryString({ filter: filterOf(run, periodOrAllOf(run)) }),
					},
					'audit-log.csv',
				),
			],
		}),
	],
};
