import { switchField, textField } from '../fields/simple';
import type { SettingsResource } from '../resource';

/** Which emails the PBX sends to those who look after it: XAPI `NotificationSettings`. */
export const notification: SettingsResource = {
	name: 'notification',
	label: 'Notification',
	plural: 'Email Notifications',
	description: 'Which emails the PBX sends to those who look after it',
	singleton: 'NotificationSettings',
	fields: [
		textField('EmailAddresses', {
			displayName: 'Email Addresses',
			name: 'EmailAddresses',
			placeholder: 'e.g. it@example.com',
			description: 'Who gets the emails',
		}),
		switchField('NotifySuccessScheduledBackups', {
			displayName: 'On Backups',
			name: 'NotifySuccessScheduledBackups',
			description: 'Whether to send an email when a scheduled backup has succeeded',
		}),
		switchField('NotifyExtensionAdded', {
			displayName: 'On New Extensions',
			name: 'NotifyExtensionAdded',
			description: 'Whether to send an email when an extension is added',
		}),
		switchField('NotifyServiceStopped', {
			displayName: 'On Stopped Services',
			name: 'NotifyServiceStopped',
			description: 'Whether to send an email when a service stops',
		}),
		switchField('NotifyUpdatesAvailable', {
			displayName: 'On Updates',
			name: 'NotifyUpdatesAvailable',
			description: 'Whether to send an email when an update is available',
		}),
		switchField('AutoRestartFailedServices', {
			displayName: 'Restart Services',
			name: 'AutoRestartFailedServices',
			description: 'Whether the PBX restarts services that have failed',
		}),
		switchField('NotifySystemOwners', {
			displayName: 'System Owners',
			name: 'NotifySystemOwners',
			description: 'Whether System Owners get the emails, too',
		}),
	],
};
