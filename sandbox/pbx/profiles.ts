import { randomBytes } from 'node:crypto';
import type { Pbx, PbxOptions } from '.';
import type { ApiClient } from './types';

/**
 * Ways in which real PBXs and their API clients differ, as far as the sandbox can be told so: versions, roles, licences,
 * and the open questions of docs/protocol.md. `tsx sandbox/pbx/main.ts --profile older` runs one.
 */
export interface Profile {
	/** What is different, in a few words. */
	title: string;
	/** Made anew for each start: client secrets are random. */
	options: () => PbxOptions;
	/** What has to be done once it runs. */
	prepare?: (pbx: Pbx) => void;
}

/** @returns a system owner with both APIs and a random secret, as changed */
export const client = (changes: Partial<ApiClient>): ApiClient => ({
	clientId: 'n8n',
	clientSecret: randomBytes(24).toString('base64url'),
	role: 'system_owners',
	xapiEnabled: true,
	callControlEnabled: true,
	monitored: 'all',
	...changes,
});

const as = (changes: Partial<ApiClient>) => (): PbxOptions => ({ clients: [client(changes)] });

export const PROFILES = {
	current: { title: '20.0.10, System Owner', options: () => ({}) },
	older: {
		title: '20.0.3: tokens in minutes, no limit to $top, no description of itself',
		options: () => ({ version: '20.0.3.6', expiresIn: 'minutes', topLimit: null }),
		prepare: ({ faults }) => faults.next({ path: /swagger\.yaml/, status: 404, times: Infinity }),
	},
	otherwise: {
		title:
			'the open questions answered the other way: next links, small pages, 500 for instants, DIDs on every leg',
		options: () => ({
			nextLink: true,
			pageSize: 10,
			callHistoryTimestampFails: true,
			calls: {
				finalStatus: 'number',
				participantUid: true,
				partyDid: 'always',
				participantPerDevice: true,
				promptFinished: true,
				openParticipantLists: true,
			},
		}),
	},
	admin: {
		title: 'System Admin: no history, no recordings',
		options: as({ role: 'system_admins' }),
	},
	user: {
		title: 'role User, as in the department System Wide',
		options: as({ role: 'users', monitored: ['100', '101'] }),
	},
	few: {
		title: 'System Owner that monitors two extensions',
		options: as({ monitored: ['100', '101'] }),
	},
	noCallControl: { title: 'Call Control not ticked', options: as({ callControlEnabled: false }) },
	noXapi: { title: 'Configuration API not ticked', options: as({ xapiEnabled: false }) },
	unlicensed: { title: 'no Enterprise licence', options: () => ({ licence: 'professional' }) },
	empty: { title: 'a new PBX, nothing in it', options: () => ({ seed: 'empty' }) },
	failing: {
		title: 'reports and recordings fail',
		options: () => ({}),
		prepare: ({ faults }) =>
			faults.next({ path: /Report|Recordings|CallHistoryView/, status: 500, times: Infinity }),
	},
	silent: {
		title: 'sockets of dead tokens stay open and say nothing, and pings get no answer',
		options: () => ({
			quirks: { replacedSocket: 'silent', acceptsDeadTokens: true, ignoresPings: true },
		}),
	},
	spelt: {
		title: 'Pascal case, binary messages, a sequence that does not count, single legs 403',
		options: () => ({ quirks: { pascalCase: true, binaryFrames: true, sequence: 'constant' } }),
		prepare: ({ faults }) =>
			faults.next({ path: /participants\/\d+$/, status: 403, times: Infinity }),
	},
	proxied: {
		title: 'a proxy that compresses everything',
		options: () => ({ quirks: { gzip: true } }),
	},
	hasty: {
		title: 'tokens of a minute that do not say when they were made, and a clock two hours behind',
		options: () => ({
			tokenLifetimeSeconds: 60,
			quirks: { withoutIat: true, clockOffsetMs: -7_200_000 },
		}),
	},
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;

/** @returns whether there is a profile of this name */
export const isProfile = (name: string): name is ProfileName => Object.hasOwn(PROFILES, name);
