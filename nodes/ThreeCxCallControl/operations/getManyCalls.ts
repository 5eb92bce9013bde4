import type { IDataObject } from 'n8n-workflow';
import { liveCallsIn } from '../../../lib/callcontrol/calls/liveCalls';
import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { readActiveCalls } from '../../../lib/status/activeCalls';
import { Parts } from '../../../lib/status/part';
import { limitOf, limitProperties } from '../../shared/fields/limit';
import { defaultCountryField, defaultCountryOf } from '../../shared/fields/country';
import type { Operation } from '../../shared/resource';

/** A PBX has never so many calls at once that they would be too many for n8n. */
const RETURN_ALL = true;

export const getManyCalls: Operation = {
	name: 'getMany',
	label: 'Get Many',
	action: 'Get many calls',
	description:
		'Get all calls in progress, one item each, with direction, other party, and one leg per extension in "legs"',
	properties: [
		...limitProperties(RETURN_ALL),
		defaultCountryField,
		{
			displayName: 'Filters',
			name: 'filters',
			type: 'collection',
			placeholder: 'Add filter',
			default: {},
			options: [
				{
					displayName: 'Direction',
					name: 'direction',
					type: 'options',
					options: [
						{ name: 'Inbound', value: 'inbound', description: 'From an external number' },
						{ name: 'Internal', value: 'internal', description: 'Between extensions' },
						{ name: 'Outbound', value: 'outbound', description: 'To an external number' },
					],
					default: 'inbound',
				},
				{
					displayName: 'Extension',
					name: 'extension',
					type: 'string',
					default: '',
					placeholder: 'e.g. 100',
					description: 'Only calls of this extension, queue or route point',
				},
			],
		},
	],

	async execute(run) {
		const { context, index, client, signal } = run;
		const { direction, extension } = context.getNodeParameter('filters', index, {}) as {
			direction?: string;
			extension?: string | number;
		};
		const dn = String(extension ?? '').trim();
		const [dns, country, active] = await Promise.all([
			createCallControl(client).list(signal),
			defaultCountryOf(run, context.getNodeParameter('defaultCountry', index, '')),
			// Call Control has no times. Without the right to read them, a call has none.
			new Parts().read('startedAt', async () => await readActiveCalls(client, signal)),
		]);
		const since = new Map(active?.map((call) => [call.id, call.since]));
		const calls = liveCallsIn(dns, country).filter(
			(call) =>
				(direction === undefined || call.direction === direction) &&
				(dn === '' || call.extensions.includes(dn)),
		);
		return calls.slice(0, limitOf(run, RETURN_ALL)).map((call) => {
			const at = since.get(call.callId);
			return { ...call, startedAt: at === undefined ? null : new Date(at).toISOString() };
		}) as IDataObject[];
	},
};
