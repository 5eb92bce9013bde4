import type { PbxClient } from '../http/client';
import { filter } from '../odata/filter';
import { queryString } from '../odata/query';
import { normalise, sameNumber } from '../phone/e164';
import { listEntities, type Entity, type RequestOptions } from './entities';
import { listFunction } from './functions';

/** The properties of a contact that hold telephone numbers. */
const NUMBER_PROPERTIES = [
	'PhoneNumber',
	'Mobile2',
	'Home',
	'Business',
	'Business2',
	'Other',
	'Pager',
	'BusinessFax',
] as const;

/** A contact, and the properties that hold the number it was found by. */
export interface FoundContact {
	contact: Entity;
	matched: string[];
}

/** The end of a number that is written alike in every notation: spaces rarely part the last two digits. */
const ENDING = 2;

/**
 * Finds the contacts that have a number, in whatever notation either side is written. How 3CX compares numbers is not
 * documented, so its own search (`GetContactsByNumber`) brings candidates, so do all contacts with a number that ends
 * in the same two digits, and both are compared here in E.164.
 *
 * @param client the PBX
 * @param number in any notation, also with a lost plus
 * @param defaultCountry ISO 3166 code of the country that local notation belongs to
 * @returns the contacts, each once
 */
export async function findContacts(
	client: PbxClient,
	number: string,
	defaultCountry: string | undefined,
	options: RequestOptions = {},
): Promise<FoundContact[]> {
	const { e164, kind } = normalise(number, defaultCountry);
	const digits = (e164 ?? number).replace(/\D/g, '');
	if (kind === 'hidden' || digits === '') return [];
	const value = digits.slice(-ENDING);
	const query = queryString({
		filter: filter({
			match: 'any',
			conditions: NUMBER_PROPERTIES.map((field) => ({
				field,
				type: 'string',
				operator: 'endsWith',
				value,
			})),
		}),
		orderBy: [{ field: 'Id' }],
	});
	const [suggested, candidates] = await Promise.all([
		listFunction(client, 'GetContactsByNumber', { number: e164 ?? number }, options),
		listEntities(client, '/Contacts', { query, ...options }),
	]);
	const contacts = new Map([...suggested, ...candidates].map((row) => [row.Id, row]));
	return [...contacts.values()]
		.map((contact) => ({
			contact,
			matched: NUMBER_PROPERTIES.filter((property) =>
				sameNumber(String(contact[property] ?? ''), number, defaultCountry),
			),
		}))
		.filter(({ matched }) => matched.length > 0);
}
