import type { ILoadOptionsFunctions, INodeListSearchResult, INodeProperties } from 'n8n-workflow';
import { liveCallsIn } from '../../../lib/callcontrol/calls/liveCalls';
import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { askPbx } from '../../shared/askPbx';
import type { ItemRun } from '../../shared/router';
import { matching } from '../../shared/matching';
import { idIn } from './id';

/** What the panel calls a whole call. */
const CALL = 'Call ID';

/** The field that names a whole call: its number stays the same when it is transferred. */
export const callField: INodeProperties = {
	displayName: CALL,
	name: 'callId',
	type: 'resourceLocator',
	required: true,
	default: { mode: 'id', value: '={{ $json.callId }}' },
	description:
		'The call; by default that of the input item, for example from the 3CX Trigger or Make Call',
	modes: [
		{
			displayName: 'By ID',
			name: 'id',
			type: 'string',
			placeholder: 'e.g. 41 or {{ $json.callId }}',
		},
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: 'Select a call in progress...',
			typeOptions: { searchListMethod: 'searchCalls', searchable: true },
		},
	],
};

/** @returns the number of the call that the field names. */
export const callIdOf = (run: ItemRun): number =>
	idIn(run, {
		name: 'callId',
		label: CALL,
		what: 'call ID',
		from: 'the 3CX Trigger, Make Call or Call > Get Many',
	});

/** The list behind the field: the calls that are going on. */
export async function searchCalls(
	this: ILoadOptionsFunctions,
	filter = '',
): Promise<INodeListSearchResult> {
	const dns = await askPbx(this, async (client) => await createCallControl(client).list());
	return matching(
		liveCallsIn(dns).map((call) => ({ name: labelOf(call), value: String(call.callId) })),
		filter,
	);
}

/** @returns a call for people to recognise: `Ringing: Ada Lovelace +441632960123 (100, call 41)`. */
function labelOf({
	status,
	callerName,
	number,
	extensions,
	callId,
}: ReturnType<typeof liveCallsIn>[number]): string {
	const party = [callerName, number].filter(Boolean).join(' ');
	return `${status}: ${party || 'unknown caller'} (${[...extensions, `call ${callId}`].join(', ')})`;
}
