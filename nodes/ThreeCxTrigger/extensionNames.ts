import { namesByNumber } from '../../lib/callcontrol/rest/names';
import type { PbxClient } from '../../lib/http/client';
import { systemClock, type Clock } from '../../lib/waiting/clock';
import { FirstAnswer } from './firstAnswer';

/** Names are read again when they are asked for and older than this, in ms: people come, go and marry. */
const FRESH_MS = 600_000;

/**
 * The names of extensions, queues and whatever else has a number in the phone system. Call Control knows only numbers. Who
 * may not read the Configuration API gets no names; that is no error.
 */
export class ExtensionNames {
	private readonly first: FirstAnswer;

	private names: ReadonlyMap<string, string> = new Map();

	/** When they were asked for last, in ms of the clock; undefined before the first time. */
	private askedAt: number | undefined;

	/**
	 * @param connect gives the PBX to ask
	 * @param clock for tests
	 */
	constructor(
		private readonly connect: () => Promise<PbxClient>,
		private readonly clock: Clock = systemClock,
	) {
		this.first = new FirstAnswer(async () => await this.read(), clock);
	}

	/** The name that belongs to a number, as far as is known; asks again in the background when that is long ago. */
	of(dn: string): string | undefined {
		if (this.askedAt !== undefined && this.clock.now() - this.askedAt > FRESH_MS)
			void this.read().catch(() => undefined);
		return this.names.get(dn);
	}

	/** See {@link FirstAnswer.whenSettled}. */
	whenSettled(run: () => void): void {
		this.first.whenSettled(run);
	}

	/** See {@link FirstAnswer.ask}. */
	async ask(): Promise<void> {
		await this.first.ask();
	}

	private async read(): Promise<void> {
		this.askedAt = this.clock.now();
		this.names = await namesByNumber(await this.connect());
	}
}
