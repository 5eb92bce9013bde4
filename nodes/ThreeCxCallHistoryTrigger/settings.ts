import type { IDataObject, IPollFunctions } from 'n8n-workflow';
import { ThreeCxError } from '../../lib/http/errors';
import { instantIn } from '../shared/time';
import { EVENTS, type OutputSettings } from './sources';

/** What a person has set in the panel. */
export interface Settings extends OutputSettings {
	events: typeof EVENTS;
	/** Where the first poll begins, in ms since the epoch; undefined for the moment of publishing. */
	since?: number;
	/** How long a call may last, in ms: so much later than its beginning its row may appear. */
	overlapMs: number;
	/** How long the last leg of a call has to be over, in ms. */
	settledMs: number;
	/** Whether a workflow that is published again tells what came meanwhile. */
	tellsPause: boolean;
}

const HOUR_MS = 3_600_000;

/**
 * @param context the polling trigger
 * @returns the settings
 * @throws ThreeCxError of kind `input` when no event is chosen, or one that does not exist, or a time is none
 */
export function readSettings(context: IPollFunctions): Settings {
	const chosen = context.getNodeParameter('events', []) as string[] | string;
	const names = [chosen]
		.flat()
		.flatMap((name) => String(name).split(/[,\s]+/))
		.filter(Boolean);
	const events = EVENTS.filter(({ value }) => names.includes(value));
	const unknown = names.find((name) => !EVENTS.some(({ value }) => value === name));
	if (events.length === 0 || unknown !== undefined) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'events',
			message: unknown === undefined ? 'No event is chosen' : `There is no event "${unknown}"`,
			hint: 'Under Events, choose what starts the workflow.',
		});
	}
	const options = context.getNodeParameter('options', {}) as IDataObject;
	const { longestCall, startAt, downloadFile, binaryPropertyName, includeLegs } = options;
	const { settleDelay, afterPause } = options;
	const since = instantIn(context.getTimezone())(String(startAt ?? ''));
	return {
		events,
		since: since === '' ? undefined : Date.parse(since),
		overlapMs: (typeof longestCall === 'number' && longestCall > 0 ? longestCall : 4) * HOUR_MS,
		settledMs: (typeof settleDelay === 'number' && settleDelay >= 0 ? settleDelay : 15) * 1000,
		tellsPause: afterPause !== 'now',
		download: downloadFile === true,
		binaryProperty: String(binaryPropertyName ?? '') || 'data',
		includeLegs: includeLegs === true,
	};
}
