import type { ITriggerFunctions } from 'n8n-workflow';
import { createDelivery, type Delivery } from '../../lib/waiting/delivery';
import { createEmitter } from './emit';
import { isSheddable, laneOf, type TriggerEvent } from './events';
import type { OutputOptions } from './output';
import type { Settings } from './settings';

/** What an event of a call takes while it waits, in bytes, about. */
const EVENT_BYTES = 2_000;

/** n8n ends an execution this long after its time-out at the latest, in ms. */
const OVERTIME_MS = 60_000;

/** What the queue asks and tells. */
export interface QueueHooks {
	/** Waited for before anything is handed over. */
	begun?: Promise<void>;
	/** How events look now. */
	output(): OutputOptions;
	/** Told when an execution is about to be started. */
	beforeHandOver(): void;
	/** Told when it has been asked for. */
	onHandOver(): void;
	/** Told of events whose execution has ended or been parked. */
	onSettled?(events: TriggerEvent[]): void;
}

/**
 * The queue between the events and n8n, with a log that says what holds it up.
 *
 * @param context n8n's trigger context
 * @param settings what a person has set
 * @param name of the trigger, the same in every process
 */
export function createQueue(
	context: ITriggerFunctions,
	settings: Settings,
	name: string,
	hooks: QueueHooks,
): Delivery<TriggerEvent> {
	const { logger } = context;
	const emit = createEmitter(context, name, () =>
		logger.warn(
			'3CX Trigger: n8n\'s engine 2.0 does not say when an execution has ended, so "Executions in Flight" cannot be kept: every event starts its execution at once',
		),
	);
	const { executionTimeout } = context.getWorkflowSettings();
	const settleMs = placeMs(executionTimeout, process.env.EXECUTIONS_TIMEOUT, settings.settleMs);
	return createDelivery<TriggerEvent>({
		lane: laneOf,
		sheddable: ({ type }) => isSheddable(type),
		// All else can be read from the PBX again.
		precious: ({ type }) => type === 'keyPressed',
		size: (event) => (event.kind === 'raw' ? event.bytes : EVENT_BYTES),
		inFlight: settings.inFlight,
		maxWaiting: settings.maxWaiting,
		batch: settings.batch,
		settleMs,
		again: settings.again,
		deliver: async (events) => {
			await hooks.begun;
			hooks.beforeHandOver();
			const execution = emit(events, hooks.output());
			hooks.onHandOver();
			await execution;
		},
		onSettled: hooks.onSettled,
		onShed: (total) => {
			if (!isWorthTelling(total)) return;
			logger.warn(
				`3CX Trigger: too many events are waiting; dropped ${total} so far, "Participant Changed" and "Raw Message" first, "Key Pressed" last`,
			);
		},
		onRetry: (error, events, waitMs) =>
			logger.warn(
				`3CX Trigger: n8n could not start an execution for ${what(events)}; it is tried again in ${Math.ceil(waitMs / 1000)} s. ${messageOf(error)}`,
			),
		onError: (error, events) =>
			logger.error(
				`3CX Trigger: n8n could not start an execution for ${what(events)}. It is told again when the trigger starts the next time. ${messageOf(error)}`,
			),
		onUnsettled: (events) =>
			logger.warn(
				`3CX Trigger: the execution for ${what(events)} has not ended within ${Math.round(settleMs / 60_000)} minutes; its place among the executions in flight is given to another. If the workflow is stuck, give it a time-out in its settings. If it may take so long, raise the option "Longest Execution".`,
			),
	});
}

/** @returns whether the log says so when so many were dropped: the first is worth a word, then only the size of it. */
export const isWorthTelling = (total: number): boolean => total === 1 || total % 1_000 === 0;

const messageOf = (error: unknown): string =>
	String((error as Error | undefined)?.message ?? error).slice(0, 500);

const what = ([first, ...others]: TriggerEvent[]): string => {
	const call = first?.kind === 'call' ? ` of call ${first.call.id}` : '';
	return `"${first?.type}"${call}${others.length > 0 ? ` and ${others.length} more` : ''}`;
};

/**
 * How long an execution may hold its place, in ms: n8n's own time-out, of the workflow or of all, where there is one.
 *
 * @param ofWorkflow time-out in the workflow's settings, in s; -1 for none, undefined for that of all
 * @param ofAll time-out of all workflows, in s, as `EXECUTIONS_TIMEOUT` has it
 * @param otherwise where there is none
 */
export function placeMs(
	ofWorkflow: number | undefined,
	ofAll: string | undefined,
	otherwise: number,
): number {
	const seconds = ofWorkflow ?? Number(ofAll ?? -1);
	return seconds > 0 ? seconds * 1000 + OVERTIME_MS : otherwise;
}
