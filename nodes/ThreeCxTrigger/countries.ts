import { systemClock, type Clock } from '../../lib/waiting/clock';
import type { INodePropertyOptions } from 'n8n-workflow';
import { COUNTRY_NAMES, countryOfPbx } from '../../lib/phone/country';
import type { PbxClient } from '../../lib/http/client';
import { alphabetically } from '../shared/alphabetical';

/** The choice that takes the country from the PBX's own settings. */
export const FROM_PBX = 'pbx';

/** The countries that have telephone numbers, by name; before them the PBX's own, and none. */
export const countryOptions: INodePropertyOptions[] = [
	{ name: '(From the PBX)', value: FROM_PBX },
	{ name: '(None: Only Numbers with a Country Code)', value: '' },
	...Object.entries(COUNTRY_NAMES)
		.map(([value, name]) => ({ name: `${name} (${value})`, value }))
		.sort(alphabetically(({ name }) => name)),
];

/** Events wait for the country no longer than this, in ms, and no more of them than so many. */
const PATIENCE_MS = 3_000;
const MAX_WAITING = 10_000;

/**
 * The country of local notation, which may have to be asked for. Events wait until the first answer is here, or until
 * it is clear that there is none: numbers of the first call look like those of the next.
 */
export class DefaultCountry {
	/** ISO 3166 code; undefined for none, or as long as it is not known. */
	code: string | undefined;

	/** What waits for the first answer; undefined once it is here. */
	private waiting: Array<() => void> | undefined;

	private asking: Promise<void> | undefined;

	/**
	 * @param chosen ISO 3166 code, '' for none, or {@link FROM_PBX}
	 * @param connect gives the PBX to ask
	 * @param clock for tests
	 */
	constructor(
		chosen: string,
		private readonly connect: () => Promise<PbxClient>,
		private readonly clock: Clock = systemClock,
	) {
		if (chosen === FROM_PBX) this.waiting = [];
		else this.code = chosen === '' ? undefined : chosen;
	}

	/** Runs it at once where the country is settled, else as soon as it is; in order. */
	whenSettled(run: () => void): void {
		if (this.waiting) this.waiting.push(run);
		else run();
		if ((this.waiting?.length ?? 0) > MAX_WAITING) this.release();
	}

	/** The PBX can be asked now. One that may not be asked, or has not set it, has no country; that is no error. */
	async ask(): Promise<void> {
		if (this.waiting) await (this.asking ??= this.settle());
	}

	private async settle(): Promise<void> {
		const answer = this.connect()
			.then(async (client) => await countryOfPbx(client))
			// Late is better than never: what comes from then on has it.
			.then((code) => (this.code = code))
			.catch(() => undefined);
		const late = new AbortController();
		const patience = this.clock.sleep(PATIENCE_MS, late.signal);
		await Promise.race([answer, patience]);
		late.abort();
		this.release();
	}

	private release(): void {
		const waiting = this.waiting ?? [];
		this.waiting = undefined;
		for (const run of waiting) run();
	}
}
