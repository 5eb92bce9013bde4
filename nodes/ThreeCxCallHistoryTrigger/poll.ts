import type { IDataObject, INodeExecutionData, IPollFunctions } from 'n8n-workflow';
import { catchUp } from '../../lib/history/catchUp';
import { beginAt, beginNow, readCursor, type Cursor } from '../../lib/history/cursor';
import { probe } from '../../lib/history/reads';
import type { PbxClient } from '../../lib/http/client';
import { ThreeCxError, type ErrorKind } from '../../lib/http/errors';
import { connectTo } from '../shared/connect';
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
}

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

/**
 * How polling has gone since it was begun. n8n hands the same context to every poll until the workflow is published
 * anew, also the same activation mode.
 */
const runs = new WeakMap<IPollFunctions, { isUnderWay: boolean }>();

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
	const items =
		context.getMode() === 'manual'
			? await sample(context, readSettings(context), now)
			: await inTurn(context, now);
	return items.length > 0 ? [items.map(outgoing)] : null;
}

/** @returns what is new; nothing where another poll is under way, or what failed is only logged */
async function inTurn(context: IPollFunctions, now: number): Promise<INodeExecutionData[]> {
	const run = runs.get(context);
	// n8n does not wait for a slow poll before the next: both would tell the same.
	if (run?.isUnderWay) return [];
	const current = { isUnderWay: true };
	runs.set(context, current);
	try {
		return await news(context, readSettings(context), now);
	} catch (cause) {
		if (!isOnlyLogged(cause, context.getActivationMode(), run === undefined)) throw cause as Error;
		const { message } = cause as Error;
		context.logger.warn(`3CX Call History Trigger: this poll was skipped. ${message}`);
		return [];
	} finally {
		current.isUnderWay = false;
	}
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
): Promise<INodeExecutionData[]> {
	const client = await connectTo(context);
	const stored = context.getWorkflowStaticData('node') as IDataObject & Memory;
	const memory: Memory = stored.origin === client.connection.origin ? stored : {};
	const sources = [...new Set(settings.events.map(({ source }) => source))];
	const cursors = { ...memory.cursors };
	const probed = await probe(client);
	if (isUnchanged(memory, sources, probed, now)) return [];

	const items: INodeExecutionData[] = [];
	const options = { overlapMs: settings.overlapMs, aheadMs: AHEAD_MS, now };
	let isBehind = false;
	for (const source of sources) {
		const read = async (from: number, to: number) => await READ[source](client, { from, to }, now);
		const cursor = readCursor(cursors[source]) ?? firstCursor(settings);
		if (!cursor) {
			cursors[source] = beginNow(await read(now - options.overlapMs, now + AHEAD_MS), options);
			continue;
		}
		const step = await catchUp(read, cursor, options);
		cursors[source] = step.cursor;
		isBehind ||= step.isBehind;
		const events = settings.events.filter((event) => event.source === source);
		for (const row of step.fresh)
			items.push(...(await itemsOf(context, client, row, events, settings)));
	}
	// Only now, as a whole: whatever fails before this is done again by the next poll.
	Object.assign(stored, {
		origin: client.connection.origin,
		probe: probed,
		isSettled: probed === memory.probe && !isBehind,
		readAt: now,
		cursors: Object.fromEntries(sources.map((source) => [source, cursors[source]])),
	});
	return items;
}

const firstCursor = ({ since }: Settings): Cursor | undefined =>
	since === undefined ? undefined : beginAt(since);

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
	const items: INodeExecutionData[] = [];
	for (const event of settings.events) {
		const period = { from: now - SAMPLE_MS, to: now + AHEAD_MS, newest: SAMPLE_ROWS };
		const found = await READ[event.source](client, period, now);
		const rows = found
			.sort((a, b) => b.at - a.at)
			.map(({ value }) => value)
			.filter((row) => event.fits?.(row) ?? true);
		for (const row of rows.slice(0, SAMPLE_ITEMS))
			items.push(...(await itemsOf(context, client, row, [event], settings)));
	}
	if (items.length > 0) return items;
	throw new ThreeCxError({
		kind: 'input',
		field: 'events',
		message: 'The PBX has had no such event in the last 30 days',
		hint: 'A test shows the latest event. Make a call (or whatever is selected under Events), wait until it has ended, and test again. Or publish the workflow: it starts with the first event.',
	});
}
