import { enumField, numberField, switchField, textField } from '../fields/simple';
import type { SettingsResource } from '../resource';

/** Voicemail of the whole PBX: XAPI `VoicemailSettings`. The messages themselves are out of XAPI's reach (protocol 4.6). */
export const voicemail: SettingsResource = {
	name: 'voicemail',
	label: 'Voicemail',
	plural: 'Voicemail',
	description: 'Storage, cleanup and transcription of voicemails',
	singleton: 'VoicemailSettings',
	fields: [
		numberField('AutoDeleteDays', {
			displayName: 'Delete After (Days)',
			name: 'AutoDeleteDays',
			typeOptions: { minValue: 1 },
			default: 30,
			description: 'The age at which the PBX deletes voicemails, if Delete Old Voicemails is on',
		}),
		switchField('AutoDeleteEnabled', {
			displayName: 'Delete Old Voicemails',
			name: 'AutoDeleteEnabled',
			description: 'Whether the PBX deletes old voicemails automatically',
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
			description: 'The PBX does not keep shorter messages',
		}),
		enumField('TranscribeEngine', 'TranscribeEngine', {
			displayName: 'Transcription Engine',
			name: 'TranscribeEngine',
			default: 'None',
			description: 'The service that transcribes voicemails; its keys are under More Fields',
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
			description: 'How full the storage can get before the PBX sends a warning',
		}),
		switchField('SendEmailQuotaEnabled', {
			displayName: 'Warn by Email',
			name: 'SendEmailQuotaEnabled',
			description: 'Whether to send an email when the voicemail storage gets full',
		}),
	],
};
