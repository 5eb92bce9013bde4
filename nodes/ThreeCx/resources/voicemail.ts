import { enumField, numberField, switchField, textField } from '../fields/simple';
import type { SettingsResource } from '../resource';

/** Voicemail of the whole PBX: XAPI `VoicemailSettings`. The messages themselves are out of XAPI's reach (protocol 4.6). */
export const voicemail: SettingsResource = {
	name: 'voicemail',
	label: 'Voicemail',
	plural: 'Voicemail',
	description: 'Storage, clean-up and transcription of voicemails',
	singleton: 'VoicemailSettings',
	fields: [
		numberField('AutoDeleteDays', {
			displayName: 'Delete After (Days)',
			name: 'AutoDeleteDays',
			typeOptions: { minValue: 1 },
			default: 30,
			description: 'The age at which voicemails are deleted, if Delete Old Voicemails is on',
		}),
		switchField('AutoDeleteEnabled', {
			displayName: 'Delete Old Voicemails',
			name: 'AutoDeleteEnabled',
			description: 'Whether voicemails are deleted by themselves',
		}),
		switchField('OperatorEnabled', {
			displayName: 'Operator',
			name: 'OperatorEnabled',
			description: 'Whether callers can choose the operator instead of leaving a message',
		}),
		numberField('MinDuration', {
			displayName: 'Shortest Voicemail (Seconds)',
			name: 'MinDuration',
			default: 3,
			description: 'Shorter messages are not kept',
		}),
		enumField('TranscribeEngine', 'TranscribeEngine', {
			displayName: 'Transcription Engine',
			name: 'TranscribeEngine',
			default: 'None',
			description: 'Which service turns voicemails into text; its keys are under More Fields',
		}),
		textField('TranscribeLanguage', {
			displayName: 'Transcription Language',
			name: 'TranscribeLanguage',
			placeholder: 'e.g. en-US',
		}),
		textField('Extension', {
			displayName: 'Voicemail Extension',
			name: 'Extension',
			placeholder: 'e.g. 999',
			description: 'The number that people dial to hear their voicemails',
		}),
		numberField('SendEmailQuotaPercentage', {
			displayName: 'Warn At (Percent)',
			name: 'SendEmailQuotaPercentage',
			typeOptions: { minValue: 1, maxValue: 100 },
			default: 80,
			description: 'How full the storage is when the warning goes out',
		}),
		switchField('SendEmailQuotaEnabled', {
			displayName: 'Warn by Email',
			name: 'SendEmailQuotaEnabled',
			description: 'Whether an email warns when the storage for voicemails gets full',
		}),
	],
};
