import type { IDataObject } from 'n8n-workflow';
import { KeyedLock } from '../../../../lib/waiting/concurrency';
import { ThreeCxError } from '../../../../lib/http/errors';
import { queryString } from '../../../../lib/odata/query';
import { getEntity, outcomeOf, updateEntity } from '../../../../lib/xapi/entities';
import { satisfies } from '../../../../lib/xapi/difference';
import { nestedRows } from '../../../../lib/xapi/nested';
import type { ItemRun } from '../../../shared/router';
import type { DestinationValue } from '../../fields/destination';
import { aboutRow, locate } from '../../locator';
import type { EntityResource, OwnOperation } from '../../resource';
import { forwardFrom, keyDestinationProperty, keyProperty, type Forward } from './menuKeys';

/** A PATCH replaces all keys (protocol 4.5), so changes of one menu take turns: none may write back what it read too early. */
const turns = new KeyedLock();

/** Changes one key of a menu and leaves the others as they are. Gives what the key did before, and does now. */
async function changeKey(
	run: ItemRun,
	resource: EntityResource,
	after: Forward | undefined,
): Promise<IDataObject> {
	const { context, index, client, signal } = run;
	const key = String(context.getNodeParameter('key', index));
	return await aboutRow(run, resource, async () => {
		const path = await locate(run, resource);
		return await turns.run(client.connection.origin + path, async (): Promise<IDataObject> => {
			const keys = { property: 'Forwards' };
			const query = queryString({ select: ['Id', 'Number', 'Name', 'Forwards'], expand: [keys] });
			const { Forwards, ...ivr } = await getEntity(client, path, query, { signal });
			const forwards = nestedRows({ Forwards }, keys) as unknown as Forward[];
			const place = forwards.findIndex(({ Input }) => Input === key);
			const before = forwards[place];
			const isNew = after ? !satisfies(before, after) : before !== undefined;
			if (isNew) {
				const others = forwards.filter((forward) => forward !== before);
				const at = before ? place : others.length;
				const all = after ? others.toSpliced(at, 0, { ...before, ...after }) : others;
				await updateEntity(client, path, { Forwards: all }, { signal });
			}
			const change = { from: shown(before), to: shown(after) };
			return {
				outcome: isNew ? outcomeOf(client, 'updated') : 'unchanged',
				changed: isNew ? { [`Key ${key}`]: change } : {},
				...ivr,
				key,
				before: change.from,
				after: change.to,
			};
		});
	});
}

/** A key in the words of the output. */
const shown = (forward: Forward | undefined): IDataObject | null =>
	forward === undefined
		? null
		: { type: forward.ForwardType, ...(forward.ForwardDN ? { target: forward.ForwardDN } : {}) };

/** @param resource asked for when it is needed, since the operations are part of it */
export const keyOperations = (resource: () => EntityResource): OwnOperation[] => [
	{
		name: 'setKey',
		label: 'Set Key',
		action: 'Set a key of an IVR',
		description: 'Change the destination of one key and keep the others',
		onRow: true,
		uses: ['GetReceptionist', 'UpdateReceptionist'],
		dryRun: true,
		properties: [keyProperty, keyDestinationProperty],
		execute: async (run) => {
			const { context, index } = run;
			const { destination } = context.getNodeParameter(
				'keyDestination',
				index,
				{},
			) as DestinationValue;
			if (destination) {
				const key = context.getNodeParameter('key', index) as string;
				return await changeKey(run, resource(), forwardFrom(key, destination));
			}
			throw new ThreeCxError({
				kind: 'input',
				field: 'keyDestination',
				message: 'The field "Destination" is empty',
				hint: 'Choose the destination of the key. To remove a key, use Remove Key.',
			});
		},
	},
	{
		name: 'removeKey',
		label: 'Remove Key',
		action: 'Remove a key from an IVR',
		description: 'Remove the destination of one key and keep the others',
		onRow: true,
		uses: ['GetReceptionist', 'UpdateReceptionist'],
		dryRun: true,
		properties: [keyProperty],
		execute: async (run) => await changeKey(run, resource(), undefined),
	},
];
