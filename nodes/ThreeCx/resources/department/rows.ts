import { listEntities, type Entity } from '../../../../lib/xapi/entities';
import { rowNamed } from '../../fields/named';
import { departmentRoutesField } from '../../fields/destination';
import { promptField } from '../../fields/prompts';
import { scheduleFields } from '../../fields/timetable';
import type { EntityResource, FieldSource } from '../../resource';

/** The ID of a time zone, which an expression may give by its name. */
async function timeZoneId(zone: string | number, { client, signal }: FieldSource): Promise<string> {
	const text = String(zone).trim();
	if (/^\d*$/.test(text)) return text;
	const rows = await listEntities(client, '/Defs/TimeZones', { signal });
	const namesOf = ({ Id, Name }: Entity) => [Id, Name];
	return String(rowNamed(rows, text, { what: 'time zone', field: 'timeZoneId', namesOf }).Id);
}

/** Departments, which XAPI calls `Groups`: all but the operations that only they have. */
export const rows: EntityResource = {
	name: 'department',
	label: 'Department',
	plural: 'Departments',
	description: 'A group of users with the same office hours, rights and number ranges',
	entitySet: 'Groups',
	type: 'Group',
	naturalKeys: [
		{ property: 'Name', label: 'Name', placeholder: 'e.g. Sales' },
		{ property: 'Number', label: 'Number', placeholder: 'e.g. GRP0001' },
	],
	title: ({ Name, Number: number }) => `${String(Name)} (${String(number)})`,
	searchIn: ['Name', 'Number'],
	summary: [
		'Id',
		'Name',
		'Number',
		'IsDefault',
		'HasMembers',
		'Language',
		'TimeZoneId',
		'CurrentGroupHours',
	],
	expand: {},
	needed: [['Name']],
	fields: [
		{
			property: 'Name',
			prominent: true,
			parameter: {
				displayName: 'Name',
				name: 'name',
				type: 'string',
				default: '',
				placeholder: 'e.g. Sales',
				description: 'The name of the department; required when it is created',
			},
		},
		{
			property: 'AllowCallService',
			parameter: {
				displayName: 'Allow Call Services',
				name: 'allowCallService',
				type: 'boolean',
				default: true,
				description:
					'Whether the department can have its own queues, ring groups and digital receptionists',
			},
		},
		{
			property: 'AnswerAfter',
			parameter: {
				displayName: 'Answer After (Seconds)',
				name: 'answerAfter',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 0,
				description: 'How long calls to the department ring before the PBX answers',
			},
		},
		...scheduleFields,
		departmentRoutesField,
		promptField(
			'MusicOnHold',
			{ displayName: 'Music on Hold Name or ID', name: 'musicOnHold' },
			'What callers of the department hear on hold',
		),
		{
			property: 'Language',
			parameter: {
				displayName: 'Language',
				name: 'language',
				type: 'string',
				default: '',
				placeholder: 'e.g. EN',
				description: 'Language of e-mails and prompts, as in the 3CX Admin Console',
			},
		},
		{
			property: 'TimeZoneId',
			toXapi: timeZoneId,
			parameter: {
				displayName: 'Time Zone Name or ID',
				name: 'timeZoneId',
				type: 'options',
				typeOptions: { loadOptionsMethod: 'getTimeZones' },
				default: '',
				description:
					'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
			},
		},
	],
};
