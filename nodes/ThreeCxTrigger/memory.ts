import type { IDataObject, ITriggerFunctions } from 'n8n-workflow';
import { Told, type ToldJson } from '../../lib/callcontrol/calls/told';

/** What of this trigger outlives the process: what has been told of the calls that go on. */
export interface Memory {
	/**
	 * @param pbx the PBX that is listened to: its origin
	 * @returns what has been told before
	 */
	open(pbx: string): Told;
	/**
	 * Puts down that this PBX is listened to from now on, where nothing has been kept. n8n writes it to its database once
	 * the trigger has started: so calls are told, too, that are missed before there was a first one to tell.
	 */
	begin(pbx: string): void;
	/** Puts it down. n8n writes it to its database with the next execution that is started, at once. */
	save(): void;
}

/** In the workflow's data, by the id of the node: its name can change. */
const keyOf = (nodeId: string): string => `threeCxTrigger ${nodeId}`;

/** What a node that is gone has left is cleared away after this time, in ms. */
const LEFT_BEHIND_MS = 90 * 86_400_000;

/** @returns the memory of a published trigger, in n8n's static data of the workflow */
export function keptMemory(context: ITriggerFunctions): Memory {
	const store = context.getWorkflowStaticData('global');
	const key = keyOf(context.getNode().id);
	let told: Told | undefined;
	let saved: { told: Told; version: number } | undefined;
	const memory: Memory = {
		open(pbx) {
			if (told?.pbx === pbx) return told;
			const kept: unknown = told?.write(Date.now()) ?? plain(store[key]);
			const read = Told.read(kept, pbx);
			if (kept !== undefined && (!read || read.unreadable > 0)) {
				context.logger.warn(
					`3CX Trigger: ${read ? `${read.unreadable} calls` : 'nothing'} could be read of what was kept about calls; what happened to ${read ? 'them' : 'calls'} while nobody listened may not be told`,
				);
			}
			return (told = read?.told ?? Told.begin(pbx, Date.now()));
		},
		begin(pbx) {
			if (store[key] !== undefined) return;
			memory.open(pbx);
			memory.save();
		},
		save() {
			// n8n writes all of it to its database, so only when there is something to write.
			if (!told || (told === saved?.told && told.version === saved.version)) return;
			saved = { told, version: told.version };
			const now = Date.now();
			store[key] = told.write(now) as unknown as IDataObject;
			for (const [other, left] of Object.entries(store)) {
				const { at = now } = (left ?? {}) as Partial<ToldJson>;
				if (other.startsWith(keyOf('')) && now - at > LEFT_BEHIND_MS) delete store[other];
			}
		},
	};
	return memory;
}

/** @returns the memory of a manual test: it begins anew, and leaves nothing behind */
export function noMemory(): Memory {
	return {
		open: (pbx) => Told.begin(pbx, Date.now()),
		begin: () => undefined,
		save: () => undefined,
	};
}

/** n8n hands out objects that watch for changes. */
const plain = (value: unknown): unknown =>
	value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
