import { getCountries } from 'libphonenumber-js';
import type { INodePropertyOptions } from 'n8n-workflow';

const names = new Intl.DisplayNames(['en'], { type: 'region' });

/** The countries that have telephone numbers, by name; empty for none. */
export const countryOptions: INodePropertyOptions[] = [
	{ name: '(None: Only Numbers with a Country Code)', value: '' },
	...getCountries()
		.map((value) => ({ name: `${names.of(value) ?? value} (${value})`, value }))
		.sort((a, b) => a.name.localeCompare(b.name, 'en')),
];
