import type { INodePropertyOptions } from 'n8n-workflow';
import { titleCase } from '../../../lib/text';
import { catalogue, enumMembers } from '../../../lib/xapi/catalogue';

export { titleCase };

/** The members of an enum of the catalogue as dropdown options, in 3CX's order. */
export const enumOptions = (name: string, from = catalogue): INodePropertyOptions[] =>
	enumMembers(from, name).map((value) => ({ name: titleCase(value), value }));
