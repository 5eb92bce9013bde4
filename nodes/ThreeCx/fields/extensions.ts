import type { INodeProperties } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import type { ItemRun } from '../../shared/router';
import type { Field } from '../resource';

/** Extensions are chosen from a list and named by their number, so that an expression can name them, too. */

const CHOOSE =
	'Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>';

/** A parameter that takes some of the PBX's extensions. */
export const extensionsParameter = (
	parameter: Pick<INodeProperties, 'displayName' | 'name'> & Partial<INodeProperties>,
): INodeProperties => ({
	type: 'multiOptions',
	typeOptions: { loadOptionsMethod: 'getExtensions' },
	default: [],
	description: CHOOSE,
	hint: 'In an expression, the IDs are the extension numbers, such as 101',
	...parameter,
});

/** A field that takes extensions by number, and that XAPI wants as `[{ Number }]`. */
export const extensionsField = (
	property: string,
	parameter: Pick<INodeProperties, 'displayName' | 'name' | 'hint'>,
): Field => ({
	property,
	prominent: true,
	toXapi: (numbers: unknown) => numbersIn(numbers).map((Number) => ({ Number })),
	parameter: extensionsParameter({
		...parameter,
		description: `Replaces all existing ones. ${CHOOSE}.`,
	}),
});

/** The numbers in a parameter's value: a list, one number, or text with commas; each once. */
export const numbersIn = (value: unknown): string[] => [
	...new Set(
		[value]
			.flat()
			.flatMap((entry) => String(entry ?? '').split(','))
			.map((number) => number.trim())
			.filter(Boolean),
	),
];

/**
 * The extensions that an {@link extensionsParameter} of an item names.
 *
 * @throws ThreeCxError of kind `input` when it names none
 */
export function extensionsOf({ context, index }: ItemRun, name: string): string[] {
	const numbers = numbersIn(context.getNodeParameter(name, index, []));
	if (numbers.length > 0) return numbers;
	throw new ThreeCxError({
		kind: 'input',
		field: name,
		message: 'No extension was chosen',
		hint: 'Choose at least one from the list, or enter extension numbers in an expression, separated by commas.',
	});
}
