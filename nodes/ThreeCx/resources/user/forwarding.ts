import type { IDataObject } from 'n8n-workflow';
import { ThreeCxError } from '../../../../lib/http/errors';
import { queryString } from '../../../../lib/odata/query';
import { changesTo, satisfies, type Changes } from '../../../../lib/xapi/difference';
import { getEntity, outcomeOf, type Entity, type Outcome } from '../../../../lib/xapi/entities';
import { described } from '../../../../lib/xapi/destination';
import { CALLERS, forwardingRoutes, REASONS, type Reason } from '../../../../lib/xapi/forwarding';
import { rewriteList } from '../../../../lib/xapi/members';
import { nestedRows } from '../../../../lib/xapi/nested';
import type { ItemRun } from '../../../shared/router';
import { destinationFrom, targetValues, type Target } from '../../fields/destination';
import { onRow } from '../../onRow';
import type { OwnOperation } from '../../resource';
import { rows } from './rows';
import { statusNamed, statusParameter } from './status';
import { alphabetically } from '../../../shared/alphabetical';

/** One row of the Forward Calls table. */
interface Rule extends Target {
	when: Reason;
	callers: keyof typeof CALLERS;
}

interface ForwardingOptions {
	noAnswerTimeout?: number;
	ringMyMobile?: boolean;
}

/** A forwarding profile in a flat form, with the reasons that its status has. */
function readable(profile: Entity): IDataObject {
	const destinations = forwardingRoutes(profile).map(
		({ reason, caller, destination }) => [reason + caller, described(destination)] as const,
	);
	return {
		status: profile.Name as string,
		...(profile.CustomName ? { customName: profile.CustomName as string } : {}),
		noAnswerTimeout: profile.NoAnswerTimeout as number,
		ringMyMobile: profile.RingMyMobile === true,
		...Object.fromEntries(destinations),
	};
}

/**
 * A profile with rules and options applied.
 *
 * @throws ThreeCxError of kind `input` when the status has no such reason
 */
function changedProfile(profile: Entity, rules: Rule[], options: ForwardingOptions): Entity {
	const changed: Entity = {
		...profile,
		...(options.noAnswerTimeout === undefined ? {} : { NoAnswerTimeout: options.noAnswerTimeout }),
		...(options.ringMyMobile === undefined ? {} : { RingMyMobile: options.ringMyMobile }),
	};
	for (const { when, callers, ...target } of rules) {
		const { route, prefix, label } = REASONS[when];
		const routing = changed[route] as Entity | undefined;
		if (!routing) throw hasNo(profile, label, when);
		const destination = destinationFrom({ destination: target }, 'Forward Calls');
		changed[route] = {
			...routing,
			...Object.fromEntries(CALLERS[callers].map((caller) => [prefix + caller, destination])),
			// One destination for everybody is a switch of its own in 3CX [?]: off while they differ, or one would win.
			...(route === 'AvailableRoute' ? { [`${prefix}AllCalls`]: callers === 'all' } : {}),
		};
	}
	return changed;
}

const hasNo = (profile: Entity, label: string, when: Reason) =>
	new ThreeCxError({
		kind: 'input',
		field: 'rules',
		message: `The status "${String(profile.Name)}" has no destination for "${label}"`,
		hint:
			when === 'always'
				? 'With this status the user takes calls: choose Busy, No Answer or Not Registered.'
				: 'With this status the user gets no calls: choose Always.',
	});

const PROFILES = { property: 'ForwardingProfiles' };

const profilesOf = async ({ client, signal }: ItemRun, path: string): Promise<Entity> => {
	const query = queryString({
		select: ['Id', 'Number', 'CurrentProfileName', PROFILES.property],
		expand: [PROFILES],
	});
	return await getEntity(client, path, query, { signal });
};

const wantedStatus = ({ context, index }: ItemRun) =>
	String(context.getNodeParameter('status', index));

export const getForwarding: OwnOperation = {
	name: 'getForwarding',
	label: 'Get Forwarding',
	action: 'Get the call forwarding of a user',
	description: 'Get where calls go for one status of a user',
	onRow: true,
	uses: ['GetUser'],
	properties: [statusParameter],
	execute: async (run): Promise<IDataObject> =>
		await onRow(run, rows, async ({ path }) => {
			const user = await profilesOf(run, path);
			const profile = statusNamed(nestedRows(user, PROFILES), wantedStatus(run));
			return {
				Id: user.Id as number,
				Number: user.Number as string,
				isCurrent: user.CurrentProfileName === profile.Name,
				...readable(profile),
			};
		}),
};

export const updateForwarding: OwnOperation = {
	name: 'updateForwarding',
	label: 'Update Forwarding',
	action: 'Change the call forwarding of a user',
	description: 'Change where calls go for one status of a user, and keep all other settings',
	onRow: true,
	uses: ['GetUser', 'UpdateUser'],
	dryRun: true,
	properties: [
		statusParameter,
		{
			displayName: 'Forward Calls',
			name: 'rules',
			type: 'fixedCollection',
			typeOptions: { multipleValues: true },
			placeholder: 'Add Rule',
			default: {},
			options: [
				{
					name: 'rule',
					displayName: 'Rule',
					values: [
						{
							displayName: 'When',
							name: 'when',
							type: 'options',
							options: Object.entries(REASONS)
								.map(([value, { label }]) => ({ name: label, value }))
								.sort(alphabetically(({ name }) => name)),
							default: 'noAnswer',
						},
						{
							displayName: 'Callers',
							name: 'callers',
							type: 'options',
							options: [
								{ name: 'All', value: 'all' },
								{ name: 'From Outside', value: 'external' },
								{ name: 'Internal', value: 'internal' },
							],
							default: 'all',
						},
						...targetValues(),
					],
				},
			],
		},
		{
			displayName: 'Options',
			name: 'forwardingOptions',
			type: 'collection',
			placeholder: 'Add option',
			default: {},
			options: [
				{
					displayName: 'No Answer After (Seconds)',
					name: 'noAnswerTimeout',
					type: 'number',
					typeOptions: { minValue: 1 },
					default: 20,
					description: 'How long the phones ring before the call counts as not answered',
				},
				{
					displayName: 'Ring Mobile Too',
					name: 'ringMyMobile',
					type: 'boolean',
					default: false,
					description: 'Whether the mobile number of the user rings too',
				},
			],
		},
	],
	execute: async (run): Promise<IDataObject> => {
		const { context, index, client, signal } = run;
		const { rule: rules = [] } = context.getNodeParameter('rules', index, {}) as { rule?: Rule[] };
		const options = context.getNodeParameter('forwardingOptions', index, {}) as ForwardingOptions;
		if (rules.length === 0 && Object.keys(options).length === 0) {
			throw new ThreeCxError({
				kind: 'input',
				field: 'rules',
				message: 'Nothing to change',
				hint: 'Add a rule under Forward Calls, or an option.',
			});
		}
		return await onRow(run, rows, async ({ id, path }) => {
			let outcome: Outcome = 'unchanged';
			let changed: Changes = {};
			let before: Entity = {};
			let result: Entity = {};
			const list = { path, property: 'ForwardingProfiles', signal };
			const unseen = await rewriteList(client, list, (profiles) => {
				const profile = statusNamed(profiles, wantedStatus(run));
				before = profile;
				result = changedProfile(profile, rules, options);
				if (satisfies(profile, result)) return undefined;
				if (outcome === 'unchanged') changed = changesTo(readable(profile), readable(result));
				outcome = outcomeOf(client, 'updated');
				return profiles.map((one) => (one === profile ? result : one));
			});
			const shown = readable(client.dryRun ? before : result);
			return { outcome, changed: changed as IDataObject, Id: id, ...shown, ...unseen };
		});
	},
};
