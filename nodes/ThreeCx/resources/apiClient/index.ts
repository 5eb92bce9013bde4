import { outcomeOf } from '../../../../lib/xapi/entities';
import type { IDataObject } from 'n8n-workflow';
import { invoke } from '../../../../lib/xapi/invoke';
import { rewriteList, setProperties } from '../../../../lib/xapi/members';
import { extensionsParameter, numbersIn } from '../../fields/extensions';
import {
	departmentOf,
	departmentParameter,
	MEMBERSHIPS,
	membershipOf,
	roleParameter,
} from '../../fields/members';
import { onRow } from '../../onRow';
import { asOutput } from '../../operations/output';
import type { EntityResource, OwnOperation } from '../../resource';
import { callControlApi, configurationApi, rows } from './rows';

const uses = ['GetServicePrincipal', 'UpdateServicePrincipal'];

const generateKey: OwnOperation = {
	name: 'generateKey',
	label: 'Generate Key',
	action: 'Generate a new key for an API client and end the old one',
	description:
		'Generate a new API key (client secret). The old key and its access tokens stop working at once.',
	onRow: true,
	uses: ['GenerateAppToken'],
	properties: [
		{
			displayName:
				'The old key stops working at once, and every program that uses it is locked out. For the client of this credential, that is n8n: enter the new key in the credential.',
			name: 'keyNotice',
			type: 'notice',
			default: '',
		},
	],
	execute: async (run) =>
		await onRow(run, rows, async ({ id }) => {
			const { client, signal } = run;
			const key = await invoke(client, 'GenerateAppToken', { parameters: { Id: id }, signal });
			// The one secret that is put out unasked: the operation is of no use without it, and 3CX shows it only once.
			if (typeof key === 'string' && key !== '') {
				return asOutput([{ Id: id, ClientSecret: key }], ['ClientSecret']);
			}
			// The old key is gone all the same: the item must say so, and a second try must not be automatic.
			const note =
				'3CX has made a new key, which ended the old one, but its answer could not be read. Run this again for another new key.';
			return { Id: id, ClientSecret: null, outcome: 'unknown', note };
		}),
};

const setRights: OwnOperation = {
	name: 'setRights',
	label: 'Set Rights',
	action: 'Set the rights of an API client',
	description:
		'Set which APIs the client can use, and its role in each department. This replaces its departments.',
	onRow: true,
	uses,
	dryRun: true,
	properties: [
		departmentParameter,
		{
			...roleParameter,
			description:
				'Reports, recordings and call history need System Owner; most of the configuration needs System Admin',
		},
		// As in Create, nothing is allowed that was not turned on.
		configurationApi,
		callControlApi,
	],
	execute: async (run): Promise<IDataObject> => {
		const { context, index, client, signal } = run;
		const parameter = (name: string) => context.getNodeParameter(name, index);
		const wanted = {
			Groups: [membershipOf(await departmentOf(run), parameter('role') as string)],
			XAPIEnabled: parameter('xapiEnabled'),
			CallControlEnabled: parameter('callControlEnabled'),
		};
		return await onRow(run, rows, async ({ path }) => {
			const { outcome, changed, before } = await setProperties(client, path, wanted, {
				select: ['Id', 'Number'],
				expand: [MEMBERSHIPS],
				signal,
			});
			return {
				outcome,
				changed: changed as IDataObject,
				Id: before.Id as number,
				Number: before.Number as string,
			};
		});
	},
};

/** Whether two lists hold the same numbers: the order of monitored extensions means nothing. */
const areSame = (one: string[], other: string[]) =>
	one.toSorted().join() === other.toSorted().join();

const setMonitoredExtensions: OwnOperation = {
	name: 'setMonitoredExtensions',
	label: 'Set Monitored Extensions',
	action: 'Set the monitored extensions of an API client',
	description:
		'Set the extensions whose calls the client can see and control. This replaces all existing ones.',
	onRow: true,
	uses,
	dryRun: true,
	properties: [
		extensionsParameter({
			displayName: 'Extension Names or IDs',
			name: 'extensions',
		}),
	],
	execute: async (run): Promise<IDataObject> => {
		const { context, index, client, signal } = run;
		const numbers = numbersIn(context.getNodeParameter('extensions', index, []));
		return await onRow(run, rows, async ({ id, path }) => {
			let previous: string[] | undefined;
			const list = { path, property: 'Peers', signal };
			const unseen = await rewriteList(client, list, (held) => {
				const monitored = held.map(({ Number: number }) => String(number));
				previous ??= monitored;
				return areSame(monitored, numbers) ? undefined : numbers.map((Number) => ({ Number }));
			});
			const isSo = areSame(previous ?? [], numbers);
			return {
				outcome: isSo ? 'unchanged' : outcomeOf(client, 'updated'),
				changed: isSo ? {} : { Peers: { from: previous, to: numbers } },
				Id: id,
				monitored: numbers,
				previous,
				...unseen,
			};
		});
	},
};

/** API clients: XAPI `ServicePrincipals`. */
export const apiClient: EntityResource = {
	...rows,
	operations: [generateKey, setMonitoredExtensions, setRights],
};
