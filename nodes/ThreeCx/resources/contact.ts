import { findContacts } from '../../../lib/xapi/contacts';
import { defaultCountryField, defaultCountryOf } from '../../shared/fields/country';
import { ThreeCxError } from '../../../lib/http/errors';
import { ifNoneFoundField, noneFound } from '../../shared/fields/ifNoneFound';
import type { ItemRun } from '../../shared/router';
import { enumField, textField } from '../fields/simple';
import { deleteMany, deleteManyLists, type DeleteMany } from '../operations/deleteMany';
import { isSimplified, simplifyProperty } from '../../shared/fields/simplify';
import { asOutput, pick } from '../operations/output';
import type { EntityResource, OwnOperation } from '../resource';

const several: DeleteMany = {
	resource: () => contact,
	plural: 'contacts',
	operationId: 'DeleteContactsById',
};

async function findByNumber(run: ItemRun) {
	const { context, index, client, signal } = run;
	const text = (name: string) => String(context.getNodeParameter(name, index, '') ?? '').trim();
	const number = text('number');
	// A hidden number belongs to no contact, and must not end a workflow that others call.
	const found =
		number === ''
			? []
			: await findContacts(client, number, await defaultCountryOf(run, text('defaultCountry')), {
					signal,
				});
	if (found.length === 0) return noneFound(text('ifNoneFound'), noContact(number));
	const simplify = isSimplified(run);
	return asOutput(
		found.map(({ contact: row, matched }) => ({
			found: true,
			...(simplify ? pick(row, contact.summary) : row),
			matchedFields: matched,
		})),
	);
}

const noContact = (number: string) =>
	new ThreeCxError({
		kind: 'notFound',
		field: 'number',
		message:
			number === ''
				? 'There is no number to look for'
				: `This PBX has no contact with the number ${number}`,
		hint: 'Check what the expression in Number returns for this item. To go on without a contact, choose "Return an Item" under If None Found.',
	});

const find: OwnOperation = {
	name: 'findByNumber',
	label: 'Find by Number',
	action: 'Find contacts by number',
	description: 'Find contacts with a phone number, in any notation',
	uses: ['GetContactsByNumber', 'ListContact'],
	properties: [
		{
			displayName: 'Number',
			name: 'number',
			type: 'string',
			default: '',
			placeholder: 'e.g. +442079460101',
			description:
				'In any notation: international, local, with or without plus, spaces or brackets',
		},
		defaultCountryField,
		ifNoneFoundField('item'),
		simplifyProperty,
	],
	execute: findByNumber,
};

/** The phonebook: XAPI `Contacts`. */
export const contact: EntityResource = {
	name: 'contact',
	label: 'Contact',
	plural: 'Contacts',
	description: 'An entry of the phonebook',
	entitySet: 'Contacts',
	type: 'Contact',
	naturalKeys: [
		{ property: 'PhoneNumber', label: 'Phone Number', placeholder: 'e.g. +442079460101' },
		{ property: 'Email', label: 'Email', placeholder: 'e.g. anna@example.com' },
	],
	title: ({ FirstName, LastName, CompanyName }) =>
		[FirstName, LastName, CompanyName && `(${String(CompanyName)})`].filter(Boolean).join(' '),
	searchIn: ['FirstName', 'LastName', 'CompanyName', 'PhoneNumber'],
	summary: [
		'Id',
		'FirstName',
		'LastName',
		'CompanyName',
		'Title',
		'Department',
		'Email',
		'PhoneNumber',
		'Mobile2',
		'Business',
		'Business2',
		'Home',
		'Other',
		'ContactType',
	],
	expand: {},
	needed: [['FirstName', 'LastName', 'CompanyName']],
	fields: [
		textField('FirstName', { displayName: 'First Name', name: 'firstName' }, { prominent: true }),
		textField('LastName', { displayName: 'Last Name', name: 'lastName' }, { prominent: true }),
		textField('CompanyName', { displayName: 'Company', name: 'companyName' }, { prominent: true }),
		textField(
			'PhoneNumber',
			{ displayName: 'Phone Number', name: 'phoneNumber', placeholder: 'e.g. +442079460101' },
			{ prominent: true },
		),
		textField('Business', { displayName: 'Business Number', name: 'business' }),
		textField('Business2', { displayName: 'Business Number 2', name: 'business2' }),
		enumField('ContactType', 'ContactSource', {
			displayName: 'Phonebook',
			name: 'contactType',
			default: '3CX',
			description: 'Where the contact comes from; 3CX is the company phonebook of the PBX',
		}),
		textField('Email', {
			displayName: 'Email',
			name: 'email',
			placeholder: 'e.g. anna@example.com',
		}),
		textField('Home', { displayName: 'Home Number', name: 'home' }),
		textField('Mobile2', { displayName: 'Mobile Number 2', name: 'mobile2' }),
		textField('Other', { displayName: 'Other Number', name: 'other' }),
		textField('Title', { displayName: 'Title', name: 'title' }),
	],
	operations: [find, deleteMany(several)],
	loadOptions: deleteManyLists(several),
};
