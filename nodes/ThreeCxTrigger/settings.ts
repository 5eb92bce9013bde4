import type { IDataObject, ITriggerFunctions } from 'n8n-workflow';
import { ThreeCxError } from '../../lib/http/errors';
import type { Granularity } from '../../lib/callcontrol/calls/tracker';
import type { AgainPolicy } from '../../lib/waiting/delivery';
import { patternsIn } from '../../lib/phone/pattern';
import { FROM_PBX } from './countries';
import { callEventOptions, eventOptions } from './events';
import type { Filters } from './filters';
import type { OutputOptions } from './output';

/** What a person has set in the panel. */
export interface Settings extends Omit<OutputOptions, 'defaultCountry'> {
	events: ReadonlySet<string>;
	filters: Filters;
	/** ISO 3166 code, '' for none, or {@link FROM_PBX}. */
	country: string;
	granularity: Granularity;
	/** Events that are told for each phone, though the others are told for each call. */
	perPhone: ReadonlySet<string>;
	/** Executions under way at the same time. */
	inFlight: number;
	/** Max number of waiting events before less important ones are dropped. */
	maxWaiting: number;
	/** Events of one execution. */
	batch: number;
	/** What is told of calls that began and ended while nobody listened. */
	tellMissed: 'ended' | 'everything' | 'nothing';
	/** Whether a workflow that is published again tells what was missed meanwhile. */
	tellsPause: boolean;
	/** How long an execution may hold its place among those in flight, in ms. */
	settleMs: number;
	/** When an execution that could not be started is tried again; for tests. */
	again?: Partial<AgainPolicy>;
}

/** How long an execution may hold its place, in minutes. */
export const LONGEST_EXECUTION_MINUTES = 15;

/** Items of one execution when waiting events go together. */
const BATCH = 500;

/**
 * @param context the trigger
 * @returns the settings
 * @throws ThreeCxError of kind `input` when no event is chosen, or one that does not exist
 */
export function readSettings(context: ITriggerFunctions): Settings {
	const events = listOf(context.getNodeParameter('events', []));
	const filters = context.getNodeParameter('filters', {}) as IDataObject;
	const options = context.getNodeParameter('options', {}) as IDataObject;
	const unknown = events.find((event) => !eventOptions.some(({ value }) => value === event));
	if (events.length === 0 || unknown !== undefined) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'events',
			message: unknown === undefined ? 'No event is chosen' : `There is no event "${unknown}"`,
			hint: 'Under Events, choose what starts the workflow.',
		});
	}
	const perPhone = listOf(options.perPhone);
	const notOfPhones = perPhone.find(
		(event) => !callEventOptions.some(({ value }) => value === event),
	);
	if (notOfPhones !== undefined) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'perPhone',
			message: `"${notOfPhones}" cannot be told for each phone`,
			hint: 'Under Tell for Each Phone, choose events of calls from the list.',
		});
	}
	const { direction, otherSide } = filters;
	const granularity: Granularity = options.granularity === 'leg' ? 'leg' : 'call';
	return {
		events: new Set(events),
		filters: {
			extensions: new Set(listOf(context.getNodeParameter('extensions', []))),
			dnTypes: new Set(listOf(filters.dnTypes)),
			direction: direction === 'inbound' || direction === 'outbound' ? direction : undefined,
			external: otherSide === 'outside' ? true : otherSide === 'inside' ? false : undefined,
			callers: patternsIn(filters.caller),
			dids: patternsIn(filters.did),
			queues: new Set(listOf(filters.queues)),
		},
		country: typeof options.defaultCountry === 'string' ? options.defaultCountry : FROM_PBX,
		granularity,
		// With "Each Phone", all of them are.
		perPhone: new Set(granularity === 'call' ? perPhone : []),
		includeRaw: options.includeRaw === true,
		inFlight: positive(options.executionsInFlight, 10),
		maxWaiting: positive(options.maxWaiting, 10_000),
		batch: options.waitingEvents === 'together' ? BATCH : 1,
		tellMissed:
			options.tellMissed === 'everything' || options.tellMissed === 'nothing'
				? options.tellMissed
				: 'ended',
		tellsPause: options.afterPause !== 'now',
		settleMs: positive(options.longestExecution, LONGEST_EXECUTION_MINUTES) * 60_000,
	};
}

/** A list from the panel, or what an expression gives: a list, or text with commas. */
function listOf(value: unknown): string[] {
	const items: unknown[] = Array.isArray(value) ? value : String(value ?? '').split(/[,;\s]+/);
	return items.map((item) => String(item).trim()).filter((item) => item !== '');
}

const positive = (value: unknown, otherwise: number): number =>
	typeof value === 'number' && value >= 1 ? Math.floor(value) : otherwise;
