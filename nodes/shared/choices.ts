import {
	displayParameter,
	type IDataObject,
	type INode,
	type INodeParameters,
	type INodeProperties,
	type INodePropertyCollection,
	type INodePropertyOptions,
} from 'n8n-workflow';
import { ThreeCxError } from '../../lib/http/errors';
import type { ItemRun } from './router';

/*
 * Dropdowns that an expression fills in. n8n checks what is chosen from a list, not what an expression gives; and an AI
 * model is told the name of the field only, so it has to guess. A wrong guess is refused with all values that there are.
 */

/** A dropdown that holds an expression. */
interface Choice {
	/** Where it is among the parameters, as n8n names it: `filters.direction`. */
	path: string;
	property: INodeProperties;
}

/** Values that a message lists; the PBX has enums with hundreds. */
const MOST_LISTED = 40;

/** Characters of a wrong value that a message shows. */
const MOST_SHOWN = 60;

/** Parameters that are dropdowns, or may have one inside. */
const WITH_CHOICES = ['options', 'multiOptions', 'collection', 'fixedCollection'];

const isExpression = (raw: unknown): boolean => typeof raw === 'string' && raw.startsWith('=');

/** What the node itself lists; what a method lists is only known to the PBX. */
const fixedOptions = ({ options, typeOptions }: INodeProperties): INodePropertyOptions[] =>
	typeOptions?.loadOptionsMethod === undefined ? ((options ?? []) as INodePropertyOptions[]) : [];

/** The dropdowns below a parameter that hold an expression. */
function choicesIn(
	property: INodeProperties,
	raw: unknown,
	path: string,
	isShown: (property: INodeProperties, beside: IDataObject) => boolean,
): Choice[] {
	const { type, options = [] } = property;
	if (type === 'options' || type === 'multiOptions') {
		return isExpression(raw) && fixedOptions(property).length > 0 ? [{ path, property }] : [];
	}
	if (typeof raw !== 'object' || raw === null) return [];
	const below = (properties: readonly INodeProperties[], values: IDataObject, at: string) =>
		properties
			.filter(({ name }) => Object.hasOwn(values, name))
			.filter((each) => isShown(each, values))
			.flatMap((each) => choicesIn(each, values[each.name], `${at}.${each.name}`, isShown));
	if (type === 'collection') return below(options as INodeProperties[], raw as IDataObject, path);
	if (type !== 'fixedCollection') return [];
	return (options as INodePropertyCollection[]).flatMap(({ name, values }) => {
		const held = (raw as IDataObject)[name];
		const at = `${path}.${name}`;
		if (Array.isArray(held))
			return held.flatMap((row, index) =>
				below(values, row as IDataObject, `${at}[${String(index)}]`),
			);
		return held === undefined ? [] : below(values, held as IDataObject, at);
	});
}

/**
 * Looks once for the dropdowns of a node that hold expressions.
 *
 * @param node as the workflow has it, with its expressions
 * @param properties all parameters of its panel
 * @returns checks what they give for an item
 */
export function choicesOf(
	node: INode,
	properties: readonly INodeProperties[],
): (run: ItemRun) => void {
	const { parameters } = node;
	// Mostly there are none, and then no item is looked at.
	const holding = properties.filter(
		({ name, type }) => WITH_CHOICES.includes(type) && holdsExpression(parameters[name]),
	);
	if (holding.length === 0) return () => undefined;
	const byOperation = new Map<string, Choice[]>();
	const find = (chosen: INodeParameters): Choice[] => {
		const values = { ...parameters, ...chosen };
		return holding
			.filter(({ name }) => !(name in chosen))
			.filter((each) => displayParameter(values, each, node, null))
			.flatMap((each) =>
				choicesIn(each, parameters[each.name], each.name, (inner, beside) =>
					displayParameter(beside as INodeParameters, inner, node, null, values),
				),
			);
	};
	/** @throws ThreeCxError of kind `input` naming the first dropdown whose value is not in its list, and all that are */
	return ({ context, index }) => {
		const chosen = {
			resource: context.getNodeParameter('resource', index) as string,
			operation: context.getNodeParameter('operation', index) as string,
		};
		const key = JSON.stringify(chosen);
		if (!byOperation.has(key)) byOperation.set(key, find(chosen));
		for (const { path, property } of byOperation.get(key)!)
			assertListed(property, path, context.getNodeParameter(path, index));
	};
}

const holdsExpression = (raw: unknown): boolean =>
	typeof raw === 'object' && raw !== null
		? Object.values(raw).some(holdsExpression)
		: isExpression(raw);

function assertListed(property: INodeProperties, path: string, value: unknown): void {
	const listed = fixedOptions(property).map(({ value: each }) => String(each));
	const given = [value].flat().filter((each) => each !== undefined && each !== null && each !== '');
	const wrong = given.map(String).find((each) => !listed.includes(each));
	if (wrong === undefined) return;
	const rest = listed.length > MOST_LISTED ? ` and ${listed.length - MOST_LISTED} others` : '';
	throw new ThreeCxError({
		kind: 'input',
		field: path,
		message: `"${property.displayName}" has no choice "${wrong.slice(0, MOST_SHOWN)}"`,
		hint: `Use one of: ${listed.slice(0, MOST_LISTED).join(', ')}${rest}.`,
	});
}
