import { createHash } from 'node:crypto';
import type { IRun, ITriggerFunctions } from 'n8n-workflow';
import { hasBegun } from '../shared/executions';
import { outgoing } from '../shared/output';
import type { TriggerEvent } from './events';
import { toOutput, type OutputOptions } from './output';

/** Hands events to n8n as one execution. */
export type Emitter = (events: TriggerEvent[], options: OutputOptions) => Promise<void>;

/** n8n's column for the key holds so many characters; longer ones make PostgreSQL refuse the execution. */
const MAX_KEY = 255;

/** n8n's second engine starts no execution for a trigger that wants to know of its end. */
const NO_WAITING = /waits for its execution to finish/i;

/**
 * @param context n8n's trigger context
 * @param name of the trigger, the same in every process
 * @param onUnbounded told once when n8n does not say when executions end, so that their number cannot be bounded
 * @returns a function that starts an execution, and resolves when n8n says that it has ended or been parked (a Wait of
 *   more than a minute); it rejects when n8n could not start it. Nothing is started twice: the key of the same events is
 *   the same each time, and n8n's database lets each key in once.
 */
export function createEmitter(
	context: ITriggerFunctions,
	name: string,
	onUnbounded: () => void,
): Emitter {
	let isTold = true;
	return async (events, options) => {
		const items = events.map((event) => outgoing({ json: toOutput(event, options) }));
		const key = keyOf(name, events);
		if (!isTold) return context.emit([items], undefined, undefined, key);
		const done = context.helpers.createDeferredPromise<IRun>();
		context.emit([items], undefined, done, key);
		const refusal = await done.promise.then(
			() => undefined,
			(error: Error) => error,
		);
		if (!refusal || hasBegun(refusal)) return;
		if (!NO_WAITING.test(refusal.message)) throw refusal;
		if (isTold) onUnbounded();
		isTold = false;
		context.emit([items], undefined, undefined, key);
	};
}

/** @returns the key of an execution: that of its first event, with the number of the others; never too long for n8n. */
export function keyOf(name: string, events: readonly TriggerEvent[]): string {
	const more = events.length > 1 ? `+${events.length - 1}` : '';
	const key = `${name}:${events[0]!.id}${more}`;
	if (key.length <= MAX_KEY) return key;
	const hash = createHash('sha256').update(key).digest('base64url');
	return `${key.slice(0, MAX_KEY - hash.length - 1)}~${hash}`;
}
