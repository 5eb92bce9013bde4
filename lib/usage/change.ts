import type { PbxClient } from '../http/client';
import { ThreeCxError, type ErrorKind } from '../http/errors';
import { queryString } from '../odata/query';
import { described, type Destination } from '../xapi/destination';
import { satisfies } from '../xapi/difference';
import {
	getEntity,
	listEntities,
	updateEntity,
	type Entity,
	type RequestOptions,
} from '../xapi/entities';
import { Parts } from '../status/part';
import { changeMembers, keptMember, rewriteList } from '../xapi/members';
import { nestedRows } from '../xapi/nested';
import { hasMember, PLACES, rangesOf, whose, type PlaceSet, type Whose } from './places';

/*
 * Changes all places at once that name an extension or another destination: first a plan of steps, each one write, then
 * the steps one after another. One that fails does not undo those before it, so the result says of each what became of it.
 */

/** A row of a set. */
export interface Placed {
	set: PlaceSet;
	row: Entity;
}

/** All rows that were asked for. */
export interface Read {
	placed: Placed[];
	/** Why settings are missing, by what they are called; none for most. */
	notes: Record<string, string>;
}

/**
 * Reads all rows that can name a destination or have an extension as a member, one list for each set. Settings that the
 * PBX does not have, or not for this role, are left out with a note.
 *
 * @param client the PBX
 * @param sets which of {@link PLACES}; all when left out
 * @throws ThreeCxError of kind `malformed` when the PBX leaves a list out: what is not known cannot be changed
 */
export async function readPlaces(
	client: PbxClient,
	options: RequestOptions,
	sets: readonly PlaceSet[] = PLACES,
): Promise<Read> {
	const parts = new Parts();
	const lists = await Promise.all(
		sets.map(async (set) => {
			const { entitySet, number, title, select, expand = [] } = set;
			if (set.singleton) {
				const row = await parts.read(
					set.label,
					async () =>
						await getEntity(client, `/${entitySet}`, queryString({ select: [...select] }), options),
				);
				return row === null ? [] : [{ set, row }];
			}
			const named = number === undefined ? title : [number, ...title];
			const query = queryString({ select: ['Id', ...named, ...select], expand });
			const rows = await listEntities(client, `/${entitySet}`, { query, ...options });
			for (const row of rows) for (const each of expand) nestedRows(row, each);
			return rows.map((row) => ({ set, row }));
		}),
	);
	return { placed: lists.flat(), notes: parts.notes };
}

/** @returns notes as a part of the output: none where there is nothing to say */
export const noted = (notes: Read['notes']): { notes?: Read['notes'] } =>
	Object.keys(notes).length === 0 ? {} : { notes };

/** Outbound rules are read apart: they say who may call, not where calls go. */
export const readOutboundRules = async (
	client: PbxClient,
	options: RequestOptions,
): Promise<Entity[]> => {
	const query = queryString({ select: ['Id', 'Name', 'DNRanges'] });
	return await listEntities(client, '/OutboundRules', { query, ...options });
};

/** How the output names an outbound rule. */
export const OUTBOUND_RULE = { label: 'Outbound Rule', title: ['Name'] };

/** What becomes of one place. */
export interface Change extends Whose {
	/** Such as "Agent", "Key 3" or "If No Agent Answers". */
	as: string;
	/** What stands there, in words. */
	from: string;
	/** What will; null where the extension is taken out. */
	to: string | null;
}

/** A change, and what became of it. */
export interface Touched extends Change {
	/** `left` is what nobody tried, `notDone` what came after a failure that would meet all others, too. */
	outcome: 'done' | 'planned' | 'failed' | 'left' | 'notDone';
	/** Why, for people; of what was not done. */
	reason?: string;
}

/** One write, and the places that it changes; without `act` they stay, for this reason. */
export interface Step {
	changes: Change[];
	act?: (client: PbxClient, options: RequestOptions) => Promise<unknown>;
	reason?: string;
}

/** Says where calls shall go instead, from where they go; undefined where that stays. */
export type Decide = (to: Entity) => Destination | undefined;

/** @returns what replaces all destinations that match; one that is there already stays */
export const replacing =
	(matches: (to: Entity) => boolean, replacement: Destination): Decide =>
	(to) => {
		const { To, Number, External } = replacement;
		return matches(to) && !satisfies(to, { To, Number, External }) ? replacement : undefined;
	};

const pathOf = ({ set, row }: Placed) =>
	set.singleton ? `/${set.entitySet}` : `/${set.entitySet}(${String(row.Id)})`;

/** Changes that are written with the row itself, and those that cannot be; all others with the list of that name. */
const [DIRECT, NOWHERE] = ['', '-'];

/**
 * The steps that bring calls elsewhere.
 *
 * @param placed as {@link readPlaces} gives them
 * @param decide where they shall go instead
 */
export const redirect = (placed: readonly Placed[], decide: Decide): Step[] =>
	placed.flatMap((one) => {
		const { set, row } = one;
		const { lists = [] } = set;
		const draft: Entity = {};
		const planned = new Map<string, Change[]>();
		for (const { place, property, to, write } of set.routes(row)) {
			const destination = decide(to);
			if (!destination) continue;
			const isPossible = write(draft, destination);
			const where = isPossible ? (lists.includes(property) ? property : DIRECT) : NOWHERE;
			const change = {
				...whose(set, row),
				as: place,
				from: described(to),
				to: described(destination),
			};
			planned.set(where, [...(planned.get(where) ?? []), change]);
		}
		const body = Object.fromEntries(
			Object.entries(draft).filter(([name]) => !lists.includes(name)),
		);
		const rewritten = (list: string) => (held: Entity[]) => {
			const next: Entity = {};
			for (const { to, write } of set.routes({ [list]: held })) {
				const destination = decide(to);
				if (destination) write(next, destination);
			}
			return next[list] as Entity[] | undefined;
		};
		const path = pathOf(one);
		const steps: Step[] = [
			{
				changes: planned.get(DIRECT) ?? [],
				act: async (client, options) => await updateEntity(client, path, body, options),
			},
			...lists.map(
				(property): Step => ({
					changes: planned.get(property) ?? [],
					act: async (client, options) =>
						await rewriteList(client, { path, property, ...options }, rewritten(property)),
				}),
			),
			{ changes: planned.get(NOWHERE) ?? [], reason: IMPOSSIBLE },
		];
		return steps.filter(({ changes }) => changes.length > 0);
	});

const IMPOSSIBLE =
	'Calls cannot be sent there from this place: choose a destination for it by hand';

/**
 * The steps that leave calls where they go, and say why.
 *
 * @param placed as {@link readPlaces} gives them
 * @param matches which destinations would have to be others
 * @param reason why nobody changes them
 */
export const leave = (
	placed: readonly Placed[],
	matches: (to: Entity) => boolean,
	reason: string,
): Step[] =>
	placed.flatMap(({ set, row }) => {
		const changes = set
			.routes(row)
			.filter(({ to }) => matches(to))
			.map(({ place, to }) => ({ ...whose(set, row), as: place, from: described(to), to: null }));
		return changes.length > 0 ? [{ changes, reason }] : [];
	});

/** The steps that take an extension out of all lists of agents, managers and members. */
export const removeMember = (placed: readonly Placed[], number: string): Step[] =>
	placed.flatMap((one) =>
		(one.set.members ?? [])
			.filter(({ property }) => hasMember(one.row[property], number))
			.map(({ property, role, details }): Step => {
				const change = { ...whose(one.set, one.row), as: role, from: extension(number), to: null };
				return {
					changes: [change],
					act: async (client, options) =>
						await changeMembers(client, {
							path: pathOf(one),
							property,
							remove: [{ Number: number }],
							same: (member, other) => member.Number === other.Number,
							kept: keptMember(details),
							...options,
						}),
				};
			}),
	);

const extension = (number: string) => `Extension ${number}`;

/**
 * The steps that take an extension out of outbound rules. A rule that is for this extension only would be for everybody
 * without it, and a range of several stays as it is.
 *
 * @param rules as {@link readOutboundRules} gives them
 */
export const removeFromRanges = (rules: readonly Entity[], number: string): Step[] =>
	rules.flatMap((row) => {
		const { alone, shared, others } = rangesOf(row, number);
		const of = { ...whose(OUTBOUND_RULE, row), as: 'Caller' };
		const change = { ...of, from: extension(number), to: null };
		const ranges = shared.map(({ From, To }) => ({ ...of, from: `${From} to ${To}`, to: null }));
		const body = { DNRanges: others };
		const taken: Step =
			others.length > 0
				? {
						changes: [change],
						act: async (client, options) =>
							await updateEntity(client, `/OutboundRules(${String(row.Id)})`, body, options),
					}
				: { changes: [change], reason: ONLY };
		return [
			...(alone.length > 0 ? [taken] : []),
			...(ranges.length > 0 ? [{ changes: ranges, reason: SHARED }] : []),
		];
	});

const ONLY =
	'The rule is for this extension only; without it everybody could use it. Delete the rule.';
const SHARED = 'The range is also for other extensions';

/** What the whole came to. */
export interface Result {
	/** `incomplete`: something was done, and something that was to be done was not. */
	outcome: 'updated' | 'wouldUpdate' | 'unchanged' | 'incomplete';
	/** How many places were changed, or would be. */
	done: number;
	/** How many were to be changed and were not. */
	failed: number;
	/** How many nobody tried to change. */
	left: number;
	touched: Touched[];
}

/** Failures that say something of one row only; after any other, the next write would fail as well. */
const OF_ONE_ROW: readonly ErrorKind[] = [
	'validation',
	'conflict',
	'notFound',
	'impossible',
	'malformed',
];

/**
 * Carries the steps out, one after another. What acted does not fail: once something was changed, a failure becomes part
 * of the result. With a client of a dry run nothing is sent.
 *
 * @param client the PBX
 * @param steps what to do
 * @throws the first failure where nothing at all was changed, and that of a user who stops it
 */
export async function carryOut(
	client: PbxClient,
	steps: readonly Step[],
	options: RequestOptions,
): Promise<Result> {
	const touched: Touched[] = [];
	let first: unknown;
	let stop: string | undefined;
	for (const { changes, act, reason } of steps) {
		const tell = (outcome: Touched['outcome'], why?: string) => {
			const because = why === undefined ? {} : { reason: why };
			touched.push(...changes.map((change) => ({ ...change, outcome, ...because })));
		};
		if (!act) tell('left', reason);
		else if (client.dryRun) tell('planned');
		else if (stop !== undefined) tell('notDone', stop);
		else {
			const failure = await act(client, options).then(
				() => undefined,
				(cause: unknown) => ({ cause }),
			);
			if (!failure) tell('done');
			else {
				const { cause } = failure;
				options.signal?.throwIfAborted();
				first ??= cause;
				const message = cause instanceof Error ? cause.message : String(cause);
				const isOfOneRow = cause instanceof ThreeCxError && OF_ONE_ROW.includes(cause.kind);
				tell('failed', message);
				if (!isOfOneRow) stop = `Not tried after the failure before: ${message}`;
			}
		}
	}
	const count = (...outcomes: Array<Touched['outcome']>) =>
		touched.filter(({ outcome }) => outcomes.includes(outcome)).length;
	const [done, planned, left] = [count('done'), count('planned'), count('left')];
	const failed = count('failed', 'notDone');
	if (failed > 0 && done === 0) throw first;
	const outcome =
		failed > 0 ? 'incomplete' : planned > 0 ? 'wouldUpdate' : done > 0 ? 'updated' : 'unchanged';
	return { outcome, done: done + planned, failed, left, touched };
}
