import { invoke } from '../../../lib/xapi/invoke';
import { csvOperation, downloadCsv } from '../csvFile';
import { assertConfirmed, confirmationProperty } from '../fields/confirmation';
import type { EntityResource } from '../resource';

/** What must be typed before everything is deleted. */
const PURGE = 'PURGE';

/** What happened on the PBX: XAPI `EventLogs`. */
export const eventLog: EntityResource = {
	name: 'eventLog',
	label: 'Event Log',
	plural: 'Event Log Entries',
	description: 'Errors, warnings and notices of the PBX',
	entitySet: 'EventLogs',
	type: 'EventLog',
	naturalKeys: [],
	title: ({ Message }) => String(Message),
	searchIn: ['Message', 'Source'],
	summary: ['Id', 'TimeGenerated', 'Type', 'EventId', 'Source', 'Message', 'Params', 'GroupName'],
	order: [
		{ field: 'TimeGenerated', direction: 'desc' },
		{ field: 'Id', direction: 'desc' },
	],
	expand: {},
	fields: [],
	operations: [
		csvOperation({
			action: 'Download the event log as CSV',
			description: 'Get the whole event log as a CSV file',
			uses: ['DownloadEventLogs'],
			execute: async (run) => [await downloadCsv(run, 'DownloadEventLogs', {}, 'event-log.csv')],
		}),
		{
			name: 'purge',
			label: 'Purge',
			action: 'Purge the event log',
			description: 'Delete all entries of the event log permanently',
			uses: ['PurgeEventLog'],
			properties: [
				confirmationProperty(
					`Type ${PURGE} to Confirm`,
					'Deletes all entries of the event log permanently',
					`e.g. ${PURGE}`,
				),
			],
			execute: async (run) => {
				assertConfirmed(run, PURGE, 'All entries of the event log will be deleted permanently.');
				await invoke(run.client, 'PurgeEventLog', { signal: run.signal });
				return { purged: true };
			},
		},
	],
};
