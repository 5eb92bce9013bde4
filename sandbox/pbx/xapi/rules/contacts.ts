import type { Row } from '../../odata/model';
import { create } from '../writes';
import type { Context, Rules } from '../context';

/** The fields of a contact that hold telephone numbers. */
const NUMBER_FIELDS = [
	'PhoneNumber',
	'Mobile2',
	'Home',
	'Business',
	'Business2',
	'Other',
	'Pager',
	'BusinessFax',
];

/** Digits that count when numbers in different notations are compared. */
const SIGNIFICANT = 9;

const digits = (value: unknown) =>
	String(value ?? '')
		.replace(/\(0\)/g, '')
		.replace(/\D/g, '');

/** How the PBX matches is undocumented: here the last nine digits must agree, short numbers wholly. */
function sameNumber(left: string, right: string): boolean {
	if (left === '' || right === '') return false;
	if (left.length < SIGNIFICANT || right.length < SIGNIFICANT) return left === right;
	return left.slice(-SIGNIFICANT) === right.slice(-SIGNIFICANT);
}

const isBlank = (value: unknown) => value === undefined || value === null || value === '';

function removeWhere({ store }: Context, matches: (row: Row) => boolean): void {
	for (const row of store.rows('Contacts').filter(matches)) store.remove('Contacts', row);
}

export const contacts: Rules = {
	defaults: () => ({ ContactType: '3CX' }),
	check(_context, body, existing) {
		const row = { ...existing, ...body };
		const names = [row.FirstName, row.LastName, row.CompanyName];
		return {
			...(names.every(isBlank)
				? { FirstName: 'WARNINGS.CONTACTS_SPECIFY_NAME_SURNAME_COMPANY' }
				: {}),
			...(NUMBER_FIELDS.every((field) => isBlank(row[field]))
				? { PhoneNumber: 'WARNINGS.CONTACTS_SPECIFY_PHONE_NUMBER' }
				: {}),
		};
	},
	operations: {
		'Pbx.GetContactsByNumber'({ context, args }) {
			const wanted = digits(args.number);
			return context.store
				.rows('Contacts')
				.filter((row) => NUMBER_FIELDS.some((field) => sameNumber(digits(row[field]), wanted)));
		},
		'Pbx.CreateContactByNumber': ({ context, args }) =>
			create(context, 'Contacts', { PhoneNumber: args.number, ...(args.contact as Row) }, contacts),
		'Pbx.DeleteContactsById'({ context, args }) {
			const ids = new Set(args.ids as number[]);
			removeWhere(context, (row) => ids.has(row.Id as number));
		},
		'Pbx.DeleteContactsByType': ({ context, args }) =>
			removeWhere(context, (row) => row.ContactType === args.contactSource),
		'Pbx.DeleteDepartmentContactsByType': ({ context, args }) =>
			removeWhere(context, (row) => row.ContactType === args.contactSource),
	},
};
