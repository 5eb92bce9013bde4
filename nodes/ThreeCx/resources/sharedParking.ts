import type { IDataObject } from 'n8n-workflow';
import { listEntities, type Entity } from '../../../lib/xapi/entities';
import { queryString } from '../../../lib/odata/query';
import { departmentsField, enumField, textField } from '../fields/simple';
import type { EntityResource, OwnOperation } from '../resource';

/** Code that is dialled to park: a parked call's callee may begin with it instead of the slot's number (protocol 4.6 [1]). */
const PARKING_CODE = '*888';

/** `100 Anna Hart` as number and name: ActiveCalls shows a party as a text that begins with its number (protocol 4.6 [1]). */
function party(text: unknown): { number: string; name: string } {
	const [number = '', ...name] = String(text ?? '')
		.trim()
		.split(/\s+/);
	return { number, name: name.join(' ') };
}

/** Whole seconds between two instants, where both are known. */
const secondsBetween = (from: unknown, to: unknown) =>
	typeof from === 'string' && typeof to === 'string'
		? Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000))
		: undefined;

/**
 * Which of the live calls are parked. XAPI has no list of them: a call is parked when its callee is a parking slot
 * (protocol 4.6 [1], 2.5).
 *
 * @param calls rows of `ActiveCalls`
 * @param slots numbers of the parkings, such as `SP11`
 * @returns one row a parked call; `ParkedSeconds` counts from the last change of the call
 */
export const parkedCalls = (calls: readonly Entity[], slots: readonly string[]): IDataObject[] =>
	calls.flatMap(({ Id, Caller, Callee, LastChangeStatus, ServerNow }) => {
		const slot = party(Callee).number;
		if (!slots.includes(slot) && !slot.startsWith(PARKING_CODE)) return [];
		const caller = party(Caller);
		return [
			{
				CallId: Id as number,
				Parking: slot,
				CallerNumber: caller.number,
				CallerName: caller.name,
				ParkedAt: LastChangeStatus as string,
				ParkedSeconds: secondsBetween(LastChangeStatus, ServerNow),
			},
		];
	});

const getParkedCalls: OwnOperation = {
	name: 'getParkedCalls',
	label: 'Get Parked Calls',
	action: 'Get parked calls',
	description: 'List the calls in shared parking; to pick one up, call its parking slot',
	uses: ['ListParking', 'ListActiveCall'],
	execute: async ({ client, signal }) => {
		const [parkings, calls] = await Promise.all([
			listEntities(client, '/Parkings', { query: queryString({ select: ['Number'] }), signal }),
			listEntities(client, '/ActiveCalls', { signal }),
		]);
		return parkedCalls(
			calls,
			parkings.map(({ Number: number }) => String(number)),
		);
	},
};

/** Slots where calls wait until someone picks them up: XAPI `Parkings`. */
export const sharedParking: EntityResource = {
	name: 'sharedParking',
	label: 'Shared Parking',
	plural: 'Shared Parkings',
	description: 'A slot where a call waits until someone picks it up',
	entitySet: 'Parkings',
	type: 'Parking',
	naturalKeys: [{ property: 'Number', label: 'Number', placeholder: 'e.g. SP11' }],
	title: ({ Number: number }) => String(number),
	searchIn: ['Number'],
	summary: ['Id', 'Number', 'TranscriptionMode'],
	expand: { Groups: { property: 'Groups' } },
	fields: [
		textField(
			'Number',
			{
				displayName: 'Parking Number',
				name: 'number',
				placeholder: 'e.g. SP15',
				description:
					'SP and a number. Leave empty to use the next free one. It cannot be changed later.',
			},
			{ prominent: true, createOnly: true },
		),
		departmentsField({ prominent: true }),
		enumField('TranscriptionMode', 'TranscriptionType', {
			displayName: 'Transcription',
			name: 'transcriptionMode',
			default: 'Nothing',
		}),
	],
	operations: [getParkedCalls],
};
