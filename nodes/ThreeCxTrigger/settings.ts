import type { IDataObject, ITriggerFunctions } from 'n8n-workflow';
import { ThreeCxError } from '../../lib/http/errors';
import { eventOptions } from './events';
import type { OutputOptions } from './output';

/** What a person has set in the panel. */
export interface Settings extends OutputOptions {
	events: Set<string>;
	/** DNs to listen to; empty for all. */
	extensions: Set<string>;
	/** Executions under way at the same time. */
	inFlight: number;
	/** Events that may wait before the unimportant ones are given up. */
	maxWaiting: number;
	/** Events of one execution. */
	batch: number;
}

/** Items of one execution when waiting events go together. */
const BATCH = 500;

/**
 * @param context the trigger
 * @returns the settings
 * @throws ThreeCxError of kind `input` when no event is chosen, or one that does not exist
 */
export function readSettings(context: ITriggerFunctions): Settings {
	const events = listOf(context.getNodeParameter('events', []));
	const options = context.getNodeParameter('options', {}) as IDataObject;
	const unknown = events.find((event) => !eventOptions.some(({ value }) => value === event));
	if (events.length === 0 || unknown !== undefined) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'events',
			message: unknown === undefined ? 'No event is chosen' : `There is no event "${unknown}"`,
			hint: 'Choose in the field Events what shall start the workflow.',
		});
	}
	return {
		events: new Set(events),
		extensions: new Set(listOf(context.getNodeParameter('extensions', []))),
		granularity: options.granularity === 'leg' ? 'leg' : 'call',
		defaultCountry: textOf(options.defaultCountry),
		includeRaw: options.includeRaw === true,
		inFlight: positive(options.executionsInFlight, 10),
		maxWaiting: positive(options.maxWaiting, 10_000),
		batch: options.waitingEvents === 'together' ? BATCH : 1,
	};
}

/** A list from the panel, or what an expression gives: a list, or text with commas. */
function listOf(value: unknown): string[] {
	const items: unknown[] = Array.isArray(value) ? value : String(value ?? '').split(/[,;\s]+/);
	return items.map((item) => String(item).trim()).filter((item) => item !== '');
}

const textOf = (value: unknown): string | undefined =>
	typeof value === 'string' && value !== '' ? value : undefined;

const positive = (value: unknown, otherwise: number): number =>
	typeof value === 'number' && value >= 1 ? Math.floor(value) : otherwise;
