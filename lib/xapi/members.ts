import { KeyedLock } from '../waiting/concurrency';
import type { PbxClient } from '../http/client';
import { ThreeCxError } from '../http/errors';
import type { Expand } from '../odata/expand';
import { queryString } from '../odata/query';
import { unseen, type Unseen } from './afterChange';
import { changesTo, differences, satisfies, type Changes } from './difference';
import { nestedRows } from './nested';
import {
	getEntity,
	outcomeOf,
	updateEntity,
	type Entity,
	type Outcome,
	type RequestOptions,
} from './entities';

/**
 * Read, modify, write. A PATCH replaces an array as a whole (protocol 4.5), and 3CX takes no `If-Match` with it (protocol 4.4
 * know it for DELETE only), so the PBX does not notice when two programs change the same array at once: the last one
 * wins. What can be done is done here: writers of this process take turns, the time between reading and writing is one
 * round trip, and the array is read again after the write, so that a change which was overwritten is made again.
 */

/** An array property of one row. */
export interface ListOf extends RequestOptions {
	/** The row below `/xapi/v1`, such as `/Queues(12)`. */
	path: string;
	/** The array, such as `Agents`. */
	property: string;
	/** How the array is brought along; just by its name when left out. */
	expand?: Expand;
}

/** How many times to write a list before failing. */
const ATTEMPTS = 3;

/** Writers of the same row take turns within this process. */
const turns = new KeyedLock();

/**
 * Changes an array property until it is as it should be.
 *
 * @param client the PBX
 * @param list which array
 * @param plan given the array as it is, what to write instead; undefined when it needs no change. It is called again
 *   after each write, so it must come to undefined by itself.
 * @returns undefined when the array was seen as planned, or in a dry run would have been written; the marks of one that was written and could not be read again
 * @throws ThreeCxError of kind `conflict` when the array is still not as planned after three writes; `malformed`, and
 *   nothing is written, when the PBX leaves the array out
 */
export async function rewriteList(
	client: PbxClient,
	{ path, property, expand = { property }, ...options }: ListOf,
	plan: (held: Entity[]) => Entity[] | undefined,
): Promise<Unseen | undefined> {
	const query = queryString({ select: ['Id', property], expand: [expand] });
	return await turns.run(JSON.stringify([client.connection.origin, path]), async () => {
		for (let written = 0; ; written++) {
			const read = async () => nestedRows(await getEntity(client, path, query, options), expand);
			// What has been written is done, as far as is known: that it cannot be read again is no failure.
			const held = await read().catch((cause: unknown) => {
				if (written === 0 || options.signal?.aborted) throw cause;
				return unseen(cause);
			});
			if (!Array.isArray(held)) return held;
			const wanted = plan(held);
			if (wanted === undefined) return undefined;
			if (written === ATTEMPTS) throw notKept(path, property);
			await updateEntity(client, path, { [property]: wanted }, options).catch((cause: unknown) => {
				throw naming(cause, property, wanted);
			});
			if (client.dryRun) return undefined;
		}
	});
}

const notKept = (path: string, property: string) =>
	new ThreeCxError({
		kind: 'conflict',
		field: property,
		request: `PATCH ${path}`,
		message: `The PBX accepted the change of ${property} ${ATTEMPTS} times but does not show it`,
		hint: 'Another program may keep changing the same record: run it again when that is done. If not, this version of 3CX ignores a part of the change; compare with the 3CX Admin Console.',
	});

/** 3CX names what it refuses by its place (`Agents[4].Number`), which says nothing to whoever only added one. */
function naming(cause: unknown, property: string, wanted: readonly Entity[]): unknown {
	if (!(cause instanceof ThreeCxError)) return cause;
	const place = new RegExp(`${property}\\[(\\d+)\\]`).exec(cause.field ?? '')?.[1];
	const { Number: number, GroupId } = wanted[Number(place)] ?? {};
	const name = number ?? GroupId;
	if (place === undefined || name === undefined) return cause;
	return new ThreeCxError({ ...cause, message: `${cause.message}: ${String(name)}` });
}

/** What {@link changeMembers} shall do. */
export interface MemberChange extends ListOf {
	/** Members that must be there, each with at least its name and whatever else shall be set (`SkillGroup`, `Rights`). */
	add?: readonly Entity[];
	/** Members that must not be there. */
	remove?: readonly Entity[];
	/** Whether two rows are the same member. */
	same: (one: Entity, other: Entity) => boolean;
	/** What is written back of a member that stays; everything that was read when left out. */
	kept?: (member: Entity) => Entity;
}

/** The members that {@link changeMembers} was about, as rows; `unchanged` are those that were as wanted before. */
export interface MemberRows {
	added: Entity[];
	/** Were there, but otherwise than wanted: another role or skill group. */
	updated: Entity[];
	removed: Entity[];
	unchanged: Entity[];
}

/** What {@link changeMembers} did, or would do. */
export interface MemberResult extends MemberRows {
	outcome: Outcome | Unseen['outcome'];
	/** The whole list before and after. */
	changed: Changes;
	/** Marks of a change that could not be looked at. */
	unseen?: Unseen;
}

/**
 * Adds members to a list and takes members out of it, and leaves everybody else where they are. Running it twice changes
 * nothing the second time.
 *
 * @param client the PBX
 * @param change which list, and what to do
 * @returns what was done
 * @throws ThreeCxError naming the member that 3CX refuses; of kind `conflict` as `rewriteList`
 */
export async function changeMembers(
	client: PbxClient,
	{ add = [], remove = [], same, kept = (member) => member, ...list }: MemberChange,
): Promise<MemberResult> {
	const wanted = add.filter((one, at) => at === add.findIndex((other) => same(one, other)));
	let result: MemberRows | undefined;
	let changed: Changes = {};
	const unseen = await rewriteList(client, list, (held) => {
		const heldAs = (one: Entity) => held.find((other) => same(one, other));
		const asWanted = (one: Entity) => satisfies(heldAs(one), one);
		const removed = held.filter((one) => remove.some((other) => same(one, other)));
		const added = wanted.filter((one) => !heldAs(one));
		const updated = wanted.filter((one) => heldAs(one) && !asWanted(one));
		const staying = held.filter((one) => !removed.includes(one));
		const next = [
			...staying.map((one) => ({
				...kept(one),
				...updated.find((other) => same(one, other)),
			})),
			...added,
		];
		const isSo = removed.length + added.length + updated.length === 0;
		// What counts is what was there at first; later rounds only repair what others overwrote.
		if (!result) {
			const unchanged = [...wanted.filter(asWanted), ...remove.filter((one) => !heldAs(one))];
			result = { added, updated, removed, unchanged };
			if (!isSo) changed = changesTo({ [list.property]: held }, { [list.property]: next });
		}
		return isSo ? undefined : next;
	});
	const outcome = Object.keys(changed).length > 0 ? outcomeOf(client, 'updated') : 'unchanged';
	return { outcome, changed, ...result!, ...(unseen && { unseen, outcome: unseen.outcome }) };
}

/**
 * @param details what else a list has of its members, such as `SkillGroup`
 * @returns what 3CX's own tests write of a member that stays (protocol 4.5): its number, and those
 */
export const keptMember =
	(details: readonly string[] = []) =>
	(member: Entity): Entity =>
		Object.fromEntries(
			['Number', ...details]
				.filter((name) => member[name] !== undefined)
				.map((name) => [name, member[name]]),
		);

/** What {@link setProperties} did. */
export interface SetResult {
	outcome: Outcome;
	/** What was sent, and what was there before. */
	changed: Changes;
	/** The row before, as far as it was read. */
	before: Entity;
}

/**
 * Brings properties of a row to the values wanted, and sends only what differs.
 *
 * @param client the PBX
 * @param path the row or singleton below `/xapi/v1`
 * @param wanted the properties that it shall have
 * @param options `select` are properties to read besides; `expand` brings the arrays of `wanted` along
 */
export async function setProperties(
	client: PbxClient,
	path: string,
	wanted: Entity,
	{
		select = [],
		expand = [],
		...options
	}: RequestOptions & { select?: string[]; expand?: Expand[] } = {},
): Promise<SetResult> {
	const query = queryString({ select: [...select, ...Object.keys(wanted)], expand });
	const before = await getEntity(client, path, query, options);
	const changes = differences(before, wanted);
	const changed = changesTo(before, changes);
	if (Object.keys(changes).length === 0) return { outcome: 'unchanged', changed, before };
	await updateEntity(client, path, changes, options);
	return { outcome: outcomeOf(client, 'updated'), changed, before };
}
