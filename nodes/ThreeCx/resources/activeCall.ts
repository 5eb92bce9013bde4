import { invoke } from '../../../lib/xapi/invoke';
import { aboutRow, locateKey } from '../locator';
import type { EntityResource } from '../resource';

/** Calls that go on at this moment: XAPI `ActiveCalls`. */
export const activeCall: EntityResource = {
	name: 'activeCall',
	label: 'Active Call',
	plural: 'Active Calls',
	description: 'A call in progress',
	entitySet: 'ActiveCalls',
	type: 'ActiveCall',
	naturalKeys: [],
	title: ({ Caller, Callee }) => `${String(Caller ?? '?')} → ${String(Callee ?? '?')}`,
	searchIn: ['Caller', 'Callee'],
	summary: ['Id', 'Caller', 'Callee', 'Status', 'EstablishedAt', 'LastChangeStatus', 'ServerNow'],
	expand: {},
	fields: [],
	operations: [
		{
			name: 'drop',
			label: 'Drop',
			action: 'Drop an active call and end it for everyone',
			description: 'End a call for everyone in it',
			onRow: true,
			uses: ['DropCall'],
			execute: async (run) =>
				await aboutRow(run, activeCall, async () => {
					const parameters = { Id: await locateKey(run, activeCall) };
					await invoke(run.client, 'DropCall', { parameters, signal: run.signal });
					return { dropped: true };
				}),
		},
	],
};
