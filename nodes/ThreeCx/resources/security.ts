import { numberField, switchField } from '../fields/simple';
import type { Field, SettingsResource } from '../resource';

const barrier = (colour: 'Amber' | 'Green' | 'Red'): Field =>
	numberField(`HackBarrier${colour}`, {
		displayName: `Security Barrier ${colour} (Packets)`,
		name: `HackBarrier${colour}`,
		typeOptions: { minValue: 1 },
		default: 1000,
		description: 'How many packets one address can send before this barrier applies',
	});

/** Protection against attacks over SIP: XAPI `AntiHackingSettings`. Blocked addresses are the resource Blocked IP. */
export const security: SettingsResource = {
	name: 'security',
	label: 'Security',
	plural: 'Anti-Hacking',
	description: 'How the PBX protects itself from attacks',
	singleton: 'AntiHackingSettings',
	fields: [
		numberField('HackBlacklistDuration', {
			displayName: 'Block For (Seconds)',
			name: 'HackBlacklistDuration',
			typeOptions: { minValue: 1 },
			default: 3600,
			description: 'How long an address stays blocked',
		}),
		numberField('HackAuthRequests', {
			displayName: 'Failed Logins',
			name: 'HackAuthRequests',
			typeOptions: { minValue: 1 },
			default: 25,
			description: 'How many wrong passwords one address can send before it is blocked',
		}),
		switchField('SecurityDefenseProgram', {
			displayName: 'Global Blocklist',
			name: 'SecurityDefenseProgram',
			description: 'Whether this PBX takes part in the blocklist that 3CX shares between systems',
		}),
		barrier('Amber'),
		barrier('Green'),
		barrier('Red'),
		numberField('MaxRequestPerPeriod', {
			displayName: 'Throttle Limit (Requests)',
			name: 'MaxRequestPerPeriod',
			typeOptions: { minValue: 1 },
			default: 100,
			description: 'How many requests one address can send in a throttle period',
		}),
		numberField('ThrottlePeriodLength', {
			displayName: 'Throttle Period',
			name: 'ThrottlePeriodLength',
			typeOptions: { minValue: 1 },
			default: 60,
			description: 'How long the throttle counts requests, in the unit of the Admin Console',
		}),
		numberField('HackChallengeRequests', {
			displayName: 'Unanswered Challenges',
			name: 'HackChallengeRequests',
			typeOptions: { minValue: 1 },
			default: 1000,
			description: 'How many login challenges one address can leave open before it is blocked',
		}),
	],
};
