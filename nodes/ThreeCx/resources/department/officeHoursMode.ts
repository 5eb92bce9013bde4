import type { IDataObject } from 'n8n-workflow';
import { ThreeCxError } from '../../../../lib/http/errors';
import { setProperties } from '../../../../lib/xapi/members';
import { instantIn } from '../../../shared/time';
import { onRow } from '../../onRow';
import type { OwnOperation } from '../../resource';
import { rows } from './rows';

/** Members of XAPI's `GroupHoursMode` that people set by hand. */
const MODES = [
	{ name: 'As Scheduled', value: 'Default', description: 'Follow the office hours' },
	{ name: 'Break', value: 'ForceBreak' },
	{ name: 'Closed', value: 'ForceClosed' },
	{ name: 'Holiday', value: 'ForceHoliday' },
	{ name: 'Open', value: 'ForceOpened' },
];

export const setOfficeHoursMode: OwnOperation = {
	name: 'setOfficeHoursMode',
	label: 'Set Office Hours Mode',
	action: 'Set the office hours mode of a department',
	description: 'Open or close a department manually, until a set time or until you change it',
	onRow: true,
	uses: ['GetGroup', 'UpdateGroup'],
	dryRun: true,
	properties: [
		{
			displayName: 'Mode',
			name: 'mode',
			type: 'options',
			options: MODES,
			default: 'Default',
			description: 'The mode for callers, regardless of the schedule',
		},
		{
			displayName: 'Until',
			name: 'until',
			type: 'dateTime',
			default: '',
			displayOptions: { hide: { mode: ['Default'] } },
			description:
				'When the schedule applies again, in the time zone of the workflow; leave empty to keep the mode until you change it',
		},
	],
	execute: async (run): Promise<IDataObject> => {
		const { context, index, client, signal } = run;
		const mode = context.getNodeParameter('mode', index) as string;
		const text = String(context.getNodeParameter('until', index, '') ?? '');
		const until = mode === 'Default' ? '' : instantIn(context.getTimezone())(text);
		if (until !== '' && Date.parse(until) <= Date.now()) {
			throw new ThreeCxError({
				kind: 'input',
				field: 'until',
				message: 'The time under "Until" is in the past',
				hint: 'Choose a time in the future, or leave it empty.',
			});
		}
		const wanted = { CurrentGroupHours: mode, OverrideExpiresAt: until || null };
		return await onRow(run, rows, async ({ path }) => {
			const select = ['Id', 'Name'];
			const { outcome, changed, before } = await setProperties(client, path, wanted, {
				select,
				signal,
			});
			const { Id, Name, CurrentGroupHours: previous } = before as IDataObject;
			return { outcome, changed: changed as IDataObject, Id, Name, ...wanted, previous };
		});
	},
};
