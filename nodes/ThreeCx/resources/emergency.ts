import { enumField, textField } from '../fields/simple';
import type { SettingsResource } from '../resource';

/** Who is notified when someone calls an emergency number: XAPI `EmergencyNotificationsSettings`. */
export const emergency: SettingsResource = {
	name: 'emergency',
	label: 'Emergency',
	plural: 'Emergency Calls',
	description: 'Who is notified when someone calls an emergency number',
	singleton: 'EmergencyNotificationsSettings',
	fields: [
		textField('SpecifiedList', {
			displayName: 'Also Notify',
			name: 'SpecifiedList',
			placeholder: 'e.g. 100,101',
			// How 3CX separates several is not documented; commas are what its other lists of numbers have [?].
			description: 'More extensions to notify, separated by commas',
		}),
		enumField('ChatRecipients', 'ChatRecipientsType', {
			displayName: 'Notify',
			name: 'ChatRecipients',
			default: 'None',
			description: 'Who gets a chat message; the group is the caller’s department',
		}),
		textField('EmergencyPlayPrompt', {
			displayName: 'Prompt',
			name: 'EmergencyPlayPrompt',
			placeholder: 'e.g. emergency.wav',
			description: 'File name of the announcement for the people who are called',
		}),
	],
};
