import { invokeRows, invokeTexts } from '../../../lib/xapi/invoke';
import { askPbx } from '../../shared/askPbx';
import { enumField, switchField, textField } from '../fields/simple';
import { asOptions } from '../lists';
import { asOutput } from '../operations/output';
import type { Field, OwnOperation, SettingsResource } from '../resource';

/** The settings by the names that XAPI has; all take their parameter's value as it is. */
const fields: readonly Field[] = [
	switchField('AutoCallParticipants', {
		displayName: 'Call Participants',
		name: 'AutoCallParticipants',
		description: 'Whether the PBX calls the participants when a conference starts',
	}),
	textField('Extension', {
		displayName: 'Conference Extension',
		name: 'Extension',
		placeholder: 'e.g. 700',
		description: 'The number that people dial to join',
	}),
	enumField('DtmfMode', 'DtmfMode', {
		displayName: 'DTMF Mode',
		name: 'DtmfMode',
		default: 'None',
		description: 'How the PBX sends key presses',
	}),
	textField('ExternalNumbers', {
		displayName: 'External Numbers',
		name: 'ExternalNumbers',
		placeholder: 'e.g. +442079460800',
		description: 'The numbers that external participants dial to join',
	}),
	textField('MusicOnHold', {
		displayName: 'Music on Hold',
		name: 'MusicOnHold',
		placeholder: 'e.g. onhold.wav',
		description: 'File to play while the first participant waits',
	}),
	textField('PinNumber', {
		displayName: 'PIN',
		name: 'PinNumber',
		typeOptions: { password: true },
		description: 'Digits only; never shown in the output',
	}),
	switchField('EnablePin', {
		displayName: 'PIN Required',
		name: 'EnablePin',
		description: 'Whether participants must enter the PIN',
	}),
	enumField('VideoConferenceMode', 'VideoConferenceMode', {
		displayName: 'Video Conferences',
		name: 'VideoConferenceMode',
		default: 'Cloud',
		description: 'Which servers host video conferences',
	}),
	{
		property: 'Zone',
		parameter: {
			displayName: 'Zone Name or ID',
			name: 'Zone',
			type: 'options',
			typeOptions: { loadOptionsMethod: 'getConferenceZones' },
			default: '',
			description:
				'The location of the video conference servers. Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
		},
	},
];

const getZones: OwnOperation = {
	name: 'getZones',
	label: 'Get Zones',
	action: 'Get conference zones',
	description: 'List the zones that can host video conferences',
	uses: ['GetWebMeetingZones'],
	execute: async ({ client, signal }) => {
		const zones = await invokeTexts(client, 'GetWebMeetingZones', { signal });
		return zones.map((zone) => ({ zone }));
	},
};

const getMeetings: OwnOperation = {
	name: 'getOnboardMeetings',
	label: 'Get Onboard Meetings',
	action: 'Get onboard meetings',
	description: 'List the meetings in progress on your own video servers',
	uses: ['GetOnboardMeetings'],
	execute: async ({ client, signal }) =>
		asOutput(await invokeRows(client, 'GetOnboardMeetings', { signal })),
};

/** Conferences, as far as XAPI goes: their settings, zones and running meetings (protocol 4.6). */
export const conference: SettingsResource = {
	name: 'conference',
	label: 'Conference',
	plural: 'Conferences',
	description: 'Settings of audio and video conferences, and meetings in progress',
	singleton: 'ConferenceSettings',
	fields,
	operations: [getMeetings, getZones],
	loadOptions: {
		async getConferenceZones() {
			const zones = await askPbx(
				this,
				async (client) => await invokeTexts(client, 'GetWebMeetingZones'),
			);
			return asOptions(zones);
		},
	},
};
