import { invoke } from '../../../lib/xapi/invoke';
import { csvOperation, downloadCsv } from '../csvFile';
import { assertConfirmed, confirmationProperty, PURGE } from '../fields/confirmation';
import { inPeriod, periodOrAllProperties } from '../fields/period';
import type { EntityResource } from '../resource';

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
			description: 'Get the event log as a CSV file',
			uses: ['DownloadEventLogs'],
			properties: periodOrAllProperties,
			execute: async (run) => {
				const query = inPeriod('TimeGenerated', run);
				return [await downloadCsv(run, 'DownloadEventLogs', { query }, 'event-log.csv')];
			},
		}),
		{
			name: 'purge',
			label: 'Purge',
			action: 'Purge the event log permanently',
			description: 'Delete all entries of the event log permanently',
			uses: ['PurgeEventLog'],
			properties: [confirmationProperty(PURGE, 'Deletes all entries of the event log permanently')],
			execute: async (run) => {
				assertConfirmed(run, PURGE, 'All entries of the event log will be deleted permanently.');
				await invoke(run.client, 'PurgeEventLog', { signal: run.signal });
				return { purged: true };
			},
		},
	],
};
