import type {
	IDataObject,
	INodeExecutionData,
	ITriggerFunctions,
	ITriggerResponse,
} from 'n8n-workflow';
import { ThreeCxError } from '../../lib/http/errors';
import { hostOf } from '../../lib/http/serverUrl';
import { compare, STATES, type Change, type Memory } from '../../lib/status/changes';
import { lookAt, Timetable } from '../../lib/status/look';
import { connectTo } from '../shared/connect';
import { toNodeError } from '../shared/errors';
import { outgoing } from '../shared/output';
import { Registrations } from '../ThreeCxTrigger/registrations';
import { EVENTS } from './events';
import { readSettings, type Settings } from './settings';

/** What n8n stores of a node: its static data. Text, so that n8n has one value to watch instead of thousands. */
interface Stored {
	/** The PBX that the memory belongs to; for another one, watching starts again. */
	origin?: string;
	/** JSON of {@link Memory}. */
	memory?: string;
	/** When the PBX was read last, in ms since the epoch. */
	readAt?: number;
}

/** Time; for tests. */
export interface Timing {
	now?: () => number;
	/** Instead of the setting, in ms. */
	everyMs?: number;
}

/** Activation modes in which a person looks on: only then does a PBX that cannot be read fail the activation. */
const SOMEBODY_WATCHES = new Set<string>(['activate', 'manual']);

/** Items of each kind that a manual test gives. */
const SAMPLE_ITEMS = 5;

const registrations = new Registrations();

/**
 * Watches a PBX for one trigger node: reads its state again and again, and starts the workflow with what has changed.
 *
 * It is a trigger with a timer of its own, and no polling node: n8n polls once a minute at most (it refuses a schedule that
 * names more than one second of a minute), and ends a polling node for good whose first poll fails when n8n starts.
 *
 * n8n stores static data when an activation is over and with each execution that starts, which is enough: what has not
 * started one has not changed what is kept in mind, but for the times of what nobody was told.
 *
 * @param context n8n's trigger context
 * @param timing the clock and the interval
 * @returns what n8n calls to test and to end it
 * @throws ThreeCxError for settings that are wrong; where a person watches, also when the PBX cannot be read
 */
export async function watch(
	context: ITriggerFunctions,
	{ now = Date.now, everyMs }: Timing = {},
): Promise<ITriggerResponse> {
	const settings = readSettings(context);
	const ended = new AbortController();
	if (context.getMode() === 'manual') {
		return {
			closeFunction: async () => await Promise.resolve(ended.abort()),
			manualTriggerFunction: async () => {
				const items = await sample(context, settings, now(), ended.signal).catch(
					(error: unknown) => {
						throw toNodeError(context.getNode(), error);
					},
				);
				context.emit([items]);
			},
		};
	}
	const { id: workflowId = 'unsaved' } = context.getWorkflow();
	let timer: NodeJS.Timeout | undefined;
	const closeFunction = await registrations.replace(
		`${workflowId}:${context.getNode().id}`,
		async () => {
			clearTimeout(timer);
			await Promise.resolve(ended.abort());
		},
	);
	const look = looker(context, settings, now, ended.signal);
	const interval = everyMs ?? settings.everyMs;
	const again = (begunAt: number) => {
		if (ended.signal.aborted) return;
		timer = setTimeout(
			() => {
				const begin = performance.now();
				void look.inTurn().then(() => again(begin));
			},
			Math.max(0, begunAt + interval - performance.now()),
		);
	};
	const begin = performance.now();
	if (SOMEBODY_WATCHES.has(context.getActivationMode())) {
		await look.atFirst().catch(async (error: unknown) => {
			await closeFunction();
			throw error as Error;
		});
	} else await look.inTurn();
	again(begin);
	return { closeFunction };
}

/** Looks at the PBX, and starts the workflow with what has changed. */
function looker(
	context: ITriggerFunctions,
	settings: Settings,
	now: () => number,
	signal: AbortSignal,
) {
	const stored = context.getWorkflowStaticData('node') as IDataObject & Stored;
	const timetable = new Timetable();
	/** What was logged last; each outage is logged once. */
	let trouble = '';
	const log = (text: string) => {
		if (text !== trouble && text !== '') context.logger.warn(`3CX System Trigger: ${text}`);
		if (text === '' && trouble !== '')
			context.logger.info('3CX System Trigger: everything that is watched can be read again');
		trouble = text;
	};

	const look = async () => {
		const client = await connectTo(context);
		const { origin } = client.connection;
		const at = now();
		const isKnown = stored.origin === origin;
		const memory = isKnown ? memoryIn(stored.memory) : {};
		const kinds = timetable.due(settings.watch.kinds, at);
		const since = (isKnown ? stored.readAt : undefined) ?? at;
		const { look: seen, parts } = await lookAt(
			client,
			{ ...settings.watch, kinds },
			since,
			at,
			signal,
		);
		if (signal.aborted) return parts;
		for (const [kind, found] of Object.entries(seen.subjects))
			if (found) timetable.read(kind as keyof typeof seen.subjects, at);
		const { changes, memory: next } = compare(memory, seen, settings.rules, at);
		// Before the execution starts: should n8n end at this moment, nothing is told twice.
		Object.assign(stored, { origin, memory: JSON.stringify(next), readAt: at });
		const told = changes.filter(({ event }) => settings.events.has(event));
		if (told.length > 0) context.emit([told.map((change) => itemOf(change, origin, at))]);
		return parts;
	};

	return {
		/** The first look, with a person looking on: throws what is wrong, and parts that the role does not allow. */
		async atFirst() {
			const { errors, notes } = await look();
			const refused = [...errors.values()].find(({ kind }) => kind === 'forbidden');
			if (refused) throw refused;
			log(inWords(notes));
		},
		/** Every other look: what fails is only logged, because the next look makes up for it. */
		async inTurn() {
			await look().then(
				({ notes }) => log(inWords(notes)),
				(error: unknown) => {
					if (signal.aborted) return;
					const { message, hint = '' } = error as ThreeCxError;
					log(`the PBX cannot be read, will keep trying. ${message}. ${hint}`);
				},
			);
		},
	};
}

const inWords = (notes: Record<string, string>): string =>
	Object.entries(notes)
		.map(([part, reason]) => `not watching ${part}: ${reason}`)
		.join(' ');

/** What was stored may be from another version of this package, or changed by hand. */
function memoryIn(text: unknown): Memory {
	try {
		const memory: unknown = JSON.parse(String(text));
		return typeof memory === 'object' && memory !== null ? (memory as Memory) : {};
	} catch {
		return {};
	}
}

/** A change as one item. */
const itemOf = (
	{ event, before, after, details }: Change,
	origin: string,
	at: number,
	more: IDataObject = {},
): INodeExecutionData =>
	outgoing({
		json: {
			event,
			timestamp: new Date(at).toISOString(),
			pbx: hostOf(origin),
			...details,
			before,
			after,
			...more,
		} as IDataObject,
	});

/** The present state as the items of events: what a person sees who tests the node in the editor. */
async function sample(
	context: ITriggerFunctions,
	{ watch: watched, rules, events }: Settings,
	now: number,
	signal: AbortSignal,
): Promise<INodeExecutionData[]> {
	const client = await connectTo(context);
	const { look, parts } = await lookAt(client, watched, now, now, signal);
	const [refused] = parts.errors.values();
	if (refused) throw refused;
	const queues = look.queues && { maxCallers: -1, againAfterMs: 0 };
	const { changes } = compare({}, look, { ...rules, tellPresent: true, ...queues }, now);
	const present = Object.entries(look.subjects).flatMap(([name, subjects]) => {
		const kind = name as keyof typeof look.subjects;
		const of = EVENTS.filter((event) => event.kind === kind && events.has(event.value));
		if (!STATES[kind] || of.length === 0) return [];
		return (subjects ?? []).slice(0, SAMPLE_ITEMS).map(({ key, value, details }): Change => {
			const own = STATES[kind]!.events;
			const event = typeof own === 'string' ? own : own[value];
			const told = of.find((each) => each.value === event) ?? of[0]!;
			return { event: told.value, kind, key, before: value, after: value, details };
		});
	});
	const appeared = [...watched.kinds]
		.filter((kind) => !STATES[kind])
		.flatMap((kind) => changes.filter((change) => change.kind === kind).slice(-SAMPLE_ITEMS));
	const items = [...present, ...appeared].map((change) =>
		itemOf(change, client.connection.origin, now, { sample: true }),
	);
	if (items.length > 0) return items;
	throw new ThreeCxError({
		kind: 'input',
		field: 'events',
		message: 'The PBX has nothing to show for these events',
		hint: 'A test shows the present state. Choose another event to see how items look, or publish the workflow: it starts with the first event.',
	});
}
