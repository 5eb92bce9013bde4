import type { INodeProperties } from 'n8n-workflow';
import type { Field, EntityResource } from '../resource';

/** A field of a contact that is plain text. */
const text = (
	property: string,
	parameter: Pick<INodeProperties, 'displayName' | 'name'> & Partial<INodeProperties>,
	prominent = false,
): Field => ({ property, prominent, parameter: { type: 'string', default: '', ...parameter } });

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
	],
	expand: {},
	fields: [
		text('FirstName', { displayName: 'First Name', name: 'firstName' }, true),
		text('LastName', { displayName: 'Last Name', name: 'lastName' }, true),
		text('CompanyName', { displayName: 'Company', name: 'companyName' }, true),
		text(
			'PhoneNumber',
			{ displayName: 'Phone Number', name: 'phoneNumber', placeholder: 'e.g. +442079460101' },
			true,
		),
		text('Business', { displayName: 'Business Number', name: 'business' }),
		text('Business2', { displayName: 'Business Number 2', name: 'business2' }),
		text('Email', { displayName: 'Email', name: 'email', placeholder: 'e.g. anna@example.com' }),
		text('Home', { displayName: 'Home Number', name: 'home' }),
		text('Mobile2', { displayName: 'Mobile Number 2', name: 'mobile2' }),
		text('Other', { displayName: 'Other Number', name: 'other' }),
		text('Title', { displayName: 'Title', name: 'title' }),
	],
};
