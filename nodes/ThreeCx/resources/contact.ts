import { findContacts } from '../../../lib/xapi/contacts';
import { defaultCountryField, defaultCountryOf } from '../../shared/fields/country';
import { required } from '../../shared/fields/required';
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
	const number = required(
		'number',
		'Number',
		text('number'),
		'Check what the expression in the field returns for this item. A hidden number belongs to no contact.',
	);
	const country = await defaultCountryOf(run, text('defaultCountry'));
	const found = await findContacts(client, number, country, { signal });
	const simplify = isSimplified(run);
	return asOutput(
		found.map(({ contact: row, matched }) => ({
			...(simplify ? pick(row, contact.summary) : row),
			matchedFields: matched,
		})),
	);
}

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
			required: true,
			default: '',
			placeholder: 'e.g. +442079460101',
			description:
				'In any notation: international, local, with or without plus, spaces or brackets',
		},
		defaultCountryField,
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
