import type { INodeProperties } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';

/** What the field holds. */
export interface AttachedData {
	entry?: Array<{ key: string; value: unknown }>;
}

/** Names and values that travel with a call. */
export const attachedDataField: INodeProperties = {
	displayName: 'Attached Data',
	name: 'attachedData',
	type: 'fixedCollection',
	placeholder: 'Add entry',
	typeOptions: { multipleValues: true },
	default: {},
	description: 'Names and values to attach to the call, for routing apps and other API clients',
	options: [
		{
			displayName: 'Entry',
			name: 'entry',
			values: [
				{
					displayName: 'Name',
					name: 'key',
					type: 'string',
					default: '',
					placeholder: 'e.g. ticket',
				},
				{
					displayName: 'Value',
					name: 'value',
					type: 'string',
					default: '',
					placeholder: 'e.g. T-1042',
				},
			],
		},
	],
};

/**
 * @param data what the field holds
 * @returns names and values as 3CX takes them, which is text; undefined when there are none
 * @throws ThreeCxError of kind `input` for a value without a name
 */
export function attachedDataOf(data: AttachedData | undefined): Record<string, string> | undefined {
	// Ignore empty rows.
	const entries = (data?.entry ?? []).filter(
		({ key, value }) => String(key ?? '').trim() !== '' || String(value ?? '') !== '',
	);
	if (entries.length === 0) return undefined;
	return Object.fromEntries(
		entries.map(({ key, value }) => {
			const name = String(key ?? '').trim();
			if (name !== '') return [name, String(value ?? '')];
			throw new ThreeCxError({
				kind: 'input',
				field: 'attachedData',
				message: 'An entry in "Attached Data" has no name',
				hint: 'Give each value a name, or remove the entry.',
			});
		}),
	);
}
