import type { IDataObject } from 'n8n-workflow';
import { queryString } from '../../../lib/odata/query';
import { afterChange } from '../../../lib/xapi/afterChange';
import { getEntity } from '../../../lib/xapi/entities';
import { invoke } from '../../../lib/xapi/invoke';
import type { ItemRun } from '../../shared/router';
import { assertConfirmed, confirmationProperty, PURGE } from '../fields/confirmation';
import { DEPARTMENT_HINT, departmentIds } from '../fields/departments';
import { switchField, textField } from '../fields/simple';
import { aboutRow, locateKey } from '../locator';
import { deleteMany, deleteManyLists } from '../operations/deleteMany';
import type { EntityResource, Field, OwnOperation } from '../resource';
import { trunkLists, trunksNamed } from './trunk/lists';

interface Ranges {
	range?: Array<{ from: string | number; to?: string | number }>;
}

interface Routes {
	route?: Array<{
		trunkId: number | string;
		stripDigits?: number;
		prepend?: string;
		append?: string;
		callerId?: string;
	}>;
}

/** Extensions that may use the rule; a single one is a range from itself to itself. */
const dnRanges: Field = {
	property: 'DNRanges',
	toXapi: ({ range = [] }: Ranges) =>
		range.map(({ from, to }) => ({ From: String(from), To: String(to || from) })),
	parameter: {
		displayName: 'Calls From Extensions',
		name: 'dnRanges',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true },
		placeholder: 'Add Range',
		default: {},
		description: 'The extensions that can use the rule. Replaces all existing ones.',
		options: [
			{
				name: 'range',
				displayName: 'Range',
				values: [
					{
						displayName: 'From',
						name: 'from',
						type: 'string',
						default: '',
						placeholder: 'e.g. 100',
					},
					{
						displayName: 'To',
						name: 'to',
						type: 'string',
						default: '',
						placeholder: 'e.g. 199',
						description: 'Leave empty for a single extension',
					},
				],
			},
		],
	},
};

const routes: Field = {
	property: 'Routes',
	prominent: true,
	toXapi: async ({ route = [] }: Routes, at) => {
		const names = route.map(({ trunkId }) => trunkId);
		const trunks = await trunksNamed(at, names, 'routes');
		return route.map(({ stripDigits = 0, prepend = '', append = '', callerId = '' }, place) => ({
			TrunkId: trunks[place]!.Id,
			StripDigits: stripDigits,
			Prepend: prepend,
			Append: append,
			CallerID: callerId,
		}));
	},
	parameter: {
		displayName: 'Routes',
		name: 'routes',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true, sortable: true },
		placeholder: 'Add Route',
		default: {},
		description:
			'The trunks to call through; if one fails, the PBX tries the next. Replaces all existing ones.',
		options: [
			{
				name: 'route',
				displayName: 'Route',
				values: [
					{
						displayName: 'Append',
						name: 'append',
						type: 'string',
						default: '',
						description: 'Digits to add at the end',
					},
					{
						displayName: 'Caller ID',
						name: 'callerId',
						type: 'string',
						default: '',
						placeholder: 'e.g. +442079460800',
						description: 'The number to show to the person called',
					},
					{
						displayName: 'Prepend',
						name: 'prepend',
						type: 'string',
						default: '',
						placeholder: 'e.g. 00',
						description: 'Digits to add at the front, after removing digits',
					},
					{
						displayName: 'Strip Digits',
						name: 'stripDigits',
						type: 'number',
						typeOptions: { minValue: 0, maxValue: 9 },
						default: 0,
						description: 'How many digits to remove from the front of the dialled number',
					},
					{
						displayName: 'Trunk Name or ID',
						name: 'trunkId',
						type: 'options',
						typeOptions: { loadOptionsMethod: 'getTrunks' },
						default: '',
						description:
							'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
					},
				],
			},
		],
	},
};

const many = {
	resource: (): EntityResource => outboundRule,
	plural: 'outbound rules',
	operationId: 'Purge',
	// Without IDs it would be for 3CX to decide what is meant, so they are always sent.
	body: (Ids: Array<string | number>) => ({ purgeObject: { Ids } }),
};

const bulk = deleteMany(many);

/** What XAPI calls Purge: deletes several rules, after the user has said so twice. */
const purge: OwnOperation = {
	...bulk,
	name: 'purge',
	label: 'Purge',
	action: 'Purge outbound rules permanently',
	description: 'Delete multiple outbound rules permanently',
	properties: [
		...(bulk.properties ?? []),
		confirmationProperty(PURGE, 'Deletes the rules permanently'),
	],
	execute: async (run) => {
		// A dry run needs no confirmation: it deletes nothing.
		if (!run.client.dryRun)
			assertConfirmed(run, PURGE, 'Outbound calls that only these rules allow will then fail.');
		return await bulk.execute(run);
	},
};

/** Rules are tried from the top, so their order decides; XAPI moves one by a single place. */
const move = (up: boolean): OwnOperation => {
	const direction = up ? 'Up' : 'Down';
	return {
		name: `move${direction}`,
		label: `Move ${direction}`,
		action: `Move an outbound rule ${direction.toLowerCase()}`,
		description: `Move an outbound rule one position ${direction.toLowerCase()}; the PBX tries rules from top to bottom`,
		onRow: true,
		uses: ['MoveUpDown', 'GetOutboundRule'],
		execute: async (run) =>
			await aboutRow(run, outboundRule, async (): Promise<IDataObject> => {
				const { client, signal } = run;
				const id = await locateKey(run, outboundRule);
				const before = await position(run, id);
				await invoke(client, 'MoveUpDown', { body: { id, up }, signal });
				const after = await afterChange(async () => await position(run, id), { Id: id });
				const { Priority, outcome } = after as IDataObject;
				const moved = outcome === undefined ? before.Priority !== Priority : null;
				return { ...(after as IDataObject), moved };
			}),
	};
};

const position = async ({ client, signal }: ItemRun, id: string | number) => {
	const query = queryString({ select: ['Id', 'Name', 'Priority'] });
	return (await getEntity(client, `/OutboundRules(${id})`, query, { signal })) as IDataObject;
};

/** A rule for which calls go out through which trunk: XAPI `OutboundRules`. */
export const outboundRule: EntityResource = {
	name: 'outboundRule',
	label: 'Outbound Rule',
	plural: 'Outbound Rules',
	description: 'A rule for which calls go out through which trunk',
	entitySet: 'OutboundRules',
	type: 'OutboundRule',
	naturalKeys: [{ property: 'Name', label: 'Name', placeholder: 'e.g. National calls' }],
	title: ({ Name, Prefix }) =>
		[Name, Prefix && `(${String(Prefix)})`].filter(Boolean).map(String).join(' '),
	searchIn: ['Name', 'Prefix'],
	summary: [
		'Id',
		'Name',
		'Priority',
		'Prefix',
		'NumberLengthRanges',
		'DNRanges',
		'GroupNames',
		'EmergencyRule',
		'Routes',
	],
	expand: {},
	needed: [['Name']],
	fields: [
		textField(
			'Name',
			{ displayName: 'Name', name: 'name', placeholder: 'e.g. National calls' },
			{ prominent: true },
		),
		textField(
			'Prefix',
			{
				displayName: 'Prefix',
				name: 'prefix',
				placeholder: 'e.g. 0',
				description: 'The digits that the dialled number starts with',
			},
			{ prominent: true },
		),
		routes,
		dnRanges,
		{
			property: 'GroupIds',
			toXapi: async (names: unknown, at) => await departmentIds(at, names, 'groupIds'),
			parameter: {
				displayName: 'Department Names or IDs',
				name: 'groupIds',
				type: 'multiOptions',
				typeOptions: { loadOptionsMethod: 'getDepartments' },
				default: [],
				hint: DEPARTMENT_HINT,
				description:
					'The departments that can use the rule; replaces all existing ones. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
			},
		},
		switchField('EmergencyRule', {
			displayName: 'Emergency Rule',
			name: 'emergencyRule',
			description: 'Whether the rule is for emergency numbers',
		}),
		textField('NumberLengthRanges', {
			displayName: 'Number Length',
			name: 'numberLengthRanges',
			placeholder: 'e.g. 10-12',
			description: 'The number of digits in the dialled number',
		}),
	],
	operations: [move(true), move(false), purge],
	loadOptions: { ...trunkLists, ...deleteManyLists(many) },
};
