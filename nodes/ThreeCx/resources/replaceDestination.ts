import type { IDataObject } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import { described, type Destination } from '../../../lib/xapi/destination';
import { satisfies } from '../../../lib/xapi/difference';
import type { Entity } from '../../../lib/xapi/entities';
import { carryOut, noted, readPlaces, redirect, replacing } from '../../../lib/usage/change';
import { PLACES } from '../../../lib/usage/places';
import { alphabetically } from '../../shared/alphabetical';
import type { ItemRun } from '../../shared/router';
import {
	assertReachable,
	destinationFrom,
	destinationProperty,
	REPLACEABLE,
	type DestinationValue,
} from '../fields/destination';
import { titleCase } from '../fields/text';
import type { OwnOperation } from '../resource';

const FROM = 'Replace';
const TO = 'With';

const NAMES: Record<string, string> = { parking: 'Call Parking', users: 'Forwarding of Users' };

const WHERE = PLACES.map(({ name, label }) => ({
	name: NAMES[name] ?? titleCase(label.endsWith('s') ? label : `${label}s`),
	value: name,
})).sort(alphabetically(({ name }) => name));

function chosen({ context, index }: ItemRun, name: string, label: string): Destination {
	const value = context.getNodeParameter(name, index, {}) as DestinationValue;
	const destination = destinationFrom(value, label);
	if (destination) return destination;
	throw new ThreeCxError({
		kind: 'input',
		field: name,
		message: `The field "${label}" is empty`,
		hint: 'Choose a destination.',
	});
}

/** Which kinds of places; none chosen means all of them, as wherever a list may be empty. */
function placesOf({ context, index }: ItemRun) {
	const names = [context.getNodeParameter('places', index, [])].flat() as string[];
	const unknown = names.find((name) => !PLACES.some((set) => set.name === name));
	if (unknown === undefined) {
		return names.length === 0 ? PLACES : PLACES.filter(({ name }) => names.includes(name));
	}
	throw new ThreeCxError({
		kind: 'input',
		field: 'places',
		message: `"${unknown}" under "Where" is no kind of place`,
		hint: `Use any of ${PLACES.map(({ name }) => name).join(', ')}, or leave it empty for all.`,
	});
}

/** Whether a place leads to what is to be replaced. */
const leadsTo = (wanted: Destination, includeVoicemail: boolean) => (to: Entity) => {
	const { To, Number, External } = wanted;
	const kinds = To === 'Extension' && includeVoicemail ? ['Extension', 'VoiceMail'] : [To];
	// A place that has only a number may be any kind of DN; a voicemail is none.
	const isKind = kinds.includes(String(to.To)) || (to.isAnyKind === true && To !== 'VoiceMail');
	return isKind && satisfies(to, { Number, External });
};

/** Sends calls elsewhere in all places that lead to one destination. */
export const replaceDestination: OwnOperation = {
	name: 'replaceDestination',
	label: 'Replace Destination',
	action: 'Replace a destination everywhere in the system',
	description:
		'Send calls elsewhere in all inbound rules, IVR menus, queues, ring groups, departments, settings and the forwarding of users that lead to one destination. Returns a list of what was changed.',
	uses: [
		'ListPeer',
		'ListGroup',
		'ListInboundRule',
		'ListQueue',
		'ListReceptionist',
		'ListRingGroup',
		'ListUser',
		'UpdateGroup',
		'UpdateInboundRule',
		'UpdateQueue',
		'UpdateReceptionist',
		'UpdateRingGroup',
		'UpdateUser',
		'GetCallParkingSettings',
		'GetGeneralSettingsForPbx',
		'GetHotelServices',
		'UpdateCallParkingSettings',
		'UpdateGeneralSettingsForPbx',
		'UpdateHotelServices',
	],
	dryRun: true,
	properties: [
		destinationProperty('replaced', FROM, 'The destination that calls go to now', REPLACEABLE),
		destinationProperty('replacement', TO, 'The destination that calls go to instead'),
		{
			displayName: 'Include Voicemail',
			name: 'includeVoicemail',
			type: 'boolean',
			default: true,
			description:
				'Whether to replace the voicemail of an extension too. The forwarding of the extension itself never changes.',
		},
		{
			displayName: 'Where',
			name: 'places',
			type: 'multiOptions',
			options: WHERE,
			default: [],
			description: 'Where to look; leave empty for everywhere',
		},
	],
	execute: async (run): Promise<IDataObject> => {
		const { context, index, client, signal } = run;
		const from = chosen(run, 'replaced', FROM);
		const to = chosen(run, 'replacement', TO);
		const includeVoicemail = context.getNodeParameter('includeVoicemail', index, true) === true;
		const sets = placesOf(run);
		await assertReachable(run, to, TO);
		const { placed, notes } = await readPlaces(client, { signal }, sets);
		const isOwn = ({ set, row }: (typeof placed)[number]) =>
			set.name === 'users' && from.Number !== '' && row.Number === from.Number;
		const result = await carryOut(
			client,
			redirect(
				placed.filter((one) => !isOwn(one)),
				replacing(leadsTo(from, includeVoicemail), to),
			),
			{ signal },
		);
		return {
			replaced: described(from),
			replacement: described(to),
			...result,
			touched: result.touched as unknown as IDataObject[],
			...noted(notes),
		};
	},
};
