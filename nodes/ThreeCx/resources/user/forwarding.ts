import type { IDataObject } from 'n8n-workflow';
import { ThreeCxError } from '../../../../lib/http/errors';
import { queryString } from '../../../../lib/odata/query';
import { changesTo, satisfies, type Changes } from '../../../../lib/xapi/difference';
import { getEntity, outcomeOf, type Entity, type Outcome } from '../../../../lib/xapi/entities';
import { described } from '../../../../lib/xapi/destination';
import {
	CALLERS,
	forwardingRoutes,
	REASONS,
	REASONS_WHILE_AVAILABLE,
	type Reason,
} from '../../../../lib/xapi/forwarding';
import { rewriteList } from '../../../../lib/xapi/members';
import { nestedRows } from '../../../../lib/xapi/nested';
import type { ItemRun } from '../../../shared/router';
import { destinationFrom, targetValues, type Target } from '../../fields/destination';
import { onRow } from '../../onRow';
import type { OwnOperation } from '../../resource';
import { rows } from './rows';
import { isAllStatuses, statusesNamed, statusesParameter } from './status';
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

/** A destination for the next node to work with: `to` and `number` fit the fields that take destinations. */
const asObject = (destination: Entity): IDataObject => ({
	to: (destination.To as string | undefined) ?? 'None',
	number: ((destination.Number || destination.External) as string | undefined) || null,
	text: described(destination),
});

/**
 * A forwarding profile in a flat form, with the reasons that its status has.
 *
 * @param show how a destination is given
 */
function readable(
	profile: Entity,
	show: (destination: Entity) => IDataObject | string,
): IDataObject {
	const destinations = forwardingRoutes(profile).map(
		({ reason, caller, destination }) => [reason + caller, show(destination)] as const,
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
		const destination = destinationFrom({ destination: target }, 'Forward Calls');
		for (const reason of reasonsIn(profile, when)) {
			const { route, prefix } = REASONS[reason];
			changed[route] = {
				...(changed[route] as Entity),
				...Object.fromEntries(CALLERS[callers].map((caller) => [prefix + caller, destination])),
				// One destination for everybody is a switch of its own in 3CX [?]: off while they differ, or one would win.
				...(route === 'AvailableRoute' ? { [`${prefix}AllCalls`]: callers === 'all' } : {}),
			};
		}
	}
	return changed;
}

/** What a rule's reason means for a status: *Always* is all that it has; none where the status does not have it. */
function reasonsIn(profile: Entity, when: Reason): readonly Reason[] {
	const isThere = (reason: Reason) => Boolean(profile[REASONS[reason].route]);
	return when === 'always' && !isThere('always')
		? REASONS_WHILE_AVAILABLE.filter(isThere)
		: [when].filter(isThere);
}

/**
 * @throws ThreeCxError of kind `input` when a rule's reason is in none of the statuses, or is no reason
 */
function assertApplies(profiles: readonly Entity[], rules: readonly Rule[]): void {
	for (const { when } of rules) {
		if (!Object.hasOwn(REASONS, when)) throw noReason(when);
		if (profiles.some((profile) => reasonsIn(profile, when).length > 0)) continue;
		throw new ThreeCxError({
			kind: 'input',
			field: 'rules',
			message: `The status "${String(profiles[0]?.Name)}" has no destination for "${REASONS[when].label}"`,
			hint: 'With this status the user gets no calls: choose Always.',
		});
	}
}

const noReason = (when: string) =>
	new ThreeCxError({
		kind: 'input',
		field: 'rules',
		message: `"When" cannot be "${when}"`,
		hint: `Use one of ${Object.keys(REASONS).join(', ')}.`,
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
	description: 'Get where calls go for a status of a user, or one item for each of them',
	onRow: true,
	uses: ['GetUser'],
	properties: [statusesParameter],
	execute: async (run): Promise<IDataObject[]> =>
		await onRow(run, rows, async ({ path }) => {
			const user = await profilesOf(run, path);
			const profiles = statusesNamed(nestedRows(user, PROFILES), wantedStatus(run));
			return profiles.map((profile) => ({
				Id: user.Id as number,
				Number: user.Number as string,
				isCurrent: user.CurrentProfileName === profile.Name,
				...readable(profile, asObject),
			}));
		}),
};

/** What happened to the forwarding of one status. */
interface StatusChange {
	outcome: Outcome;
	changed: Changes;
	/** The forwarding afterwards; in a dry run as it is. */
	shown: IDataObject;
}

const each = ({ outcome, changed, shown }: StatusChange, Id: string | number): IDataObject => ({
	outcome,
	changed: changed as IDataObject,
	Id,
	...shown,
});

/** All statuses of a user in one item; what changed is named such as `Away.alwaysInternal`. */
const asOne = (changes: readonly StatusChange[], Id: string | number): IDataObject => ({
	outcome: changes.find(({ outcome }) => outcome !== 'unchanged')?.outcome ?? 'unchanged',
	changed: Object.fromEntries(
		changes.flatMap(({ changed, shown }) =>
			Object.entries(changed).map(([field, change]) => [
				`${String(shown.status)}.${field}`,
				change,
			]),
		),
	) as IDataObject,
	Id,
	statuses: changes.map(({ shown }) => shown),
});

export const updateForwarding: OwnOperation = {
	name: 'updateForwarding',
	label: 'Update Forwarding',
	action: 'Change the call forwarding of a user',
	description:
		'Change where calls go for a status of a user, or all of them, and keep all other settings',
	onRow: true,
	uses: ['GetUser', 'UpdateUser'],
	dryRun: true,
	properties: [
		statusesParameter,
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
							description:
								'Always sets all that a status has: where the user takes calls, the phones still ring first',
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
			const told = new Map<unknown, StatusChange>();
			const list = { path, property: 'ForwardingProfiles', signal };
			const wanted = wantedStatus(run);
			const unseen = await rewriteList(client, list, (profiles) => {
				const chosen = statusesNamed(profiles, wanted);
				assertApplies(chosen, rules);
				const next = new Map(
					chosen.map((profile) => [profile, changedProfile(profile, rules, options)]),
				);
				const differing = [...next].filter(([profile, after]) => !satisfies(profile, after));
				for (const [profile, after] of next) {
					const isChanged = differing.some(([one]) => one === profile);
					// What counts as changed is what was there at first; later rounds only repair what others overwrote.
					const { outcome, changed } = told.get(profile.Name) ?? {
						outcome: isChanged ? outcomeOf(client, 'updated') : 'unchanged',
						changed: isChanged
							? changesTo(readable(profile, described), readable(after, described))
							: {},
					};
					const shown = readable(client.dryRun ? profile : after, asObject);
					told.set(profile.Name, { outcome, changed, shown });
				}
				return differing.length === 0 ? undefined : profiles.map((one) => next.get(one) ?? one);
			});
			const changes = [...told.values()];
			return { ...(isAllStatuses(wanted) ? asOne(changes, id) : each(changes[0]!, id)), ...unseen };
		});
	},
};
