import { rejected } from '../../odata/errors';
import type { Row } from '../../odata/model';
import { remove, update } from '../writes';
import type { Context, Rules, Violations } from '../context';
import { devicesOf } from '../../directory';
import { dnRules } from './anyDn';
import { EXTENSION_FIELDS, dnName, fillExtensions, firstFreeNumber } from './dn';

/** The five profiles that every extension has; each routes as available or as away (protocol 4.6). */
const PROFILES = [
	{ Name: 'Available', away: false },
	{ Name: 'Away', away: true },
	{ Name: 'Out of office', away: true },
	{ Name: 'Custom 1', away: false },
	{ Name: 'Custom 2', away: true },
];

const voicemail = (number: unknown) => ({
	To: 'VoiceMail',
	Number: number,
	Type: 'Extension',
	Tags: [],
});

function forwardingProfiles({ store }: Context, number: unknown): Row[] {
	return PROFILES.map(({ Name, away }) => ({
		Id: store.nextId(),
		Name,
		CustomName: '',
		CustomMessage: '',
		NoAnswerTimeout: 20,
		RingMyMobile: false,
		BlockPushCalls: false,
		DisableRingGroupCalls: false,
		AcceptMultipleCalls: true,
		OfficeHoursAutoQueueLogOut: false,
		...(away
			? {
					AwayRoute: {
						AllHoursExternal: true,
						AllHoursInternal: true,
						External: voicemail(number),
						Internal: voicemail(number),
					},
				}
			: {
					AvailableRoute: {
						BusyAllCalls: true,
						BusyExternal: voicemail(number),
						BusyInternal: voicemail(number),
						NoAnswerAllCalls: true,
						NoAnswerExternal: voicemail(number),
						NoAnswerInternal: voicemail(number),
						NotRegisteredAllCalls: true,
						NotRegisteredExternal: voicemail(number),
						NotRegisteredInternal: voicemail(number),
					},
				}),
	}));
}

/** The secrets that a plain GET hands out, as the real PBX does (protocol 6.13); all invented. */
const secrets = ({ secret }: Context): Row => ({
	AuthID: secret(10),
	AuthPassword: secret(10),
	AccessPassword: secret(12),
	DeskphonePassword: secret(8),
	SIPID: secret(10),
	VMPIN: secret(4, '0123456789'),
});

function emailTaken({ store }: Context, email: unknown, except?: Row): boolean {
	if (typeof email !== 'string' || email === '') return false;
	const wanted = email.toLowerCase();
	return store
		.rows('Users')
		.some((row) => row !== except && String(row.EmailAddress ?? '').toLowerCase() === wanted);
}

function check(context: Context, body: Row, existing?: Row): Violations {
	const profiles = (body.ForwardingProfiles ?? existing?.ForwardingProfiles ?? PROFILES) as Row[];
	const profile = body.CurrentProfileName;
	const isUnknownProfile =
		typeof profile === 'string' && !profiles.some(({ Name }) => Name === profile);
	return {
		...(emailTaken(context, body.EmailAddress, existing)
			? { EmailAddress: 'WARNINGS.XAPI.ALREADY_IN_USE' }
			: {}),
		...(isUnknownProfile ? { CurrentProfileName: 'WARNINGS.XAPI.NOT_FOUND' } : {}),
		...(typeof body.VMPIN === 'string' && !/^\d*$/.test(body.VMPIN)
			? { VMPIN: 'WARNINGS.XAPI.INVALID_PIN_NUMBER' }
			: {}),
	};
}

function forEachExtensionList({ store }: Context, change: (list: Row[]) => Row[]): void {
	for (const [set, field] of EXTENSION_FIELDS) {
		for (const row of store.rows(set)) {
			store.update(set, row, { [field]: change((row[field] ?? []) as Row[]) });
		}
	}
}

const byIds = ({ store }: Context, ids: unknown) =>
	(ids as number[]).map((id) => ({ id, user: store.find('Users', 'Id', id) }));

function regenerate(context: Context, user: Row, options: Row): void {
	const fresh = secrets(context);
	const fields: Record<string, string[]> = {
		SipAuth: ['AuthID', 'AuthPassword'],
		WebclientPassword: ['AccessPassword'],
		VoicemailPIN: ['VMPIN'],
		DeskphonePassword: ['DeskphonePassword'],
	};
	const chosen = Object.entries(fields).flatMap(([option, names]) =>
		options[option] === true ? names : [],
	);
	context.store.update(
		'Users',
		user,
		Object.fromEntries(chosen.map((name) => [name, fresh[name]])),
	);
}

export const users: Rules = dnRules('Users', {
	defaults: (context, body) => ({
		...secrets(context),
		FirstName: '',
		LastName: '',
		EmailAddress: '',
		Mobile: '',
		OutboundCallerID: '',
		Language: 'EN',
		Enabled: true,
		Internal: false,
		CurrentProfileName: 'Available',
		QueueStatus: 'LoggedIn',
		ForwardingProfiles: forwardingProfiles(context, body.Number ?? ''),
		ForwardingExceptions: [],
		Greetings: [],
		Phones: [],
		OfficeHoursProps: [],
		Tags: [],
		VMEnabled: true,
		VMEmailOptions: 'Notification',
		VMPlayCallerID: true,
		VMPlayMsgDateTime: 'None',
		VMDisablePinAuth: false,
		RecordCalls: false,
		RecordExternalCallsOnly: false,
		CallScreening: false,
		HideInPhonebook: false,
		AllowLanOnly: true,
		BlockTunnel: false,
		PbxDeliversAudio: false,
		PinProtected: false,
		PinProtectTimeout: 0,
		SRTPMode: 'SRTPDisabled',
		SendEmailMissedCalls: true,
		CallUsEnableChat: true,
		CallUsEnablePhone: true,
		CallUsEnableVideo: true,
		Require2FA: false,
		Enable2FA: false,
	}),
	check,
	written(context, row, body, before) {
		const number = String(row.Number);
		context.store.update('Users', row, {
			DisplayName: dnName('Users', row),
			IsRegistered: devicesOf(number).length > 0,
			PrimaryGroupId: ((row.Groups ?? []) as Row[])[0]?.GroupId,
		});
		const isRenamed =
			before && (before.FirstName !== row.FirstName || before.LastName !== row.LastName);
		if (isRenamed) forEachExtensionList(context, (list) => fillExtensions(context, list));
	},
	deleted(context, row) {
		forEachExtensionList(context, (list) =>
			list.filter(({ Number: number }) => number !== row.Number),
		);
	},
	operations: {
		'Pbx.GetFirstAvailableExtensionNumber': ({ context }) => ({
			Number: firstFreeNumber(context, 'Users'),
		}),
		'Pbx.GetFirstAvailableHotdeskingNumber': ({ context }) => ({
			Number: firstFreeNumber(context, 'Users'),
		}),
		'Pbx.HasDuplicatedEmail': ({ context, entity }) =>
			emailTaken(context, entity?.EmailAddress, entity),
		'Pbx.GetDuplicatedEmails': ({ context, args }) =>
			(args.emails as string[]).filter((email) => emailTaken(context, email)),
		'Pbx.ExportExtensions': ({ context }) => context.store.rows('Users'),
		'Pbx.GenerateProvLink': ({ context, entity }) =>
			`https://${context.fqdn}/provisioning/${context.secret(12)}/TcxProvFiles/3cxProv_${String(entity?.Number)}.xml`,
		'Pbx.GetPhoneSecret': ({ context }) => context.secret(16),
		// Empty means that all are deleted; what could not be is listed (protocol 4.5).
		'Pbx.BatchDelete': ({ context, args }) =>
			byIds(context, args.ids).flatMap(({ id, user }) => {
				if (!user) return [{ ExtensionNumber: String(id), Error: 'WARNINGS.XAPI.NOT_FOUND' }];
				remove(context, 'Users', user, users);
				return [];
			}),
		'Pbx.BulkUpdate': ({ context, args }) => {
			for (const { user } of byIds(context, args.ids)) {
				if (user) update(context, 'Users', user, args.user as Row, users);
			}
		},
		'Pbx.Regenerate': ({ context, args, entity }) => {
			if (entity) regenerate(context, entity, args.opts as Row);
		},
		'Pbx.RegeneratePasswords': ({ context, args }) => {
			for (const { user } of byIds(context, args.Ids)) {
				if (user) regenerate(context, user, args.opts as Row);
			}
		},
		'Pbx.MakeCall': ({ context, args, client }) => {
			const from = String(args.dn ?? client.clientId);
			if (!context.store.dn(from)) throw rejected({ dn: 'WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER' });
			const isMade = context.calls.make(from, String(args.destination));
			return isMade
				? { FinalStatus: 'Success', Reason: 'None', ReasonText: '' }
				: {
						FinalStatus: 'Failed',
						Reason: 'NotRegistered',
						ReasonText: 'No phone, or no such destination',
					};
		},
	},
});
