import type { IDataObject, INodeExecutionData, IPollFunctions, IRun } from 'n8n-workflow';
import { BoundedMap } from '../../lib/boundedMap';
import { catchUp } from '../../lib/history/catchUp';
import {
	beginAt,
	beginNow,
	hasSeen,
	readCursor,
	takeBack,
	type Cursor,
	type ToldRow,
} from '../../lib/history/cursor';
import { probe } from '../../lib/history/reads';
import type { PbxClient } from '../../lib/http/client';
import { ThreeCxError, type ErrorKind } from '../../lib/http/errors';
import { defaultCountryOf } from '../shared/fields/country';
import { connectTo } from '../shared/connect';
import { hasBegun } from '../shared/executions';
import { outgoing } from '../shared/output';
import { itemsOf, READ, type SourceName } from './sources';
import { readSettings, type Settings } from './settings';

/** What is kept from poll to poll: in n8n's static data of the node. */
interface Memory {
	/** The PBX that this state belongs to; for another PBX, polling starts again. */
	origin?: string;
	/** What the probe said when everything was read last. */
	probe?: string;
	/** Whether it had said so before that reading, too: the row of a call may come a moment after the end of the call. */
	isSettled?: boolean;
	/** When everything was read last, in ms since the epoch. */
	readAt?: number;
	/** How far each source has been read. */
	cursors?: Partial<Record<SourceName, Cursor>>;
	/** When the first poll was tried, in ms since the epoch: from then on everything is told, even if it failed. */
	begunAt?: number;
}

/** What a poll has found. */
interface News {
	items: INodeExecutionData[];
	/** The rows that they are of. */
	told: Array<{ source: SourceName; rows: ToldRow[] }>;
}

/** Recordings with their files in one poll: all of a week's outage at once would fill disk and memory. */
const FILES = 20;

/** Where the memory is copied to that n8n keeps under the name of the node: the name can change. */
const copyKey = (nodeId: string): string => `threeCxCallHistoryTrigger ${nodeId}`;

/** A longer memory is not copied, in characters of JSON. */
const MAX_COPY = 100_000;

/** Even when the probe says that nothing has changed, everything is read this often, in ms: it need not know of all. */
const READ_AT_LEAST_MS = 300_000;

/** Rows of this far ahead of our clock are read, too: the clock of the PBX may be fast, in ms. */
const AHEAD_MS = 86_400_000;

/** A manual test looks back this far for a sample, in ms. */
const SAMPLE_MS = 30 * 86_400_000;

/** Rows of each source that a manual test looks at, and items that it gives. */
const SAMPLE_ROWS = 100;
const SAMPLE_ITEMS = 5;

/** Temporary errors. In unattended polls it is not an error, because nothing is lost: the next poll catches up. */
const PASSES = new Set<ErrorKind>(['unreachable', 'timeout', 'server', 'rateLimited', 'malformed']);

/** Activation modes in which n8n starts polling automatically. An error of the first poll would end the polling. */
const BY_ITSELF = new Set<string>(['init', 'leadershipChange']);

/** The context of each node that polls now; n8n throws away what an older one finds. */
const current = new BoundedMap<string, WeakRef<IPollFunctions>>({ max: 1_000 });

/**
 * How polling has gone since it was begun. n8n hands the same context to every poll until the workflow is published
 * anew, also the same activation mode.
 */
const runs = new WeakMap<IPollFunctions, Run>();

interface Run {
	isUnderWay: boolean;
	/** What was told, but n8n could not start the execution: the next poll tells it again. */
	refused: News['told'];
}

/**
 * One poll: what is new since the last one.
 *
 * @param context n8n's polling context
 * @param now the clock, in ms since the epoch
 * @returns the items, or null when there is nothing new
 * @throws ThreeCxError when the PBX cannot be asked; but see {@link isOnlyLogged}
 */
export async function poll(
	context: IPollFunctions,
	now: number = Date.now(),
): Promise<INodeExecutionData[][] | null> {
	if (context.getMode() === 'manual') {
		const items = await sample(context, readSettings(context), now);
		return items.length > 0 ? [items.map(outgoing)] : null;
	}
	await inTurn(context, now);
	return null;
}

/** Hands over what is new; nothing where another poll is under way, or what failed is only logged. */
async function inTurn(context: IPollFunctions, now: number): Promise<void> {
	const run = runs.get(context);
	// n8n does not wait for a slow poll before the next: both would tell the same.
	if (run?.isUnderWay) return;
	const next: Run = { isUnderWay: true, refused: run?.refused ?? [] };
	runs.set(context, next);
	const name = `${context.getWorkflow().id}:${context.getNode().id}`;
	if (!run) current.set(name, new WeakRef(context));
	try {
		const found = await news(context, readSettings(context), now, next, run === undefined);
		if (found.items.length > 0 && current.get(name)?.deref() === context)
			handOver(context, found, next);
	} catch (cause) {
		if (!isOnlyLogged(cause, context.getActivationMode(), run === undefined)) throw cause as Error;
		const { message } = cause as Error;
		context.logger.warn(`3CX Call History Trigger: this poll was skipped. ${message}`);
	} finally {
		next.isUnderWay = false;
	}
}

/**
 * Starts the execution. n8n would do it with what `poll` returns, and say nothing when it fails: the rows would be gone.
 * So the poll asks for it itself, and for how it goes.
 */
function handOver(context: IPollFunctions, { items, told }: News, run: Run): void {
	const done = context.helpers.createDeferredPromise<IRun | undefined>();
	done.promise.catch((error: Error) => {
		if (hasBegun(error)) return;
		run.refused.push(...told);
		context.logger.warn(
			`3CX Call History Trigger: n8n could not start the execution for ${items.length} items; the next poll tells them again. ${error.message}`,
		);
	});
	context.__emit([items.map(outgoing)], undefined, done);
}

/**
 * Who publishes a workflow wants to know at once what is wrong. When n8n starts, an error would end the trigger for good
 * (seen in n8n 2.40), so that the next poll shows it. From then on temporary errors are not reported.
 */
function isOnlyLogged(cause: unknown, activation: string, isFirst: boolean): boolean {
	if (isFirst && activation === 'activate') return false;
	if (isFirst && BY_ITSELF.has(activation)) return true;
	return cause instanceof ThreeCxError && PASSES.has(cause.kind);
}

async function news(
	context: IPollFunctions,
	settings: Settings,
	now: number,
	run: Run,
	isFirst: boolean,
): Promise<News> {
	const stored = context.getWorkflowStaticData('node') as IDataObject & Memory;
	const copies = context.getWorkflowStaticData('global');
	const copy = copies[copyKey(context.getNode().id)] as Memory | undefined;
	// Under a new name there is nothing yet, but the copy.
	const kept = stored.origin === undefined && copy !== undefined ? copy : { ...stored };
	const startsFromNow =
		isFirst && !settings.tellsPause && context.getActivationMode() === 'activate';
	// Of use until the first poll has come through.
	const begunAt = kept.origin === undefined ? (kept.begunAt ?? now) : now;
	stored.begunAt = begunAt;
	const client = await connectTo(context);
	const span = { settledMs: settings.settledMs };
	const isKnown = !startsFromNow && (await isOf(client, kept, settings, now));
	const memory: Memory = isKnown ? kept : {};
	const sources = [...new Set(settings.events.map(({ source }) => source))];
	const cursors = { ...memory.cursors };
	// Taken back only when all has been read: this may fail.
	const refused = [...run.refused];
	for (const { source, rows } of refused) {
		const cursor = readCursor(cursors[source]);
		if (cursor) cursors[source] = takeBack(cursor, rows);
	}
	const probed = await probe(client);
	if (refused.length === 0 && isUnchanged(memory, sources, probed, now))
		return { items: [], told: [] };

	const items: INodeExecutionData[] = [];
	const told: News['told'] = [];
	let isBehind = false;
	let country: string | undefined;
	for (const source of sources) {
		const limit = source === 'recordings' && settings.download ? FILES : undefined;
		const options = { overlapMs: settings.overlapMs, aheadMs: AHEAD_MS, now, limit };
		const read = async (from: number, to: number) =>
			await READ[source](client, { ...span, from, to }, now);
		const cursor = readCursor(cursors[source]) ?? firstCursor(settings, begunAt, now);
		if (!cursor) {
			cursors[source] = beginNow(await read(now - options.overlapMs, now + AHEAD_MS), options);
			continue;
		}
		const step = await catchUp(read, cursor, options);
		cursors[source] = step.cursor;
		isBehind ||= step.isBehind;
		told.push({ source, rows: step.told });
		const events = settings.events.filter((event) => event.source === source);
		const hasNumbers = source !== 'messages' && step.fresh.length > 0;
		if (hasNumbers) country ??= await defaultCountryOf({ client });
		for (const row of step.fresh)
			items.push(...(await itemsOf(context, client, row, events, { ...settings, country })));
	}
	// Only now, as a whole: whatever fails before this is done again by the next poll.
	Object.assign(stored, {
		origin: client.connection.origin,
		probe: probed,
		isSettled: probed === memory.probe && !isBehind,
		readAt: now,
		begunAt,
		cursors: Object.fromEntries(sources.map((source) => [source, cursors[source]])),
	});
	run.refused = run.refused.filter((each) => !refused.includes(each));
	const json = JSON.stringify(stored);
	if (json.length <= MAX_COPY)
		copies[copyKey(context.getNode().id)] = JSON.parse(json) as IDataObject;
	return { items, told };
}

/**
 * Whether a memory is of the PBX that is asked now. Its address can be written in another way: then it is the calls that
 * tell, because their ids are like no others'.
 */
async function isOf(
	client: PbxClient,
	{ origin, cursors }: Memory,
	{ overlapMs }: Settings,
	now: number,
): Promise<boolean> {
	if (origin === client.connection.origin) return true;
	const cursor = readCursor(cursors?.calls);
	if (!cursor) return false;
	const calls = await READ.calls(client, { from: cursor.newest - overlapMs, to: now }, now);
	return calls.some((call) => hasSeen(cursor, call));
}

/** Where a source begins that has no cursor: at the chosen time, or when the first poll was tried, if that is past. */
const firstCursor = ({ since }: Settings, begunAt: number, now: number): Cursor | undefined =>
	since === undefined ? (begunAt < now ? beginAt(begunAt) : undefined) : beginAt(since);

/** Whether the probe makes reading needless. */
function isUnchanged(
	{ probe: before, isSettled, readAt = 0, cursors = {} }: Memory,
	sources: SourceName[],
	probed: string | undefined,
	now: number,
): boolean {
	if (probed === undefined || probed !== before || !isSettled) return false;
	if (now - readAt >= READ_AT_LEAST_MS) return false;
	return sources.every((source) => {
		const cursor = readCursor(cursors[source]);
		return cursor !== undefined && Object.keys(cursor.unfinished).length === 0;
	});
}

/** What the chosen events would have given lately; a manual test keeps nothing in mind. */
async function sample(
	context: IPollFunctions,
	settings: Settings,
	now: number,
): Promise<INodeExecutionData[]> {
	const client: PbxClient = await connectTo(context);
	const country = await defaultCountryOf({ client });
	const items: INodeExecutionData[] = [];
	for (const event of settings.events) {
		const period = { from: now - SAMPLE_MS, to: now + AHEAD_MS, newest: SAMPLE_ROWS };
		const found = await READ[event.source](client, period, now);
		const rows = found
			.sort((a, b) => b.at - a.at)
			.map(({ value }) => value)
			.filter((row) => event.fits?.(row) ?? true);
		for (const row of rows.slice(0, SAMPLE_ITEMS))
			items.push(...(await itemsOf(context, client, row, [event], { ...settings, country })));
	}
	if (items.length > 0) return items;
	throw new ThreeCxError({
		kind: 'input',
		field: 'events',
		message: 'The PBX has had no such event in the last 30 days',
		hint: 'A test shows the latest event. Make a call (or whatever is selected under Events), wait until it has ended, and test again. Or publish the workflow: it starts with the first event.',
	});
}
