import type { Clock } from '../../lib/waiting/clock';
import type { INodePropertyOptions } from 'n8n-workflow';
import { COUNTRY_NAMES, countryOfPbx } from '../../lib/phone/country';
import type { PbxClient } from '../../lib/http/client';
import { alphabetically } from '../shared/alphabetical';
import { FirstAnswer } from './firstAnswer';

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

/** The country of local notation, which may have to be asked for; see {@link FirstAnswer}. */
export class DefaultCountry {
	/** ISO 3166 code; undefined for none, or as long as it is not known. */
	code: string | undefined;

	private readonly first: FirstAnswer | undefined;

	/**
	 * @param chosen ISO 3166 code, '' for none, or {@link FROM_PBX}
	 * @param connect gives the PBX to ask
	 * @param clock for tests
	 */
	constructor(chosen: string, connect: () => Promise<PbxClient>, clock?: Clock) {
		if (chosen !== FROM_PBX) this.code = chosen === '' ? undefined : chosen;
		else
			this.first = new FirstAnswer(
				async () => (this.code = await countryOfPbx(await connect())),
				clock,
			);
	}

	/** See {@link FirstAnswer.whenSettled}. */
	whenSettled(run: () => void): void {
		if (this.first) this.first.whenSettled(run);
		else run();
	}

	/** The PBX can be asked now. One that may not be asked, or has not set it, has no country; that is no error. */
	async ask(): Promise<void> {
		await this.first?.ask();
	}
}
