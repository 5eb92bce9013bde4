import { enumField, textField } from '../fields/simple';
import { deleteMany, deleteManyLists } from '../operations/deleteMany';
import type { EntityResource } from '../resource';

const many = {
	resource: (): EntityResource => blockedIp,
	plural: 'blocked IPs',
	operationId: 'BulkIpsDelete',
};

/** Addresses that may not, or may always, talk to the PBX: XAPI `Blocklist`. */
export const blockedIp: EntityResource = {
	name: 'blockedIp',
	label: 'Blocked IP',
	plural: 'Blocked IPs',
	description: 'An IP address or network that is always blocked or always allowed',
	entitySet: 'Blocklist',
	type: 'BlocklistAddr',
	naturalKeys: [{ property: 'IPAddrMask', label: 'IP Address', placeholder: 'e.g. 203.0.113.7' }],
	title: ({ IPAddrMask, Description }) => [IPAddrMask, Description].filter(Boolean).join(' '),
	searchIn: ['IPAddrMask', 'Description'],
	summary: ['Id', 'IPAddrMask', 'BlockType', 'Description', 'AddedBy', 'ExpiresAt'],
	expand: {},
	needed: [['IPAddrMask']],
	fields: [
		textField(
			'IPAddrMask',
			{
				displayName: 'IP Address',
				name: 'ipAddrMask',
				placeholder: 'e.g. 203.0.113.7',
				// How a network is written is not documented [?]; the property's name speaks of a mask.
				description: 'An address, or a network with its mask, as in the 3CX Admin Console',
			},
			{ prominent: true },
		),
		enumField(
			'BlockType',
			'BlockType',
			{ displayName: 'Action', name: 'blockType', default: 'Block' },
			{ prominent: true },
		),
		textField('Description', {
			displayName: 'Description',
			name: 'description',
			placeholder: 'e.g. Guessed passwords',
		}),
		{
			property: 'ExpiresAt',
			toXapi: (text: string, { instant }) => instant(text),
			parameter: {
				displayName: 'Until',
				name: 'expiresAt',
				type: 'dateTime',
				default: '',
				description: 'When the entry expires',
			},
		},
	],
	operations: [deleteMany(many)],
	loadOptions: deleteManyLists(many),
};
