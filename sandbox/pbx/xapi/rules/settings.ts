import type { Context, Rules } from '../context';
import type { Row } from '../../odata/model';

/** Settings objects as a small company would have them; what is not said here follows the type. */
const settings = (initial: Row): Rules => ({ initial });

export const musicOnHoldSettings = settings({
	MusicOnHold: 'onhold.wav',
	MusicOnHoldRandomize: false,
	MusicOnHoldRandomizePerCall: false,
});

export const emergencySettings = settings({
	ChatRecipients: 'None',
	SpecifiedList: '100',
	EmergencyPlayPrompt: '',
});

export const callParkingSettings = settings({
	AutoPickupEnabled: false,
	AutoPickupForwardType: 'TransferBack',
	AutoPickupForwardDN: '',
	AutoPickupForwardExternalNumber: '',
	AutoPickupTimeout: 60,
	MaximumParkedCalls: 100,
	MusicOnHold: '',
});

export const generalSettings = settings({ OperatorExtension: '100' });

export const hotelServices = settings({
	Enabled: false,
	NoAnswerDestination: { To: 'None', Number: '', External: '', Type: 'None', Tags: [] },
});

export const voicemailSettings = settings({
	Extension: '999',
	AutoDeleteEnabled: true,
	AutoDeleteDays: 30,
	MinDuration: 3,
	OperatorEnabled: false,
	SendEmailQuotaEnabled: true,
	SendEmailQuotaPercentage: 80,
	TranscribeEngine: 'None',
	TranscribeLanguage: 'en-US',
});

export const antiHackingSettings = settings({
	HackAuthRequests: 25,
	HackChallengeRequests: 1000,
	HackBlacklistDuration: 3600,
	HackBarrierGreen: 200,
	HackBarrierAmber: 2000,
	HackBarrierRed: 3000,
	SecurityDefenseProgram: true,
});

/** A password that is set is shown as such, and not what it is (protocol 4.6). */
const concealing =
	(singleton: string, ...properties: string[]): NonNullable<Rules['values']> =>
	({ store }: Context) => {
		const row = store.singleton(singleton);
		return Object.fromEntries(
			properties.map((property) => {
				const { Value } = (row[property] ?? {}) as { Value?: string };
				return [property, { Concealed: Boolean(Value) }];
			}),
		);
	};

export const mailSettings: Rules = {
	initial: {
		CanEditMailServerType: true,
		MailServerType: 'Custom',
		MailServer: 'smtp.example.com:587',
		MailAddress: 'pbx@example.com',
		MailUser: 'pbx@example.com',
		MailPassword: { Value: 'correct-horse' },
		MailSslEnabled: true,
	},
	values: concealing('MailSettings', 'MailPassword'),
};

export const aiSettings: Rules = {
	initial: {
		Provider: 'OpenAI',
		CompanyName: 'Example Ltd',
		CompanyDescription: 'We repair bicycles.',
		CompletionModel: 'text-1',
		RealtimeModel: 'voice-1',
		APIKey: { Value: 'invented-key' },
	},
	values: concealing('AISettings', 'APIKey', 'ManagementAPIKey'),
};
