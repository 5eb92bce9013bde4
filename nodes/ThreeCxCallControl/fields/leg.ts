import type {
	IDataObject,
	ILoadOptionsFunctions,
	INodeListSearchResult,
	INodeProperties,
} from 'n8n-workflow';
import { createCallControl } from '../../../lib/callcontrol/rest';
import type { CallControlResult, Participant } from '../../../lib/callcontrol/types';
import { ThreeCxError } from '../../../lib/http/errors';
import type { ItemRun } from '../../shared/router';
import {
	ask,
	chosenExtension,
	extensionField,
	extensionOf,
	required,
	routePointField,
} from '../extension';

/** A leg of a call: on which DN, and which of its calls. */
export interface Leg {
	extension: string;
	participantId: number;
}

const participantField: INodeProperties = {
	displayName: 'Participant',
	name: 'participantId',
	type: 'resourceLocator',
	required: true,
	default: { mode: 'id', value: '' },
	description: 'Which of its calls',
	hint: 'In a workflow that begins with the 3CX Trigger: {{ $json.extension }} and {{ $json.participantId }}. Make Call and Get Many give both, too.',
	modes: [
		{
			displayName: 'By ID',
			name: 'id',
			type: 'string',
			placeholder: 'e.g. {{ $json.participantId }}',
		},
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: 'Select a call that is going on...',
			typeOptions: { searchListMethod: 'searchLegs', searchable: true },
		},
	],
};

/** The fields that name a leg. */
export const legFields = (whose: string): INodeProperties[] => [
	extensionField(whose),
	participantField,
];

/** The fields that name a leg of a route point. */
export const audioLegFields: INodeProperties[] = [
	routePointField(
		'The API client’s own extension that the call has come to; only its calls have audio',
	),
	participantField,
];

/** @returns the leg that the fields name. */
export function legOf(run: ItemRun): Leg {
	const extension = extensionOf(run);
	const text = required(
		'participantId',
		'Participant',
		run.context.getNodeParameter('participantId', run.index, '', { extractValue: true }),
	);
	if (/^\d+$/.test(text)) return { extension, participantId: Number(text) };
	throw new ThreeCxError({
		kind: 'input',
		field: 'participantId',
		message: `"${text}" is not a participant ID`,
		hint: 'It is a whole number: participantId in the output of the 3CX Trigger, of Make Call or of Get Many.',
	});
}

/** The list behind the field: the calls of the chosen extension that are going on. */
export async function searchLegs(
	this: ILoadOptionsFunctions,
	filter = '',
): Promise<INodeListSearchResult> {
	const dn = chosenExtension(this);
	if (dn === '') return { results: [] };
	const legs = await ask(this, async (client) => await createCallControl(client).participants(dn));
	const wanted = filter.trim().toLowerCase();
	return {
		results: legs
			.map((leg) => ({ name: legLabel(leg), value: String(leg.id) }))
			.filter(({ name }) => name.toLowerCase().includes(wanted)),
	};
}

/** @returns a leg for people to recognise: `Ringing: Ada Lovelace +441632960123`. */
function legLabel({
	status,
	party_caller_name,
	party_caller_id,
	party_dn,
	id,
}: Participant): string {
	const party = [party_caller_name, party_caller_id || party_dn].filter(Boolean).join(' ');
	return `${status}: ${party || 'unknown caller'} (participant ${id})`;
}

/** @returns what an action on a leg puts out: that it was done, and the leg as 3CX has it now, where it says so. */
export function actionOutput(
	{ extension, participantId }: Leg,
	{ participant, reason, reasonText }: CallControlResult,
	more: IDataObject = {},
): IDataObject {
	return {
		success: true,
		extension,
		participantId,
		callId: participant?.callid ?? null,
		legId: participant?.legid ?? null,
		status: participant?.status ?? null,
		reason: reasonText || reason || null,
		...more,
	};
}
