import type {
	IDataObject,
	ILoadOptionsFunctions,
	INodeListSearchResult,
	INodeProperties,
} from 'n8n-workflow';
import { createCallControl } from '../../../lib/callcontrol/rest/client';
import type { CallControlResult, Participant } from '../../../lib/callcontrol/rest/types';
import type { ItemRun } from '../../shared/router';
import { askPbx } from '../../shared/askPbx';
import { matching } from '../../shared/matching';
import { idIn } from './id';
import {
	chosenExtension,
	extensionField,
	extensionOf,
	ROUTE_POINT,
	routePointField,
} from '../extension';

/** A leg of a call: on which DN, and which of its calls. */
export interface Leg {
	extension: string;
	participantId: number;
}

/** Most act on the call that has started the workflow, or that the node before has made: both give this. */
const FROM_INPUT = { default: { mode: 'number', value: '={{ $json.extension }}' } };

/**
 * The parameter with the extension that has the call. It has a name of its own: n8n keeps the value of a parameter when
 * another operation is chosen that has one of the same name, and the extension would stay as it was in Make Call while
 * the participant ID is the input's.
 */
const CALL_EXTENSION = 'callExtension';

/** What the panel calls a leg. */
const PARTICIPANT = 'Call (Participant ID)';

const participantField: INodeProperties = {
	displayName: PARTICIPANT,
	name: 'participantId',
	type: 'resourceLocator',
	required: true,
	default: { mode: 'id', value: '={{ $json.participantId }}' },
	description:
		'The call of the extension. 3CX gives each side of a call a number, the participant ID.',
	modes: [
		{
			displayName: 'By ID',
			name: 'id',
			type: 'string',
			placeholder: 'e.g. 17 or {{ $json.participantId }}',
		},
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: 'Select a call in progress...',
			typeOptions: { searchListMethod: 'searchLegs', searchable: true },
		},
	],
};

/** n8n shows no hint at a field that holds an expression, as these do at first. */
const legNotice: INodeProperties = {
	displayName:
		'This uses the call from the input item, for example from the 3CX Trigger, Make Call or Get Participants. For another call, set both fields to From List, or enter its extension and participant ID.',
	name: 'legNotice',
	type: 'notice',
	default: '',
};

/** The fields that name a leg. */
export const legFields = (whose: string): INodeProperties[] => [
	{ ...extensionField(whose, { name: CALL_EXTENSION }), ...FROM_INPUT },
	participantField,
	legNotice,
];

/** The fields that name a leg of a route point. */
export const audioLegFields: INodeProperties[] = [
	{
		...routePointField(
			'The route point (API client) that has the call; only calls to route points have audio',
			{ name: CALL_EXTENSION },
		),
		...FROM_INPUT,
	},
	participantField,
	legNotice,
];

/** @returns the leg of a route point that the fields name. */
export const audioLegOf = (run: ItemRun): Leg => legOf(run, ROUTE_POINT);

/** @returns the leg that the fields name; the panel calls its extension `label`. */
export function legOf(run: ItemRun, label?: string): Leg {
	const extension = extensionOf(run, label, CALL_EXTENSION);
	const participantId = idIn(run, {
		name: 'participantId',
		label: PARTICIPANT,
		what: 'participant ID',
		from: 'the 3CX Trigger, Make Call or Get Participants',
	});
	return { extension, participantId };
}

/** The list behind the field: the calls of the chosen extension that are going on. */
export async function searchLegs(
	this: ILoadOptionsFunctions,
	filter = '',
): Promise<INodeListSearchResult> {
	const dn = chosenExtension(this, CALL_EXTENSION);
	if (dn === '') return { results: [] };
	const legs = await askPbx(
		this,
		async (client) => await createCallControl(client).participants(dn),
	);
	return matching(
		legs.map((leg) => ({ name: legLabel(leg), value: String(leg.id) })),
		filter,
	);
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
