import { textField } from '../fields/simple';
import { deleteMany, deleteManyLists } from '../operations/deleteMany';
import type { EntityResource } from '../resource';

const many = {
	resource: (): EntityResource => blockedNumber,
	plural: 'blocked numbers',
	operationId: 'BulkNumbersDelete',
};

/** Callers who are turned away: XAPI `BlackListNumbers`, whose Ids are texts. */
export const blockedNumber: EntityResource = {
	name: 'blockedNumber',
	label: 'Blocked Number',
	plural: 'Blocked Numbers',
	description: 'A phone number whose calls are rejected',
	entitySet: 'BlackListNumbers',
	type: 'BlackListNumber',
	naturalKeys: [{ property: 'CallerId', label: 'Caller ID', placeholder: 'e.g. +442079460199' }],
	title: ({ CallerId, Description }) => [CallerId, Description].filter(Boolean).join(' '),
	searchIn: ['CallerId', 'Description'],
	summary: ['Id', 'CallerId', 'Description'],
	expand: {},
	needed: [['CallerId']],
	fields: [
		textField(
			'CallerId',
			{
				displayName: 'Caller ID',
				name: 'callerId',
				placeholder: 'e.g. +442079460199',
				description: 'The number as the trunk sends it',
			},
			{ prominent: true },
		),
		textField(
			'Description',
			{
				displayName: 'Description',
				name: 'description',
				placeholder: 'e.g. Nuisance caller',
			},
			{ prominent: true },
		),
	],
	operations: [deleteMany(many)],
	loadOptions: deleteManyLists(many),
};
