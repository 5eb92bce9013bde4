import {
	destinationField,
	destinationFrom,
	destinationLists,
	destinationProperty,
	type DestinationValue,
} from '../fields/destination';
import { enumField, switchField, textField } from '../fields/simple';
import { deleteMany, deleteManyLists } from '../operations/deleteMany';
import type { Entity } from '../../../lib/xapi/entities';
import { matching } from '../../shared/matching';
import { byName, rowsOf } from '../lists';
import type { EntityResource, Field, ListSearchMethod } from '../resource';
import { trunkLists, trunksNamed } from './trunk/lists';

const many = {
	resource: (): EntityResource => inboundRule,
	plural: 'inbound rules',
	operationId: 'BulkInboundRulesDelete',
};

/** A destination for some hours. 3CX only looks at it while its switch is on, so choosing one turns the switch on. */
const exceptionField = (
	property: string,
	name: string,
	label: string,
	description: string,
): Field => ({
	property,
	spread: true,
	parameter: destinationProperty(name, label, description),
	toXapi: (value: DestinationValue) => {
		const destination = destinationFrom(value, label);
		return destination ? { [property]: destination } : {};
	},
});

/** Each exception with the switch that puts it to use. */
const EXCEPTIONS = {
	OutOfOfficeHoursDestination: 'AlterDestinationDuringOutOfOfficeHours',
	HolidaysDestination: 'AlterDestinationDuringHolidays',
};

/**
 * Who gives a new rule a destination for holidays wants it used. A rule that is there has its switches as somebody set
 * them: another destination is no reason to turn one.
 */
const inUse = (body: Entity): Entity =>
	Object.fromEntries(
		Object.entries(EXCEPTIONS).flatMap(([property, flag]) =>
			property in body ? [[flag, true]] : [],
		),
	);

/** What {@link numberField} holds: text in workflows that were made before it had a list. */
type Chosen = string | { value?: string | number };

const numberIn = (chosen: Chosen): string =>
	String((typeof chosen === 'object' ? chosen.value : chosen) ?? '').trim();

/** The number that a rule is for, from the list of the PBX's own numbers or typed. */
const numberField: Field = {
	property: 'Data',
	prominent: true,
	spread: true,
	toXapi: (chosen: Chosen) => {
		const Data = numberIn(chosen);
		return Data === '' ? {} : { Data };
	},
	parameter: {
		displayName: 'DID or Caller ID',
		name: 'data',
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		description: 'The number that the rule is for; * stands for any digits',
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				placeholder: 'Select one of your numbers...',
				typeOptions: { searchListMethod: 'searchDids', searchable: true },
			},
			{
				displayName: 'By Number',
				name: 'number',
				type: 'string',
				placeholder: 'e.g. +442079460800',
			},
		],
	},
};

/** The numbers of the PBX, each with the rule that it has. */
const searchDids: ListSearchMethod = async function (text = '') {
	const rows = await rowsOf(this, '/DidNumbers', { expand: [{ property: 'RoutingRule' }] });
	const results = rows.map(({ Number: number, RoutingRule }) => {
		const { RuleName } = (RoutingRule ?? {}) as { RuleName?: string };
		return {
			name: [String(number), RuleName && `(${RuleName})`].filter(Boolean).join(' '),
			value: String(number),
		};
	});
	return matching(results.sort(byName), text);
};

/** Where calls from outside go: XAPI `InboundRules`. */
export const inboundRule: EntityResource = {
	name: 'inboundRule',
	label: 'Inbound Rule',
	plural: 'Inbound Rules',
	description: 'Where external calls go, by called number or caller',
	entitySet: 'InboundRules',
	type: 'InboundRule',
	naturalKeys: [
		{ property: 'RuleName', label: 'Name', placeholder: 'e.g. Main line' },
		{ property: 'Data', label: 'DID or Caller ID', placeholder: 'e.g. +442079460800' },
	],
	title: ({ RuleName, Data }) => [RuleName, Data].filter(Boolean).join(' '),
	searchIn: ['RuleName', 'Data'],
	summary: [
		'Id',
		'RuleName',
		'Condition',
		'Data',
		'CallType',
		'OfficeHoursDestination',
		'AlterDestinationDuringOutOfOfficeHours',
		'OutOfOfficeHoursDestination',
		'AlterDestinationDuringHolidays',
		'HolidaysDestination',
	],
	expand: { TrunkDN: { property: 'TrunkDN' } },
	needed: [['RuleName']],
	implied: inUse,
	fields: [
		textField(
			'RuleName',
			{ displayName: 'Name', name: 'ruleName', placeholder: 'e.g. Main line' },
			{ prominent: true },
		),
		{
			property: 'Condition',
			prominent: true,
			parameter: {
				displayName: 'Applies To',
				name: 'condition',
				type: 'options',
				options: [
					{
						name: 'Calls From a Caller ID',
						value: 'BasedOnCallerID',
						description: 'Calls from the number below',
					},
					{
						name: 'Calls to a DID',
						value: 'BasedOnDID',
						description: 'Calls to the number below, which is one of your numbers',
					},
				],
				default: 'BasedOnDID',
			},
		},
		numberField,
		{
			...destinationField(
				'OfficeHoursDestination',
				'officeHoursDestination',
				'Destination in Office Hours',
				'Where calls go during office hours, and at other times if no other destination is set',
			),
			prominent: true,
		},
		exceptionField(
			'OutOfOfficeHoursDestination',
			'outOfOfficeHoursDestination',
			'Destination Outside Office Hours',
			'Where calls go when the office is closed, if the rule uses it; a new rule does',
		),
		exceptionField(
			'HolidaysDestination',
			'holidaysDestination',
			'Destination on Holidays',
			'Where calls go on holidays, if the rule uses it; a new rule does',
		),
		switchField('AlterDestinationDuringOutOfOfficeHours', {
			displayName: 'Use Destination Outside Office Hours',
			name: 'alterOutOfOfficeHours',
			description: 'Whether calls go to another destination when the office is closed',
		}),
		switchField('AlterDestinationDuringHolidays', {
			displayName: 'Use Destination on Holidays',
			name: 'alterHolidays',
			description: 'Whether calls go to another destination on holidays',
		}),
		enumField('CallType', 'RuleCallTypeType', {
			displayName: 'Call Type',
			name: 'callType',
			default: 'AllCalls',
		}),
		{
			property: 'TrunkDN',
			toXapi: async (trunk: string | number, at) => {
				const text = String(trunk).trim();
				if (/^\d*$/.test(text)) return { Number: text };
				const [{ Number: number } = { Number: '' }] = await trunksNamed(at, [text], 'trunk');
				return { Number: String(number) };
			},
			parameter: {
				displayName: 'Trunk Name or ID',
				name: 'trunk',
				type: 'options',
				typeOptions: { loadOptionsMethod: 'getTrunkNumbers' },
				default: '',
				description:
					'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
			},
		},
	],
	operations: [deleteMany(many)],
	loadOptions: { ...destinationLists, ...trunkLists, ...deleteManyLists(many) },
	listSearch: { searchDids },
};
