import type { INodeProperties } from 'n8n-workflow';
import type { Field } from '../resource';
import { departmentIds } from './departments';
import { enumOptions } from './text';

/** Fields of one value, which differ from each other in their names only. */

type Shown = Pick<INodeProperties, 'displayName' | 'name'> & Partial<INodeProperties>;
type More = Pick<Field, 'prominent' | 'createOnly'>;

/** A field that is a text. */
export const textField = (property: string, parameter: Shown, more: More = {}): Field => ({
	property,
	...more,
	parameter: { type: 'string', default: '', ...parameter },
});

/** A field that is a whole number, not below zero. */
export const numberField = (property: string, parameter: Shown, more: More = {}): Field => ({
	property,
	...more,
	parameter: { type: 'number', typeOptions: { minValue: 0 }, default: 0, ...parameter },
});

/** A field that is on or off; its description begins with "Whether". */
export const switchField = (property: string, parameter: Shown, more: More = {}): Field => ({
	property,
	...more,
	parameter: { type: 'boolean', default: false, ...parameter },
});

/** A field that is a member of an enum of the catalogue; `parameter.default` says which at first. */
export const enumField = (
	property: string,
	enumName: string,
	parameter: Shown,
	more: More = {},
): Field => ({
	property,
	...more,
	parameter: { type: 'options', options: enumOptions(enumName), default: '', ...parameter },
});

/** The departments of a DN that is no person, so that roles in them do not matter. */
export const departmentsField = (more: More = {}): Field => ({
	property: 'Groups',
	...more,
	toXapi: async (names: unknown, at) =>
		(await departmentIds(at, names, 'departments')).map((GroupId) => ({ GroupId })),
	parameter: {
		displayName: 'Department Names or IDs',
		name: 'departments',
		type: 'multiOptions',
		typeOptions: { loadOptionsMethod: 'getDepartments' },
		default: [],
		description:
			'Replaces all existing ones. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
});
