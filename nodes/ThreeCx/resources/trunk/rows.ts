import type { INodeProperties } from 'n8n-workflow';
import {
	departmentsField,
	enumField,
	numberField,
	switchField,
	textField,
} from '../../fields/simple';
import type { EntityResource, Field } from '../../resource';
import { trunkTitle } from './lists';

/** DIDs as typed: a list, or one text with commas. */
const didsFrom = (value: string | string[]) =>
	[value]
		.flat()
		.flatMap((text) => String(text).split(','))
		.map((text) => text.trim())
		.filter(Boolean);

/** The parameter for the SIP password; it stands alone in Create From Template. */
export const password: INodeProperties = {
	displayName: 'Password',
	name: 'authPassword',
	type: 'string',
	typeOptions: { password: true },
	default: '',
	description: 'The SIP password that the provider gave you; never shown in the output',
};

const fields: Field[] = [
	textField('AuthID', {
		displayName: 'Authentication ID',
		name: 'authId',
		description: 'The SIP user name that the provider gave you; never shown in the output',
	}),
	departmentsField(),
	{
		property: 'DidNumbers',
		toXapi: didsFrom,
		parameter: {
			displayName: 'DID Numbers',
			name: 'didNumbers',
			type: 'string',
			default: '',
			placeholder: 'e.g. +442079460800, +442079460801',
			description: 'Your numbers on this trunk, separated by commas. Replaces all existing ones.',
		},
	},
	switchField('EnableInboundCalls', {
		displayName: 'Inbound Calls',
		name: 'enableInboundCalls',
		default: true,
		description: 'Whether calls can come in over the trunk',
	}),
	switchField('EnableOutboundCalls', {
		displayName: 'Outbound Calls',
		name: 'enableOutboundCalls',
		default: true,
		description: 'Whether calls can go out over the trunk',
	}),
	textField('ExternalNumber', {
		displayName: 'Main Number',
		name: 'externalNumber',
		placeholder: 'e.g. +442079460800',
		description: 'The main number of the trunk',
	}),
	textField('OutboundCallerID', {
		displayName: 'Outbound Caller ID',
		name: 'outboundCallerId',
		placeholder: 'e.g. +442079460800',
		description: 'The number to show for external calls, unless the extension has its own',
	}),
	{
		property: 'AuthPassword',
		// The type is ConcealedPassword; 3CX fills in Concealed itself (protocol 4.6).
		toXapi: (Value: string) => ({ Value }),
		parameter: password,
	},
	numberField('SimultaneousCalls', {
		displayName: 'Simultaneous Calls',
		name: 'simultaneousCalls',
		default: 10,
		description: 'How many calls the trunk can have at the same time',
	}),
	enumField('TranscriptionMode', 'TranscriptionType', {
		displayName: 'Transcription',
		name: 'transcriptionMode',
		default: 'Nothing',
		description: 'What to transcribe of the calls over this trunk',
	}),
];

/** All of trunks but the operations that only they have. */
export const rows: EntityResource = {
	name: 'trunk',
	label: 'Trunk',
	plural: 'Trunks',
	description: 'A line to the public phone network from a SIP provider',
	entitySet: 'Trunks',
	type: 'Trunk',
	naturalKeys: [{ property: 'Number', label: 'Number', placeholder: 'e.g. 10000' }],
	// Without a template there is no provider to call through: that is what Create From Template is for.
	without: ['create', 'upsert'],
	title: trunkTitle,
	searchIn: ['Number', 'ExternalNumber'],
	titleNeeds: ['Gateway'],
	summary: [
		'Id',
		'Number',
		'Gateway',
		'IsOnline',
		'ConfigurationIssue',
		'ExternalNumber',
		'DidNumbers',
		'Direction',
		'EnableInboundCalls',
		'EnableOutboundCalls',
		'SimultaneousCalls',
	],
	expand: { Groups: { property: 'Groups' } },
	fields,
};
