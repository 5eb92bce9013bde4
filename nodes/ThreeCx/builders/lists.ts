import type { ILoadOptionsFunctions, INodePropertyOptions } from 'n8n-workflow';
import {
	catalogue,
	navigationPropertiesOf,
	parseType,
	propertiesOf,
} from '../../../lib/xapi/catalogue';
import { enumOptions, titleCase } from '../fields/text';
import { asOptions, byName } from '../lists';
import type { LoadOptionsMethod } from '../resource';
import { fieldName, fieldValue, inputClassOf } from './conditions';

/** What the dropdowns of the builders offer: names of the catalogue, so nothing has to be asked of the PBX. */

/** Fields with one value: what can be compared and sorted by. */
const comparable = (type: string): INodePropertyOptions[] =>
	Object.entries(propertiesOf(catalogue, type))
		.flatMap(([name, expression]) => {
			const inputClass = inputClassOf(expression);
			return inputClass === undefined
				? []
				: [{ name: titleCase(name), value: fieldValue(name, inputClass) }];
		})
		.sort(byName);

const links = (type: string) => Object.keys(navigationPropertiesOf(catalogue, type));

/** Fields that come without `$expand`. */
const fields = (type: string): INodePropertyOptions[] => {
	const linked = links(type);
	return asOptions(
		Object.keys(propertiesOf(catalogue, type)).filter((name) => !linked.includes(name)),
	);
};

const neighbour = (context: ILoadOptionsFunctions, name: string): string =>
	String(context.getCurrentNodeParameter(`&${name}`) ?? '');

const members = (type: string, field: string): INodePropertyOptions[] => {
	const expression = propertiesOf(catalogue, type)[fieldName(field)];
	return expression === undefined ? [] : enumOptions(parseType(expression).name);
};

/** The type behind a link; a name that matches nothing, and so empty lists, while none is chosen. */
const behind = (type: string, link: string): string =>
	navigationPropertiesOf(catalogue, type)[link]?.name ?? '';

/**
 * The methods behind the builders' dropdowns.
 *
 * @param typeOf the type of the resource that is chosen in the panel
 */
export function builderLists(
	typeOf: (context: ILoadOptionsFunctions) => string,
): Record<string, LoadOptionsMethod> {
	const method = (
		list: (type: string, context: ILoadOptionsFunctions) => INodePropertyOptions[],
	): LoadOptionsMethod =>
		async function () {
			return await Promise.resolve(list(typeOf(this), this));
		};
	const linked = (type: string, context: ILoadOptionsFunctions) =>
		behind(type, neighbour(context, 'property'));
	return {
		getFilterFields: method(comparable),
		getFields: method(fields),
		getNavigationProperties: method((type) => asOptions(links(type))),
		getEnumMembers: method((type, context) => members(type, neighbour(context, 'field'))),
		getLinkedFilterFields: method((type, context) => comparable(linked(type, context))),
		getLinkedFields: method((type, context) => fields(linked(type, context))),
		getLinkedEnumMembers: method((type, context) =>
			members(linked(type, context), neighbour(context, 'field')),
		),
		getNestedNavigationProperties: method((type, context) =>
			asOptions(links(linked(type, context))),
		),
		getNestedFields: method((type, context) =>
			fields(behind(linked(type, context), neighbour(context, 'nested'))),
		),
	};
}
