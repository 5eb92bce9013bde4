import { enumField, switchField, textField } from '../fields/simple';
import type { SettingsResource } from '../resource';

/** How the PBX sends emails: XAPI `MailSettings`. */
export const mail: SettingsResource = {
	name: 'mail',
	label: 'Mail',
	plural: 'Outgoing Mail',
	description: 'The server that the PBX uses to send emails',
	singleton: 'MailSettings',
	fields: [
		switchField('MailSslEnabled', {
			displayName: 'Encrypted Connection',
			name: 'MailSslEnabled',
			description: 'Whether the PBX uses TLS with the server',
		}),
		{
			...textField('MailPassword', {
				displayName: 'Password',
				name: 'MailPassword',
				typeOptions: { password: true },
				description: 'The password for the server; never shown in the output',
			}),
			toXapi: (Value: unknown) => ({ Value }),
		},
		textField('MailAddress', {
			displayName: 'Sender Address',
			name: 'MailAddress',
			placeholder: 'e.g. pbx@example.com',
		}),
		textField('MailServer', {
			displayName: 'Server',
			name: 'MailServer',
			placeholder: 'e.g. smtp.example.com:587',
		}),
		enumField('MailServerType', 'MailServerType', {
			displayName: 'Server Type',
			name: 'MailServerType',
			options: [
				{ name: '3CX', value: 'Tcx' },
				{ name: 'Custom', value: 'Custom' },
				{ name: 'Google Workspace', value: 'GoogleWorkspace' },
				{ name: 'Microsoft 365', value: 'MS365' },
			],
			default: 'Custom',
			description: 'The other fields apply to Custom only',
		}),
		textField('MailUser', {
			displayName: 'User Name',
			name: 'MailUser',
			placeholder: 'e.g. pbx@example.com',
		}),
	],
};
