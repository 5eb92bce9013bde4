import type { INodePropertyOptions } from 'n8n-workflow';
import { alphabetically } from '../shared/alphabetical';
import { helpOf, labelOf } from './fields/labels';
import { hasRows, type EntityResource } from './resource';
import { RESOURCES } from './resources';

/** Names of fields as dropdowns show them: in the words of the forms, those first that people use every day. */

/** The resource with rows of a type; undefined for types that only come along as linked records. */
const resourceOf = (type: string): EntityResource | undefined =>
	RESOURCES.filter(hasRows).find((resource) => resource.type === type);

/** What people look for first: the columns of the simplified output and the fields of the form, but not the ID. */
function everydayFields({ summary = [], fields = [] }: Partial<EntityResource>): string[] {
	const all = [...summary, ...fields.map(({ property }) => property)];
	return [...new Set(all)].filter((property) => property !== 'Id');
}

/**
 * Properties of a type as dropdown options.
 *
 * @param type in the catalogue, such as `Queue`
 * @param properties which of them, such as `['Name', 'Number']`
 * @param valueOf the value of an option; the property itself when left out
 * @returns the everyday ones in their order, then the others by label, with a word about those that are used most
 */
export function fieldOptions(
	type: string,
	properties: readonly string[],
	valueOf: (property: string) => string = (property) => property,
): INodePropertyOptions[] {
	const resource: Partial<EntityResource> = resourceOf(type) ?? {};
	const everyday = everydayFields(resource);
	const optionOf = (property: string): INodePropertyOptions => ({
		name: labelOf(type, property, resource.fields),
		value: valueOf(property),
		description: helpOf(type, property),
	});
	const isEveryday = (property: string) => everyday.includes(property);
	return [
		...everyday.filter((property) => properties.includes(property)).map(optionOf),
		...properties
			.filter((property) => !isEveryday(property))
			.map(optionOf)
			.sort(byName),
	];
}

const byName = alphabetically<INodePropertyOptions>(({ name }) => name);
