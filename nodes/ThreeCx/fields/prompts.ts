import type { ILoadOptionsFunctions, INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { byName, rowsOf } from '../lists';
import type { Field, LoadOptionsMethod } from '../resource';

/** Announcements and music, which XAPI names by their files. */

/** The prompts of the PBX, by file. */
async function prompts(context: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const rows = await rowsOf(context, '/CustomPrompts', { select: ['Filename', 'DisplayName'] });
	return rows
		.map(({ Filename, DisplayName }) => ({
			name: String(DisplayName || Filename),
			value: String(Filename),
		}))
		.sort(byName);
}

/** Stands for no announcement where an empty value leaves it as it is. Files have a dot in their names. */
export const NO_PROMPT = 'none';

/** The dropdowns of them; any resource that has such a field names them in its `loadOptions`. */
export const promptLists: Record<string, LoadOptionsMethod> = {
	async getPrompts() {
		return [{ name: '(None)', value: '' }, ...(await prompts(this))];
	},

	/** The announcements before a destination. */
	async getRoutePrompts() {
		return [
			{ name: '(Unchanged)', value: '' },
			{ name: '(None)', value: NO_PROMPT },
			...(await prompts(this)),
		];
	},
};

/**
 * A field that takes the file of a prompt.
 *
 * @param property XAPI property, such as `IntroFile`
 * @param parameter its name and label, the label ending in "Name or ID"
 * @param when what callers hear, one sentence
 * @param flag a switch of XAPI without which the file is not played
 */
export const promptField = (
	property: string,
	parameter: Pick<INodeProperties, 'displayName' | 'name'>,
	when: string,
	flag?: string,
): Field => ({
	property,
	...(flag === undefined
		? {}
		: {
				spread: true,
				alsoWrites: [flag],
				toXapi: (file: string) => ({ [property]: file, [flag]: file !== '' }),
			}),
	parameter: {
		type: 'options',
		typeOptions: { loadOptionsMethod: 'getPrompts' },
		default: '',
		description: `${when}. Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.`,
		...parameter,
	},
});
