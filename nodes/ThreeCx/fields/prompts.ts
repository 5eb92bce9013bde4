import type { INodeProperties } from 'n8n-workflow';
import { byName, rowsOf } from '../lists';
import type { Field, LoadOptionsMethod } from '../resource';

/** Announcements and music, which XAPI names by their files. */

/** The dropdown of them; any resource that has such a field names it in its `loadOptions`. */
export const promptLists: Record<string, LoadOptionsMethod> = {
	async getPrompts() {
		const rows = await rowsOf(this, '/CustomPrompts', { select: ['Filename', 'DisplayName'] });
		return rows
			.map(({ Filename, DisplayName }) => ({
				name: String(DisplayName || Filename),
				value: String(Filename),
			}))
			.sort(byName);
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
