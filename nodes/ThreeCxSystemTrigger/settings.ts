import type { IDataObject, ITriggerFunctions } from 'n8n-workflow';
import { ThreeCxError } from '../../lib/http/errors';
import type { Rules } from '../../lib/status/changes';
import type { Watch } from '../../lib/status/look';
import { EVENTS } from './events';

/** What a person has set in the panel. */
export interface Settings {
	events: ReadonlySet<string>;
	watch: Watch;
	rules: Rules;
	/** From the begin of one look to that of the next, in ms. */
	everyMs: number;
}

/** Looks more often than this would keep a PBX busy, in seconds. */
const SHORTEST_INTERVAL = 5;

/**
 * @param context the trigger
 * @returns the settings
 * @throws ThreeCxError of kind `input` when no event is chosen, or one that does not exist, or no extension to watch
 */
export function readSettings(context: ITriggerFunctions): Settings {
	const parameter = (name: string, fallback?: unknown) =>
		context.getNodeParameter(name, fallback) as unknown;
	const chosen = listOf(parameter('events', []));
	const events = EVENTS.filter(({ value }) => chosen.includes(value));
	const unknown = chosen.find((name) => !EVENTS.some(({ value }) => value === name));
	if (events.length === 0 || unknown !== undefined) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'events',
			message: unknown === undefined ? 'No event is chosen' : `There is no event "${unknown}"`,
			hint: 'Under Events, choose what starts the workflow.',
		});
	}
	const kinds = new Set(events.map(({ kind }) => kind));
	const extensions = kinds.has('extension') ? listOf(parameter('extensions', [])) : [];
	if (kinds.has('extension') && extensions.length === 0) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'extensions',
			message: 'No extension to watch is chosen',
			hint: 'Choose at least one from the list, or remove the events Extension Registered and Extension Unregistered.',
		});
	}
	const options = parameter('options', {}) as IDataObject;
	const maxWait = atLeast(0, parameter('maxWait', 120), 120);
	return {
		events: new Set(events.map(({ value }) => value)),
		watch: {
			kinds,
			extensions,
			queues: listOf(parameter('queues', [])),
			backupHours: atLeast(1, options.backupHours, 48),
			licenceDays: atLeast(1, options.licenceDays, 30),
		},
		rules: {
			confirmMs: atLeast(0, options.confirmAfter, 0) * 1000,
			tellPresent: options.reportPresent === true,
			maxCallers: atLeast(0, parameter('maxCallers', 5), 5),
			...(maxWait > 0 && { maxWait }),
			againAfterMs: atLeast(0, parameter('againAfter', 15), 15) * 60_000,
		},
		everyMs: atLeast(SHORTEST_INTERVAL, options.interval, 30) * 1000,
	};
}

/** A list from the panel, or what an expression gives: a list, or text with commas; each once. */
function listOf(value: unknown): string[] {
	const items: unknown[] = Array.isArray(value) ? value : String(value ?? '').split(/[,;\s]+/);
	return [...new Set(items.map((item) => String(item).trim()).filter((item) => item !== ''))];
}

/** A number from the panel; the default where it is none, and never less than the least. */
const atLeast = (least: number, value: unknown, otherwise: number): number => {
	const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
	return Math.max(
		least,
		typeof number === 'number' && Number.isFinite(number) ? number : otherwise,
	);
};
