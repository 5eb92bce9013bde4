import { departmentsField, enumField, switchField, textField } from '../fields/simple';
import { deleteMany, deleteManyLists } from '../operations/deleteMany';
import type { EntityResource } from '../resource';

const many = {
	resource: (): EntityResource => fax,
	plural: 'fax extensions',
	operationId: 'BulkFaxDelete',
};

/** Fax extensions: XAPI `Fax`. */
export const fax: EntityResource = {
	name: 'fax',
	label: 'Fax Extension',
	plural: 'Fax Extensions',
	description: 'An extension for a fax machine or the fax server',
	entitySet: 'Fax',
	type: 'Fax',
	naturalKeys: [{ property: 'Number', label: 'Number', placeholder: 'e.g. 900' }],
	// A fax extension begins as 3CX drafts it, with a SIP login; Create or Update knows no drafts.
	draft: 'InitFax',
	without: ['upsert'],
	title: ({ Number: number }) => String(number),
	searchIn: ['Number'],
	summary: ['Id', 'Number', 'OutboundCallerId', 'FaxServer', 'TranscriptionMode'],
	expand: { Groups: { property: 'Groups' } },
	fields: [
		textField(
			'Number',
			{
				displayName: 'Fax Number',
				name: 'number',
				placeholder: 'e.g. 900',
				description: 'Leave empty to use the number that 3CX suggests. It cannot be changed later.',
			},
			{ prominent: true, createOnly: true },
		),
		departmentsField(),
		switchField('FaxServer', {
			displayName: 'Fax Server',
			name: 'faxServer',
			description: 'Whether the extension belongs to the fax server, which sends faxes as emails',
		}),
		textField('OutboundCallerId', {
			displayName: 'Outbound Caller ID',
			name: 'outboundCallerId',
			placeholder: 'e.g. +442079460809',
			description: 'The number shown to external fax machines',
		}),
		textField('AuthPassword', {
			displayName: 'Password',
			name: 'authPassword',
			typeOptions: { password: true },
			description: 'SIP password; never shown in the output',
		}),
		enumField('TranscriptionMode', 'TranscriptionType', {
			displayName: 'Transcription',
			name: 'transcriptionMode',
			default: 'Nothing',
		}),
	],
	operations: [deleteMany(many)],
	loadOptions: deleteManyLists(many),
};
