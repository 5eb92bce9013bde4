import type { IDataObject } from 'n8n-workflow';
import { ThreeCxError } from '../../../../lib/http/errors';
import { dialledNumber } from '../../../shared/fields/dialled';
import { queryString } from '../../../../lib/odata/query';
import { getEntity, type Entity } from '../../../../lib/xapi/entities';
import { invoke } from '../../../../lib/xapi/invoke';
import { requiredText } from '../../../../lib/xapi/nested';
import { onRow } from '../../onRow';
import type { OwnOperation } from '../../resource';
import { rows } from './rows';

export const makeCall: OwnOperation = {
	name: 'makeCall',
	label: 'Make Call',
	action: 'Make a call as a user',
	description:
		'Ring the phones of a user and, once answered, call a number. To choose the phone or follow the call, use the 3CX Call Control node.',
	onRow: true,
	uses: ['GetUser', 'MakeCall'],
	properties: [
		{
			displayName: 'Destination',
			name: 'destination',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. +441632960123',
			description: 'The extension or external number to call',
		},
	],
	execute: async (run): Promise<IDataObject> => {
		const { context, index, client, signal } = run;
		const destination = dialledNumber(
			'destination',
			'Destination',
			context.getNodeParameter('destination', index, ''),
			true,
		);
		const dn = await onRow(run, rows, async ({ path }) => {
			const user = await getEntity(client, path, queryString({ select: ['Number'] }), { signal });
			return requiredText(user, 'Number');
		});
		const body = { dn, destination };
		const answer = (await invoke(client, 'MakeCall', { body, signal })) as Entity | undefined;
		const { FinalStatus = 'Success', Reason, ReasonText } = answer ?? {};
		// The same results as Call Control's (protocol 2.6), in the names of XAPI.
		if (FinalStatus !== 'Success') {
			throw new ThreeCxError({
				kind: 'impossible',
				message: `3CX could not make the call from ${dn}: ${String(ReasonText || Reason || FinalStatus)}`,
				hint: 'Check that a phone or app of this user is registered and that the destination can be reached.',
			});
		}
		return { success: true, extension: dn, destination, reason: (ReasonText as string) || null };
	},
};
