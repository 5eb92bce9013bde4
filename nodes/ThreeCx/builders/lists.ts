import type { ILoadOptionsFunctions, INodePropertyOptions } from 'n8n-workflow';
import {
	catalogue,
	navigationPropertiesOf,
	parseType,
	propertiesOf,
} from '../../../lib/xapi/catalogue';
import { fieldOptions } from '../fieldNames';
import { enumOptions } from '../fields/text';
import type { LoadOptionsMethod } from '../resource';
import { fieldName, fieldValue, inputClassOf } from './conditions';

/** What the dropdowns of the builders offer: names of the catalogue, so nothing has to be asked of the PBX. */

/** Fields with one value: what can be compared and sorted by. */
function comparable(type: string): INodePropertyOptions[] {
	const values = new Map(
		Object.entries(propertiesOf(catalogue, type)).flatMap(([name, expression]) => {
			const inputClass = inputClassOf(expression);
			return inputClass === undefined ? [] : [[name, fieldValue(name, inputClass)] as const];
		}),
	);
	return fieldOptions(type, [...values.keys()], (name) => values.get(name)!);
}

const links = (type: string) => Object.keys(navigationPropertiesOf(catalogue, type));

const linkOptions = (type: string) => fieldOptions(type, links(type));

/** A list from which nothing has to be chosen: n8n frames an empty value red that no option has. */
const optional = (
	none: string,
	options: readonly INodePropertyOptions[],
): INodePropertyOptions[] => [{ name: none, value: '' }, ...options];

/** Fields that come without `$expand`. */
const fields = (type: string): INodePropertyOptions[] => {
	const linked = links(type);
	return fieldOptions(
		type,
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
		getNavigationProperties: method(linkOptions),
		getEnumMembers: method((type, context) => members(type, neighbour(context, 'field'))),
		getLinkedFilterFields: method((type, context) =>
			optional('(Any)', comparable(linked(type, context))),
		),
		getLinkedSortFields: method((type, context) =>
			optional('(Any Order)', comparable(linked(type, context))),
		),
		getLinkedFields: method((type, context) => fields(linked(type, context))),
		getLinkedEnumMembers: method((type, context) =>
			members(linked(type, context), neighbour(context, 'field')),
		),
		getNestedNavigationProperties: method((type, context) =>
			optional('(None)', linkOptions(linked(type, context))),
		),
		getNestedFields: method((type, context) =>
			fields(behind(linked(type, context), neighbour(context, 'nested'))),
		),
	};
}
